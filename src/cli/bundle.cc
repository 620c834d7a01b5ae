// `bundle inspect`: what a bundle says of itself, before anybody has verified it.
#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/trust_options.h"
#include "seal/bundle.h"
#include "seal/evidence.h"

namespace boltseal {
namespace {

struct InspectCommand {
  std::string file;

  int run() const {
    const auto text = read_file(file, max_bundle);
    if (!text) return complain(text.error());
    const auto bundle =
        text->contains("\"base64Signature\"") ? parse_cosign_bundle(*text) : parse_bundle(*text);
    if (!bundle) return refused(bundle.error());
    JsonWriter json;
    write_bundle_summary(json, *bundle);
    const std::string out = json.take();
    std::fwrite(out.data(), 1, out.size(), stdout);
    return Exit::clean;
  }
};

}  // namespace

void add_bundle(Command& program, int& exit) {
  auto* bundle =
      program.add_subcommand("bundle", "Look into Sigstore bundles")->require_subcommand(1);
  auto* command =
      bundle->add_subcommand("inspect", "Print what a bundle says, as JSON; nothing is verified");
  const auto state = std::make_shared<InspectCommand>();
  command->add_option("FILE", state->file, "A Sigstore bundle, or cosign's old one")->required();
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
