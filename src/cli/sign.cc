// `sign`: a signature for an image, stored beside it.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/notation.h"
#include "cli/options.h"
#include "cli/signature_files.h"
#include "cli/store_options.h"
#include "seal/simple_signing.h"

namespace boltseal {
namespace {

struct SignCommand {
  std::vector<std::string> references, annotations;
  std::string identity, payload;
  SubjectChoice choice;
  SignatureFiles files;
  StoreFlags store;
  SignFlags how;
  NotationSignFlags notation;

  Result<> sign(const std::string& reference, const BundleMaker& maker, SignImageOptions options,
                int& exit) const {
    TRY(const auto subjects, open_subjects(reference, store, choice, exit));
    const auto& opened = subjects.opened;
    if (!reference.contains('@') && opened && !opened->reference.empty())
      std::fputs(fmt::format("WARNING: {} names an image by a tag, which may move; what is signed "
                             "is {}\n",
                             printable(reference), subjects.images.front().digest)
                     .c_str(),
                 stderr);
    if (is_notation_format(how.format))
      return sign_by_notation(opened->signatures(), subjects.images, maker.signer(), how.format,
                              notation, options.annotations);
    options.maker = &maker;
    options.reference = identity.empty() ? subjects.name : identity;
    for (const StoredManifest& image : subjects.images) {
      TRY(const auto made, make_signature(image.digest, maker.signer(), options));
      TRY_DO(write_signature_files(
          files, file_suffix(image.digest, choice.recursive || references.size() > 1), made,
          maker.signer().public_key()));
      if (!choice.upload) continue;
      std::fputs(fmt::format("Pushing signature to: {}\n", opened->signatures().name()).c_str(),
                 stderr);
      TRY_DO(attach_made(opened->signatures(), image, made, false, options.created));
    }
    return {};
  }

  // What stands against where the signature is to go.
  Result<> check_call(const AttachFormats& formats) const {
    if (is_notation_format(how.format)) {
      if (choice.upload && !files.any() && payload.empty()) return {};
      return fail(Fault::unsupported,
                  "a signature of notation is attached: --upload=false, --payload and output files "
                  "are for cosign's forms");
    }
    if (!choice.upload && !files.any())
      return fail(Fault::unsupported,
                  "with --upload=false, say where the signature goes: --bundle FILE, or "
                  "--output-signature FILE with --format legacy");
    if (!payload.empty() && (formats.bundle || !annotations.empty() || !identity.empty()))
      return fail(Fault::unsupported,
                  "--payload is signed as it is: with --format legacy, without -a and "
                  "--sign-container-identity");
    return check_signature_files(files, formats, how.services.timestamp_url);
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
    if (const auto good = check_call(*formats); !good)
      return seal_complain(good.error()), Exit::usage;
    auto signed_along = read_annotations(annotations);
    if (!signed_along) return seal_complain(signed_along.error()), Exit::usage;
    options.annotations = std::move(*signed_along);
    options.created = rfc3339(writing_time());
    if (!payload.empty()) {
      auto read = read_file(payload, max_simple_signing);
      if (!read) return seal_complain(read.error());
      options.payload = std::move(*read);
    }
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
  command->add_flag("-r,--recursive", state->choice.recursive,
                    "Of an index of platforms sign every image too");
  command->add_option("--platform", state->choice.platform, "Sign this image of an index only")
      ->type_name("OS/ARCH");
  command->add_flag("--upload,!--no-upload", state->choice.upload,
                    "=false: attach nothing, only write the files that are named; of an image by "
                    "digest nobody is asked then");
  add_signature_files(*command, state->files, true);
  command
      ->add_option("--payload", state->payload,
                   "With --format legacy: sign this payload, which must be about the image")
      ->type_name("FILE");
  command
      ->add_option("--sign-container-identity", state->identity,
                   "Name of the image in the signature (default: its repository)")
      ->type_name("NAME");
  add_store_options(*command, state->store);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
