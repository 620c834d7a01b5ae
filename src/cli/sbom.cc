#include <fmt/format.h>

#include <memory>

#include "base/time.h"
#include "cli/attest_report.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace boltseal {
namespace {

struct SbomCommand {
  std::string reference;
  CommonOptions common;
  AttestReportFlags attest;

  int run() const {
    const auto outputs = report_outputs(common, false);
    if (!outputs) return complain_of_call(outputs.error());
    const std::string started = rfc3339(writing_time());
    const auto report = run_scan(reference, common, nullptr, false);
    if (!report) return complain(report.error());
    if (attest.attest) {
      const auto done = attest_report(*report, reference, false, outputs->front().format, started,
                                      common, attest);
      if (!done) return complain(done.error());
    }
    if (const auto written = write_outputs(*report, *outputs, common, false); !written)
      return complain(written.error());
    return Exit::clean;
  }
};

}  // namespace

void add_sbom(Command& program, int& exit) {
  auto* command = program.add_subcommand(
      "sbom", "List what is in an image: CycloneDX, SPDX, purls, JSON or a table");
  const auto state = std::make_shared<SbomCommand>();
  command
      ->add_option("REF", state->reference,
                   "Image, archive, folder or SBOM; see the manual, \"References\"")
      ->required();
  add_common_options(*command, state->common,
                     fmt::format("{}", fmt::join(report_names(false), ", ")));
  add_attest_report_options(*command, state->attest);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
