#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/log.h"
#include "base/time.h"
#include "cli/attest_report.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "custody/content_file.h"
#include "match/fail_on.h"

namespace boltseal {
namespace {

struct ScanCommand {
  std::string reference;
  CommonOptions common;
  MatchingOptions matching;
  std::string fail_on = "none";
  AttestReportFlags attest;
  std::string content_manifest;

  int run() const {
    const auto limit = parse_fail_on(fail_on);
    if (!limit) return complain(limit.error()), Exit::usage;
    if (matching.licence_policy.empty() &&
        std::ranges::any_of(limit->alternatives, &FailCondition::licence))
      return complain({Fault::unsupported,
                       "without --licence-policy no licence is denied",
                       "--fail-on licence",
                       {}}),
             Exit::usage;
    const auto outputs = report_outputs(common, true);
    if (!outputs) return complain_of_call(outputs.error());
    const std::string started = rfc3339(writing_time());
    ContentManifest content;
    const auto report = run_scan(reference, common, &matching, shows_proofs(*outputs),
                                 content_manifest.empty() ? nullptr : &content);
    if (!report) return complain(report.error());
    if (!content_manifest.empty()) {
      const std::string text = write_manifest(content, ContentTree(content));
      if (const auto written = write_output({"json", content_manifest}, text); !written)
        return complain(written.error());
    }
    if (attest.attest) {
      const auto done = attest_report(*report, reference, true, {}, started, common, attest);
      if (!done) return complain(done.error());
    }
    if (const auto written = write_outputs(*report, *outputs, common, true); !written)
      return complain(written.error());
    const int code = fails(*limit, *report) ? Exit::findings : Exit::clean;
    // A report is a million small strings; taking them apart one by one to end takes a tenth of a
    // warm scan. Everything is written, so the process may just stop.
    std::fflush(nullptr);
    std::_Exit(code);
  }
};

}  // namespace

void add_scan(Command& program, int& exit) {
  auto* command =
      program.add_subcommand("scan", "Find out what is in an image and what is wrong with it");
  const auto state = std::make_shared<ScanCommand>();
  command
      ->add_option("REF", state->reference,
                   "Image, archive, folder or SBOM; see the manual, \"References\"")
      ->required();
  command
      ->add_option(
          "--fail-on", state->fail_on,
          "Exit with 1 when a finding is: a severity or worse, unknown, kev, fixable, undecided, "
          "uncovered, eol, licence, any, none; "
          "a,b: either; a+b: both at once")
      ->capture_default_str()
      ->type_name("WHAT");
  command
      ->add_option("--content-manifest", state->content_manifest,
                   "Also write what `seal REF -o json=FILE` writes, from the same pass")
      ->type_name("FILE");
  add_common_options(*command, state->common,
                     fmt::format("{}", fmt::join(report_names(true), ", ")));
  add_matching_options(*command, state->matching);
  add_attest_report_options(*command, state->attest);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
