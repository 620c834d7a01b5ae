// `attach`: brings to an image what was signed without its registry, by `sign --upload=false` here
// or by cosign. It is attached as it is: that it is about the image is checked, who signed is not.
#include <fmt/format.h>

#include <array>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/store_options.h"
#include "codec/base64.h"
#include "seal/bundle.h"
#include "seal/dsse.h"
#include "seal/image_sign.h"
#include "seal/predicate.h"
#include "seal/simple_signing.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

template <class T>
Result<T> or_error(Checked<T> checked, const std::string& where) {
  if (!checked) return fail(Fault::corrupt, checked.error().message(), where);
  return *std::move(checked);
}

// Which of the forms the bytes are.
enum class Form : std::uint8_t { bundle, cosign_bundle, other };
Form form_of(std::string_view bytes) {
  const auto document = parse_json(bytes);
  if (!document) return Form::other;
  if (document->root()["mediaType"] && document->root()["verificationMaterial"])
    return Form::bundle;
  return document->root()["base64Signature"] ? Form::cosign_bundle : Form::other;
}

Result<std::string> predicate_of(const DsseEnvelope& envelope, const std::string& digest) {
  if (envelope.payload_type != in_toto_payload || envelope.signatures.empty())
    return fail(Fault::corrupt, "not a signed in-toto statement");
  TRY(const Statement statement, parse_statement(envelope.payload));
  const auto subject = subject_of(statement, digest);
  if (!subject) return fail(Fault::corrupt, subject.error().message(), digest);
  return statement.predicate_type;
}

Result<MadeAttachment> bundle_attachment(std::string_view bytes, const std::string& digest,
                                         bool attestation, const std::string& where) {
  MadeAttachment out;
  out.attestation = attestation;
  TRY(out.bundle, or_error(parse_bundle(bytes), where));
  if (!out.bundle->envelope)
    return fail(Fault::unsupported, "a bundle of a file; an image's holds a statement", where);
  TRY(out.predicate_type, predicate_of(*out.bundle->envelope, digest));
  if (attestation != (out.predicate_type != cosign_sign_predicate))
    return fail(Fault::unsupported,
                attestation ? "this is a signature: boltseal attach signature"
                            : "this is an attestation: boltseal attach attestation",
                where);
  return out;
}

struct AttachCommand {
  std::string reference, platform;
  std::string payload, signature, certificate, chain, rekor_response, timestamp, bundle;
  std::vector<std::string> attestations;
  StoreFlags store;

  Result<MadeAttachment> listed_signature(const std::string& name, const std::string& digest) const;
  Result<MadeAttachment> signature_for(const std::string& name, const std::string& digest) const;
  static Result<std::vector<MadeAttachment>> attestations_in(const std::string& file,
                                                             const std::string& digest);
  Result<std::vector<MadeAttachment>> all(bool attested, const std::string& name,
                                          const std::string& digest) const;
  Result<> attach(bool attested, int& exit) const;
  int run(bool attested) const;
};

// In the older form, with all that came along.
Result<MadeAttachment> AttachCommand::listed_signature(const std::string& name,
                                                       const std::string& digest) const {
  std::string signed_bytes = write_simple_signing(name, digest, {});
  if (!payload.empty()) {
    TRY(signed_bytes, read_file(payload, max_simple_signing));
  }
  TRY(const auto parsed, parse_simple_signing(signed_bytes));
  if (parsed.digest != digest)
    return fail(Fault::corrupt, "the payload is about another image, " + parsed.digest, digest);
  Bundle material;
  if (!rekor_response.empty()) {
    TRY(const auto text, read_file(rekor_response, max_envelope));
    TRY(material, or_error(parse_cosign_bundle(text), rekor_response));
  }
  if (!signature.empty()) {
    TRY(const auto text, read_input(signature, max_simple_signing));
    const auto raw = unbase64(trim(text));
    if (!raw)
      return fail(Fault::corrupt, "not a signature in base64: " + raw.error().what, signature);
    material.message = MessageSignature{{}, {}, *raw};
  }
  if (!material.message || material.message->signature.empty())
    return fail(Fault::unsupported, "there is no signature: give --signature FILE");
  std::vector<Certificate> issuers;
  if (!certificate.empty()) {
    TRY(const auto text, read_file(certificate, max_simple_signing));
    TRY(material.certificates, Certificate::all_from_file(text));
  }
  if (!chain.empty()) {
    TRY(const auto text, read_file(chain, max_simple_signing));
    TRY(issuers, Certificate::all_from_file(text));
  }
  if (!timestamp.empty()) {
    TRY(auto stamp, read_file(timestamp, max_simple_signing));
    material.timestamps = {std::move(stamp)};
  }
  MadeAttachment out;
  out.predicate_type = cosign_sign_predicate;
  TRY(out.entry, signature_entry(signed_bytes, std::move(material), issuers));
  return out;
}

Result<MadeAttachment> AttachCommand::signature_for(const std::string& name,
                                                    const std::string& digest) const {
  const std::string& file = bundle.empty() ? payload : bundle;
  if (!file.empty()) {
    TRY(const auto bytes, read_file(file, max_envelope));
    if (!bundle.empty() || form_of(bytes) == Form::bundle)
      return bundle_attachment(bytes, digest, false, file);
  }
  return listed_signature(name, digest);
}

// A bundle, what cosign calls one in the older form, or envelopes, one a line.
Result<std::vector<MadeAttachment>> AttachCommand::attestations_in(const std::string& file,
                                                                   const std::string& digest) {
  TRY(const auto bytes, read_input(file, max_envelope));
  std::vector<MadeAttachment> out;
  const Form form = form_of(bytes);
  if (form == Form::bundle) {
    TRY(auto made, bundle_attachment(bytes, digest, true, file));
    out.push_back(std::move(made));
    return out;
  }
  const auto add = [&](std::string_view envelope, Bundle material) -> Result<> {
    const auto parsed = parse_dsse(envelope);
    if (!parsed)
      return fail(parsed.error().fault, "not a DSSE envelope: " + parsed.error().what, file);
    MadeAttachment made;
    made.attestation = true;
    TRY(made.predicate_type, predicate_of(*parsed, digest));
    TRY(made.entry, attestation_entry(envelope, made.predicate_type, std::move(material), {}));
    out.push_back(std::move(made));
    return {};
  };
  if (form == Form::cosign_bundle) {
    TRY(auto material, or_error(parse_cosign_bundle(bytes), file));
    const std::string envelope(material.signature());
    TRY_DO(add(envelope, std::move(material)));
    return out;
  }
  if (parse_json(bytes)) {  // one that may be spread over lines
    TRY_DO(add(trim(bytes), {}));
    return out;
  }
  for (const auto line : split(bytes, '\n')) {
    if (!trim(line).empty()) TRY_DO(add(trim(line), {}));
  }
  if (out.empty()) return fail(Fault::corrupt, "there is no envelope in it", file);
  return out;
}

Result<std::vector<MadeAttachment>> AttachCommand::all(bool attested, const std::string& name,
                                                       const std::string& digest) const {
  std::vector<MadeAttachment> out;
  if (!attested) {
    TRY(auto made, signature_for(name, digest));
    out.push_back(std::move(made));
    return out;
  }
  for (const std::string& file : attestations) {
    TRY(auto more, attestations_in(file, digest));
    for (MadeAttachment& made : more) out.push_back(std::move(made));
  }
  return out;
}

Result<> AttachCommand::attach(bool attested, int& exit) const {
  TRY(const auto subjects, open_subjects(reference, store, {platform, false, true}, exit));
  const StoredManifest& image = subjects.images.front();
  // All of it is read before any of it is attached.
  TRY(const auto made, all(attested, subjects.name, image.digest));
  for (const MadeAttachment& one : made)
    TRY_DO(attach_made(subjects.opened->signatures(), image, one, false, rfc3339(writing_time())));
  return {};
}

int AttachCommand::run(bool attested) const {
  if (!attested && bundle.empty() && signature.empty() && rekor_response.empty() && payload.empty())
    return seal_complain("give --signature FILE, or --bundle FILE", Exit::usage);
  int exit = seal_error;
  if (const auto done = attach(attested, exit); !done)
    return seal_complain(done.error().message(), exit);
  return seal_good;
}

void add_signature_parts(Command& command, AttachCommand& state) {
  const auto add = [&](const char* name, std::string& into, const char* what) {
    command.add_option(name, into, what)->type_name("FILE");
  };
  add("--bundle", state.bundle, "A Sigstore bundle, in place of all that follows");
  add("--signature", state.signature, "The signature in base64; - is standard input");
  add("--payload", state.payload,
      "What it is over (default: what `sign` makes without -a); or a Sigstore bundle");
  add("--certificate", state.certificate, "The certificate of who signed (PEM)");
  add("--certificate-chain", state.chain, "Its issuers (PEM), the root last");
  add("--rekor-response", state.rekor_response,
      "The log's entry, as `sign --format legacy --bundle` wrote it");
  add("--tsr", state.timestamp, "The timestamp (RFC 3161)");
}

}  // namespace

void add_attach(Command& program, int& exit) {
  auto* command =
      program.add_subcommand("attach", "Attach to an image what was signed without its registry");
  command->require_subcommand(1);
  constexpr std::array kinds = {
      std::pair{"signature", "A signature by `sign --upload=false`, or by cosign"},
      std::pair{"attestation", "Attestations by `attest --upload=false`, or by cosign"}};
  for (const auto& [what, about] : kinds) {
    auto* kind = command->add_subcommand(what, about);
    const auto state = std::make_shared<AttachCommand>();
    const bool attested = std::string_view(what) == "attestation";
    kind->add_option("REF", state->reference, "Image by digest (or tag), or oci:DIR[:tag]")
        ->required();
    if (attested)
      kind->add_option("--attestation", state->attestations,
                       "A bundle, or DSSE envelopes, one a line; - is standard input")
          ->allow_extra_args(false)
          ->required()
          ->type_name("FILE");
    else
      add_signature_parts(*kind, *state);
    kind->add_option("--platform", state->platform, "To this image of an index")
        ->type_name("OS/ARCH");
    add_store_options(*kind, state->store);
    add_environment(*kind);
    kind->callback([state, attested, &exit] { exit = state->run(attested); });
  }
}

}  // namespace boltseal
