// `sign`: a signature for an image, stored beside it.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/notation.h"
#include "cli/options.h"
#include "cli/store_options.h"

namespace boltseal {
namespace {

struct SignCommand {
  std::vector<std::string> references, annotations;
  std::string platform, identity;
  bool recursive = false, upload = true;
  StoreFlags store;
  SignFlags how;
  NotationSignFlags notation;

  Result<> sign(const std::string& reference, const BundleMaker& maker, SignImageOptions options,
                int& exit) const {
    TRY(const auto opened, open_reference(reference, store, "pull,push"));
    auto images = resolve_subjects(*opened.images, opened.reference, platform, recursive);
    if (!images) {
      exit = images.error().fault == Fault::not_found ? seal_no_image : seal_error;
      return std::unexpected(images.error());
    }
    if (!reference.contains('@') && !opened.reference.empty())
      std::fputs(fmt::format("WARNING: {} names an image by a tag, which may move; what is signed "
                             "is {}\n",
                             printable(reference), images->front().digest)
                     .c_str(),
                 stderr);
    if (is_notation_format(how.format))
      return sign_by_notation(opened.signatures(), *images, maker.signer(), how.format, notation,
                              options.annotations);
    options.maker = &maker;
    options.reference = identity.empty() ? opened.images->name() : identity;
    for (const StoredManifest& image : *images) {
      std::fputs(fmt::format("Pushing signature to: {}\n", opened.signatures().name()).c_str(),
                 stderr);
      TRY_DO(sign_image(opened.signatures(), image, maker.signer(), options));
    }
    return {};
  }

  // notation's envelopes hold a certificate of their own and a timestamp, and nothing else.
  Result<SignFlags> flags_of_format() {
    if (!is_notation_format(how.format)) return how;
    SignFlags out = how;
    notation.timestamp_url = std::exchange(out.services.timestamp_url, {});
    if (names_services(out.services))
      return fail(Fault::unsupported, std::string(notation_services));
    return out;
  }

  int run() {
    SignImageOptions options;
    const auto formats = attach_formats(how);
    if (!formats) return seal_complain(formats.error()), Exit::usage;
    options.formats = *formats;
    auto signed_along = read_annotations(annotations);
    if (!signed_along) return seal_complain(signed_along.error()), Exit::usage;
    options.annotations = std::move(*signed_along);
    options.created = rfc3339(writing_time());
    const auto flags = flags_of_format();
    if (!flags) return seal_complain(flags.error()), Exit::usage;
    const auto maker = maker_of(*flags, store);
    if (!maker) return seal_complain(maker.error());
    for (const std::string& reference : references) {
      int exit = seal_error;
      if (const auto done = sign(reference, *maker, options, exit); !done)
        return seal_complain(done.error().message(), exit);
    }
    return seal_good;
  }
};

}  // namespace

void add_sign(Command& program, int& exit) {
  auto* command = program.add_subcommand("sign", "Sign an image in a registry or an OCI layout");
  const auto state = std::make_shared<SignCommand>();
  command
      ->add_option("REF", state->references,
                   "Image by digest (or tag), or oci:DIR[:tag]; several are signed one by one")
      ->required();
  add_sign_options(*command, state->how, true);
  add_notation_sign_options(*command, state->notation);
  command->add_option("-a,--annotations", state->annotations, "key=value to sign along")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_flag("-r,--recursive", state->recursive,
                    "Of an index of platforms sign every image too");
  command->add_option("--platform", state->platform, "Sign this image of an index only")
      ->type_name("OS/ARCH");
  command
      ->add_option("--sign-container-identity", state->identity,
                   "Name of the image in the signature (default: its repository)")
      ->type_name("NAME");
  add_store_options(*command, state->store);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
