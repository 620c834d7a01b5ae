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
#include "seal/notation_blob.h"

namespace boltseal {
namespace {

// Neither kind of bundle has these members at its top, and neither is anything but JSON.
constexpr std::string_view cose_sign1_tag = "\xd2";
bool is_notation_envelope(std::string_view text) {
  if (text.starts_with(cose_sign1_tag)) return true;
  const auto document = parse_json(text);
  return document && (*document)["protected"] && (*document)["payload"];
}

int inspect_notation(const std::string& envelope) {
  JsonWriter json;
  if (const auto good = write_notation_summary(json, envelope); !good)
    return refused(Refusal{"unreadable", "envelope", {}, {}, good.error().message()});
  const std::string out = json.take();
  std::fwrite(out.data(), 1, out.size(), stdout);
  return Exit::clean;
}

struct InspectCommand {
  std::string file;

  int run() const {
    const auto text = read_file(file, max_bundle);
    if (!text) return complain(text.error());
    if (is_notation_envelope(*text)) return inspect_notation(*text);
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
      program.add_subcommand("bundle", "Look into Sigstore bundles and signatures of notation")
          ->require_subcommand(1);
  auto* command =
      bundle->add_subcommand("inspect", "Print what a bundle says, as JSON; nothing is verified");
  const auto state = std::make_shared<InspectCommand>();
  command
      ->add_option("FILE", state->file,
                   "A Sigstore bundle, cosign's old one, or a signature of notation")
      ->required();
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
