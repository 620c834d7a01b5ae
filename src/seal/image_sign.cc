#include "seal/image_sign.h"

#include "codec/base64.h"
#include "seal/attached.h"
#include "seal/bundle_maker.h"
#include "seal/dsse.h"
#include "seal/legacy_bundle.h"
#include "seal/predicate.h"
#include "seal/schemes.h"
#include "seal/simple_signing.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

template <class T>
Result<T> made_of(Checked<T> made, const std::string& digest) {
  if (!made) return fail(Fault::corrupt, made.error().message(), digest);
  return *std::move(made);
}

// `listed`: for cosign's lists.
Result<Bundle> sign_statement(std::string_view statement, const std::string& digest,
                              const Signer& signer, const BundleMaker* maker, bool listed) {
  if (maker != nullptr) return made_of(maker->sign_statement(statement, digest, listed), digest);
  Bundle out;
  out.key_hint = key_hint_of(signer.public_key());
  const Signer* const signers[] = {&signer};
  TRY(out.envelope, sign_dsse(in_toto_payload, statement, signers));
  // Other verifiers pass over a signature whose key id is not what they call the key.
  for (DsseSignature& signature : out.envelope->signatures) signature.key_id.clear();
  return out;
}

Result<Bundle> sign_payload(const std::string& payload, const std::string& digest,
                            const Signer& signer, const BundleMaker* maker) {
  if (maker != nullptr) return made_of(maker->sign(Artifact::from_bytes(payload)), digest);
  Bundle out;
  out.message.emplace();
  TRY(out.message->signature, signer.sign(payload, usual_scheme(signer.public_key())));
  return out;
}

Result<std::vector<Certificate>> issuers_of(const BundleMaker* maker, const std::string& digest) {
  if (maker == nullptr) return std::vector<Certificate>();
  return made_of(maker->issuers(), digest);
}

Result<std::string> payload_of(const std::string& digest, const SignImageOptions& options) {
  if (options.payload.empty())
    return write_simple_signing(options.reference, digest, options.annotations);
  TRY(const auto parsed, parse_simple_signing(options.payload));
  if (parsed.digest != digest)
    return fail(Fault::corrupt, "the payload is about another image, " + parsed.digest, digest);
  return options.payload;
}

}  // namespace

std::string statement_about(const std::string& digest, const std::string& reference,
                            std::string_view predicate_type, std::string_view predicate,
                            const Annotations& annotations) {
  const auto colon = digest.find(':');
  Subject subject{reference, {{digest.substr(0, colon), digest.substr(colon + 1)}}, annotations};
  return write_statement({subject}, predicate_type, predicate);
}

Result<ListEntry> signature_entry(std::string_view payload, Bundle material,
                                  std::span<const Certificate> issuers) {
  ListEntry out;
  out.bytes = payload;
  TRY(out.annotations, annotations_of(material, issuers));
  out.annotations[cosign_signature_annotation] = base64(material.signature());
  out.material = std::move(material);
  return out;
}

Result<ListEntry> attestation_entry(std::string_view envelope, const std::string& predicate_type,
                                    Bundle material, std::span<const Certificate> issuers) {
  ListEntry out;
  out.bytes = envelope;
  TRY(out.annotations, annotations_of(material, issuers));
  out.annotations[cosign_signature_annotation] = "";
  out.annotations["predicateType"] = predicate_type;
  out.material = std::move(material);
  return out;
}

Result<MadeAttachment> make_signature(const std::string& digest, const Signer& signer,
                                      const SignImageOptions& options) {
  MadeAttachment out;
  out.predicate_type = cosign_sign_predicate;
  if (options.formats.legacy) {
    TRY(const auto payload, payload_of(digest, options));
    TRY(auto material, sign_payload(payload, digest, signer, options.maker));
    TRY(const auto issuers, issuers_of(options.maker, digest));
    TRY(out.entry, signature_entry(payload, std::move(material), issuers));
    out.entry->key = signer.public_key();
  }
  if (options.formats.bundle) {
    const std::string statement = statement_about(digest, options.reference, cosign_sign_predicate,
                                                  "{}", options.annotations);
    TRY(out.bundle, sign_statement(statement, digest, signer, options.maker, false));
  }
  return out;
}

Result<MadeAttachment> make_attestation(const std::string& digest, const Signer& signer,
                                        std::string_view statement,
                                        const AttestImageOptions& options) {
  TRY(const Statement parsed, parse_statement(statement));
  const auto subject = subject_of(parsed, digest);
  if (!subject) return fail(Fault::corrupt, subject.error().message(), digest);
  MadeAttachment out;
  out.attestation = true;
  out.predicate_type = parsed.predicate_type;
  if (options.formats.legacy) {
    TRY(auto material, sign_statement(statement, digest, signer, options.maker, true));
    TRY(const auto issuers, issuers_of(options.maker, digest));
    const std::string envelope = write_dsse(*material.envelope);
    TRY(out.entry, attestation_entry(envelope, out.predicate_type, std::move(material), issuers));
    out.entry->key = signer.public_key();
  }
  if (options.formats.bundle) {
    TRY(out.bundle, sign_statement(statement, digest, signer, options.maker, false));
  }
  return out;
}

Result<> sign_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                    const SignImageOptions& options) {
  TRY(const auto made, make_signature(image.digest, signer, options));
  return attach_made(store, image, made, false, options.created);
}

Result<> attest_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                      std::string_view statement, const AttestImageOptions& options) {
  TRY(const auto made, make_attestation(image.digest, signer, statement, options));
  return attach_made(store, image, made, options.replace, options.created);
}

}  // namespace boltseal
