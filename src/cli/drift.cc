// `drift` compares sealed content with what is there now: an image, a folder, the root of a process
// or container, the upper folder of an overlay.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/drift_watch.h"
#include "cli/found.h"
#include "cli/options.h"
#include "cli/sealed.h"
#include "cli/signing.h"
#include "custody/attested.h"
#include "custody/drift_report.h"
#include "custody/processes.h"
#include "files/glob.h"

namespace boltseal {
namespace {

constexpr std::uint64_t allow_file_limit = 16 << 20;

constexpr std::array<std::string_view, 3> drift_formats = {"table", "json", "attestation"};

struct DriftCommand {
  SealSource seal;
  FoundOptions from;
  std::string target;
  std::vector<std::string> allow, allow_files, amendments, amend_keys;
  std::size_t amend_require = 1;
  bool no_default_allow = false, watch = false;
  SigningOptions signing;
  CommonOptions common;

  Result<AllowList> allow_list() const {
    AllowList out;
    if (!no_default_allow) out = runtime_allow_list();
    for (const auto& pattern : allow) out.rules.push_back(allow_rule(pattern));
    for (const auto& file : allow_files) {
      TRY(const auto text, read_file(file, allow_file_limit));
      TRY(auto more, read_allow_list(text, file));
      std::ranges::move(more.rules, std::back_inserter(out.rules));
    }
    return out;
  }

  // Changes that were approved: by the keys of amendments, else by those of the seal.
  Result<> apply_amendments(const ReadManifest& sealed, DriftReport& report) const {
    if (amendments.empty()) return {};
    TRY(const auto keys, open_public_keys(amend_keys.empty() ? seal.keys : amend_keys));
    if (keys.empty())
      return fail(Fault::unsupported, "an amendment wants --amend-key: who may approve?",
                  amendments.front());
    for (const auto& file : amendments) {
      TRY(const auto text, read_file(file, max_envelope));
      const auto approved = verify_amendments(text, keys, amend_require);
      if (!approved) return std::unexpected(refused(approved.error(), file));
      if (const auto done = apply(*approved, sealed, report); !done)
        return std::unexpected(refused(done.error(), file));
    }
    return {};
  }

  Result<DriftReport> look(const DriftTarget& root, const ReadManifest& sealed,
                           const AllowList& rules, const std::vector<std::string>& scopes) const {
    DriftReport report;
    report.target = target;
    if (!root.notice.empty()) report.notices.push_back(root.notice);
    // An upper folder is small, and says what is hidden elsewhere: always looked at as a whole.
    const bool whole = root.kind == DriftTarget::Kind::overlay;
    const std::vector<std::string> parts = whole ? std::vector<std::string>{} : scopes;
    TRY(auto found, found_files(root, target, sealed, from, common, report, parts));
    const std::vector<FoundMount> mounts = found.mounts;
    compare(sealed, std::move(found), report, parts);
    name_mounts(root.pid, mounts, report.mounts);
    if (root.pid) {
      const auto processes = processes_with_root_of(root.pid);
      find_deleted(processes, sealed, report);
      find_mounted(processes, root.root.get(), sealed, report);
    }
    TRY_DO(still_there(root));
    const PathFilter left_out(common.exclude);
    std::erase_if(report.findings,
                  [&](const DriftFinding& finding) { return left_out.covers(finding.path); });
    for (const auto& pattern : common.exclude) report.notices.push_back("not compared: " + pattern);
    apply(rules, sealed, report);
    TRY_DO(apply_amendments(sealed, report));
    return report;
  }

  Result<std::string> written(const std::string& format, const DriftReport& report,
                              const ReadManifest& sealed, const AllowList& rules) const {
    if (format == "table") return drift_table(report, sealed, rules);
    if (format == "json") return drift_json(report, sealed, rules);
    return signed_statement(content_subjects(sealed), drift_report_type,
                            drift_json(report, sealed, rules), signing);
  }

  int run() const {
    const auto outputs = read_outputs(common.outputs, "table", drift_formats);
    if (!outputs) return complain_of_call(outputs.error());
    const bool attests =
        std::ranges::find(*outputs, "attestation", &Output::format) != outputs->end();
    if (attests != !signing.keys.empty()) {
      std::fputs("boltseal: --sign-key and -o attestation=FILE go together\n", stderr);
      return Exit::usage;
    }
    const auto rules = allow_list();
    if (!rules) return complain(rules.error());
    const auto sealed = trusted_content(seal, common);
    if (!sealed) return complain_of_call(sealed.error());
    const auto root = open_target(target, from.runtime_roots);
    if (!root) return complain_of_call(root.error());
    const auto look_at = [&](const std::vector<std::string>& scopes) {
      return look(*root, *sealed, *rules, scopes);
    };
    if (watch) {
      if (root->kind == DriftTarget::Kind::image || attests || outputs->size() > 1 ||
          !outputs->front().file.empty()) {
        std::fputs(
            "boltseal: --watch wants something that runs or a folder, and writes to standard "
            "output\n",
            stderr);
        return Exit::usage;
      }
      return watch_drift({*sealed, *root, look_at, outputs->front().format == "json"});
    }
    const auto report = look_at({});
    if (!report) return complain_of_call(report.error());
    for (const Output& output : *outputs) {
      const auto text = written(output.format, *report, *sealed, *rules);
      if (!text) return complain(text.error());
      if (const auto done = write_output(output, *text); !done) return complain(done.error());
    }
    const int code = !report->findings.empty() ? Exit::findings
                     : report->incomplete()    ? Exit::could_not
                                               : Exit::clean;
    // As in scan.cc: taking a hundred thousand records apart takes longer than looking at them.
    std::fflush(nullptr);
    std::_Exit(code);
  }
};

}  // namespace

void add_drift(Command& program, int& exit) {
  auto* command =
      program.add_subcommand("drift", "What has become of a sealed image in a running container");
  const auto state = std::make_shared<DriftCommand>();
  command
      ->add_option("TARGET", state->target,
                   "container:ID, pid:N, dir:PATH, overlay:UPPERDIR, or another image")
      ->required();
  add_seal_source(*command, state->seal);
  command
      ->add_option("--allow", state->allow,
                   "Changes of these paths are expected, but for new programs and set-id files; "
                   "may be given more than once")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command->add_option("--allow-file", state->allow_files, "The same from a YAML file")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_flag("--no-default-allow", state->no_default_allow,
                    "Expect nothing of what runtimes change in every container");
  command
      ->add_option("--amendment", state->amendments,
                   "Approved changes that `seal amend` wrote; may be given more than once")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--amend-key", state->amend_keys,
                   "Public key that may approve changes (default: those of --key)")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command
      ->add_option("--amend-require", state->amend_require, "How many of them must have approved")
      ->type_name("N")
      ->check(between(1, 64))
      ->capture_default_str();
  command->add_flag("--watch", state->watch,
                    "Report what happens from now on, one line each, until the target ends");
  add_found_options(*command, state->from);
  add_signing_options(*command, state->signing, "--sign-key");
  add_common_options(*command, state->common, "table, json, attestation (with --sign-key)");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
