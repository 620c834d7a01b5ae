// `attest`: something said about an image, signed and stored beside it.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/time.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/signature_files.h"
#include "cli/store_options.h"
#include "seal/dsse.h"
#include "seal/predicate.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

struct AttestCommand {
  std::vector<std::string> references;
  std::string predicate, statement, type = "custom";
  bool replace = false;
  SubjectChoice choice;
  SignatureFiles files;
  StoreFlags store;
  SignFlags how;

  // The statement about one image.
  Result<std::string> statement_for(const StoredManifest& image, const std::string& name,
                                    const std::string& type_uri, const std::string& given) const {
    if (!statement.empty()) {
      TRY(const Statement parsed, parse_statement(given));
      TRY_DO(check_predicate_of(parsed));
      return given;
    }
    TRY(const auto made, make_predicate(type_uri, given, rfc3339(writing_time())));
    return statement_about(image.digest, name, type_uri, made);
  }
  static Result<> check_predicate_of(const Statement& parsed) {
    return check_predicate(parsed.predicate_type, parsed.predicate());
  }

  Result<> attest(const std::string& reference, const BundleMaker& maker,
                  const std::string& type_uri, const std::string& given, AttestImageOptions options,
                  int& exit) const {
    options.maker = &maker;
    TRY(const auto subjects, open_subjects(reference, store, choice, exit));
    for (const StoredManifest& image : subjects.images) {
      TRY(const auto said, statement_for(image, subjects.name, type_uri, given));
      TRY(const auto made, make_attestation(image.digest, maker.signer(), said, options));
      TRY_DO(write_signature_files(
          files, file_suffix(image.digest, choice.recursive || references.size() > 1), made,
          maker.signer().public_key()));
      if (choice.upload)
        TRY_DO(attach_made(subjects.opened->signatures(), image, made, replace, options.created));
      else if (!files.any())
        TRY_DO(
            write_output({}, (made.entry ? made.entry->bytes : write_bundle(*made.bundle)) + "\n"));
    }
    return {};
  }

  Result<> check_call(const AttachFormats& formats) const {
    if (predicate.empty() == statement.empty())
      return fail(Fault::unsupported, "give one of --predicate and --statement");
    if (choice.upload || files.any()) return {};
    if (formats.legacy && formats.bundle)
      return fail(Fault::unsupported, "standard output takes one form: not --format both");
    if (formats.legacy && names_services(how.services))
      return fail(Fault::unsupported,
                  "an envelope has no place for what services say: add --bundle FILE");
    return {};
  }

  int run() const {
    AttestImageOptions options;
    const auto formats = attach_formats(how);
    if (!formats) return seal_complain(formats.error()), Exit::usage;
    options.formats = *formats;
    options.replace = replace;
    options.created = rfc3339(writing_time());
    if (const auto good = check_call(*formats); !good)
      return seal_complain(good.error().message(), Exit::usage);
    const auto type_uri = predicate_type_of(type);
    if (!type_uri) return seal_complain(type_uri.error()), Exit::usage;
    const std::string& file = predicate.empty() ? statement : predicate;
    const auto given = read_input(file, max_envelope);
    if (!given) return seal_complain(given.error());
    const auto maker = maker_of(how, store);
    if (!maker) return seal_complain(maker.error());
    for (const std::string& reference : references) {
      int exit = seal_error;
      if (const auto done = attest(reference, *maker, *type_uri, *given, options, exit); !done)
        return seal_complain(done.error().message(), exit);
    }
    return seal_good;
  }
};

}  // namespace

void add_attest(Command& program, int& exit) {
  auto* command =
      program.add_subcommand("attest", "Attach a signed statement about an image to it");
  const auto state = std::make_shared<AttestCommand>();
  command->add_option("REF", state->references, "Image by digest (or tag), or oci:DIR[:tag]")
      ->required();
  add_sign_options(*command, state->how);
  command
      ->add_option("--predicate", state->predicate,
                   "What is said: a file of the type's form; - is standard input")
      ->type_name("FILE");
  command->add_option("--statement", state->statement, "A whole in-toto statement instead")
      ->type_name("FILE");
  command
      ->add_option("--type", state->type,
                   fmt::format("{} or a URI", fmt::join(predicate_names(), ", ")))
      ->capture_default_str()
      ->type_name("TYPE");
  command->add_flag("--replace", state->replace,
                    "Take away what was attested with this type before");
  command->add_flag("-r,--recursive", state->choice.recursive,
                    "Of an index attest to every image too");
  command->add_option("--platform", state->choice.platform, "Attest to this image of an index only")
      ->type_name("OS/ARCH");
  command->add_flag("--upload,!--no-upload", state->choice.upload,
                    "=false: attach nothing; to standard output, or to --bundle FILE");
  add_signature_files(*command, state->files, false);
  add_store_options(*command, state->store);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
