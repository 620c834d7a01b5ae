// `seal amend` approves changes of a sealed image: what the named paths are from now on is taken
// from where the change was made, and signed by those who may.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/found.h"
#include "cli/options.h"
#include "cli/sealed.h"
#include "cli/signing.h"
#include "custody/attested.h"

namespace boltseal {
namespace {

constexpr std::array<std::string_view, 1> amend_formats = {"attestation"};

struct AmendCommand {
  SealSource source;
  FoundOptions from;
  std::vector<std::string> paths;
  std::string target, reason, more_of;
  SigningOptions signing;
  CommonOptions common;

  // What differs at or below the named paths, as it is in the target.
  Result<Amendments> changes(const ReadManifest& sealed) const {
    DriftReport report;
    TRY(auto target_root, open_target(target, from.runtime_roots));
    TRY(auto found, found_files(target_root, target, sealed, from, common, report));
    TRY_DO(still_there(target_root));
    compare(sealed, std::move(found), report);
    if (report.incomplete())
      return fail(Fault::io, "some files could not be read: nothing is approved blindly",
                  report.unreadable.front().path);
    Amendments out{sealed.tree.root(), reason, {}};
    std::set<std::string> used;
    for (DriftFinding& finding : report.findings) {
      const auto named = std::ranges::find_if(paths, [&](const std::string& path) {
        const std::string wanted = image_path(path);
        return finding.path == wanted || finding.path.starts_with(wanted + '/');
      });
      if (named == paths.end()) continue;
      used.insert(*named);
      if (finding.found && finding.found->type == FileType::file && finding.found->sha256.empty())
        return fail(Fault::unsupported,
                    "changes while it is read, or is too large to be read: what cannot be told "
                    "cannot be approved",
                    '/' + finding.path);
      if (finding.kind == DriftKind::hidden)
        return fail(Fault::unsupported,
                    "something is mounted over it: what is below cannot be seen, nor approved",
                    '/' + finding.path);
      out.changes.push_back({finding.path, std::move(finding.found)});
    }
    for (const auto& path : paths)
      if (!used.contains(path))
        return fail(Fault::not_found, "nothing differs from the seal here", path);
    std::ranges::sort(out.changes, {}, &Amendment::path);
    return out;
  }

  Result<std::string> envelope() const {
    if (!more_of.empty()) {
      TRY(const auto text, read_file(more_of, max_envelope));
      return cosigned(text, signing);
    }
    TRY(const auto sealed, trusted_content(source, common));
    TRY(const auto approved, changes(sealed));
    for (const Amendment& change : approved.changes)
      std::fputs(fmt::format("{} /{}\n", change.record ? "approved" : "approved removal of",
                             printable(change.path))
                     .c_str(),
                 stderr);
    return signed_statement(content_subjects(sealed), amendment_type, amendment_predicate(approved),
                            signing);
  }

  int run() const {
    const bool whole = !source.seal.empty() && !target.empty() && !reason.empty() && !paths.empty();
    if (signing.keys.empty() || (more_of.empty() ? !whole : !paths.empty())) {
      std::fputs(
          "boltseal: seal amend PATH… --seal SEAL --from TARGET --reason TEXT --sign-key KEY, or "
          "--co-sign FILE --sign-key KEY\n",
          stderr);
      return Exit::usage;
    }
    const auto outputs = read_outputs(common.outputs, "attestation", amend_formats);
    if (!outputs) return complain_of_call(outputs.error());
    const auto text = envelope();
    if (!text) return complain(text.error());
    for (const Output& output : *outputs)
      if (const auto done = write_output(output, *text); !done) return complain(done.error());
    return Exit::clean;
  }
};

}  // namespace

void add_amend(Command& seal, int& exit) {
  auto* command =
      seal.add_subcommand("amend", "Approve changes of a sealed image, signed by those who may");
  const auto state = std::make_shared<AmendCommand>();
  command->add_option("PATH", state->paths,
                      "Files that may differ, or folders with all below them");
  add_seal_source(*command, state->source);
  command->get_option("--seal")->required(false);
  command
      ->add_option("--from", state->target,
                   "Where the change was made: dir:, container:, pid:, overlay: or an image")
      ->type_name("TARGET");
  command->add_option("--reason", state->reason, "Why, for those who read the amendment")
      ->type_name("TEXT");
  command->add_option("--co-sign", state->more_of, "Add signatures to this amendment instead")
      ->type_name("FILE");
  add_found_options(*command, state->from);
  add_signing_options(*command, state->signing, "--sign-key");
  add_common_options(*command, state->common, "attestation");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
