#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/options.h"

namespace boltseal {
namespace {

struct SbomCommand {
  std::string reference;
  CommonOptions common;

  int run() const {
    const auto outputs = report_outputs(common, false);
    if (!outputs) return complain_of_call(outputs.error());
    const auto report = run_scan(reference, common, nullptr, false);
    if (!report) return complain(report.error());
    if (const auto written = write_outputs(*report, *outputs, false); !written)
      return complain(written.error());
    return Exit::clean;
  }
};

}  // namespace

void add_sbom(CLI::App& program, int& exit) {
  auto* command = program.add_subcommand(
      "sbom", "List what is in an image: CycloneDX, SPDX, purls, JSON or a table");
  const auto state = std::make_shared<SbomCommand>();
  command
      ->add_option("REF", state->reference,
                   "Image, archive, folder or SBOM; see the manual, \"References\"")
      ->required();
  add_common_options(*command, state->common,
                     fmt::format("{}", fmt::join(report_names(false), ", ")));
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
