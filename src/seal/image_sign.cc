#include "seal/image_sign.h"

#include <algorithm>

#include "codec/base64.h"
#include "seal/attached.h"
#include "seal/bundle.h"
#include "seal/bundle_maker.h"
#include "seal/dsse.h"
#include "seal/predicate.h"
#include "seal/schemes.h"
#include "seal/simple_signing.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

Result<DsseEnvelope> envelope_of(std::string_view statement, const Signer& signer) {
  const Signer* const signers[] = {&signer};
  TRY(auto envelope, sign_dsse(in_toto_payload, statement, signers));
  // Other verifiers pass over a signature whose key id is not what they call the key.
  for (DsseSignature& signature : envelope.signatures) signature.key_id.clear();
  return envelope;
}

Result<Bundle> bundle_of(std::string_view statement, const std::string& digest,
                         const Signer& signer, const BundleMaker* maker) {
  if (maker != nullptr) {
    auto made = maker->sign_statement(statement, digest);
    if (!made) return fail(Fault::corrupt, made.error().message(), digest);
    return *std::move(made);
  }
  Bundle out;
  out.key_hint = key_hint_of(signer.public_key());
  TRY(out.envelope, envelope_of(statement, signer));
  return out;
}

Result<> attach_bundle(ArtifactStore& store, const StoredManifest& image, const Bundle& bundle,
                       std::string_view predicate_type, const std::string& created) {
  Manifest manifest;
  manifest.media_type = oci_manifest_type;
  manifest.artifact_type = bundle_artifact_type;
  TRY([[maybe_unused]] const auto config, store.put_bytes(oci_empty_bytes, oci_empty_type));
  manifest.config = empty_config();
  TRY(auto layer, store.put_bytes(write_bundle(bundle), bundle_artifact_type));
  manifest.layers.push_back(std::move(layer));
  manifest.subject = image.descriptor();
  manifest.annotations = {{bundle_content_annotation, "dsse-envelope"},
                          {bundle_predicate_annotation, std::string(predicate_type)}};
  if (!created.empty()) manifest.annotations["org.opencontainers.image.created"] = created;
  TRY([[maybe_unused]] const auto attached, store.attach(manifest));
  return {};
}

Result<std::vector<Descriptor>> entries_under(ArtifactStore& store, const std::string& tag) {
  auto entries = store.list(tag, ListKind::layers, true);
  if (!entries && entries.error().fault == Fault::not_found) return std::vector<Descriptor>{};
  return entries;
}

bool signed_already(const std::vector<Descriptor>& entries, const std::string& digest,
                    std::string_view payload, const PublicKey& key) {
  return std::ranges::any_of(entries, [&](const Descriptor& entry) {
    const auto annotation = entry.annotations.find(cosign_signature_annotation);
    if (entry.digest != digest || annotation == entry.annotations.end()) return false;
    const auto signature = unbase64(annotation->second);
    return signature && signed_by(key, payload, *signature);
  });
}

Result<> sign_legacy(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                     const SignImageOptions& options) {
  TRY(const std::string tag, cosign_tag(image.digest, "sig"));
  const std::string payload =
      write_simple_signing(options.reference, image.digest, options.annotations);
  TRY(Descriptor layer, store.put_bytes(payload, simple_signing_media_type));
  TRY(const auto entries, entries_under(store, tag));
  if (signed_already(entries, layer.digest, payload, signer.public_key())) return {};
  TRY(const auto signature, signer.sign(payload, usual_scheme(signer.public_key())));
  layer.annotations[cosign_signature_annotation] = base64(signature);
  return store.change_list(tag, ListKind::layers, {{layer}, {}});
}

Result<> attest_legacy(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                       std::string_view statement, const std::string& predicate_type,
                       bool replace) {
  TRY(const std::string tag, cosign_tag(image.digest, "att"));
  TRY(const auto envelope, envelope_of(statement, signer));
  TRY(Descriptor layer, store.put_bytes(write_dsse(envelope), dsse_media_type));
  layer.annotations = {{cosign_signature_annotation, ""}, {"predicateType", predicate_type}};
  ListChange change{{layer}, {}};
  if (replace) {
    TRY(const auto entries, entries_under(store, tag));
    std::ranges::copy_if(entries, std::back_inserter(change.take), [&](const Descriptor& entry) {
      const auto type = entry.annotations.find("predicateType");
      return type != entry.annotations.end() && type->second == predicate_type;
    });
  }
  return store.change_list(tag, ListKind::layers, change);
}

Result<std::vector<Descriptor>> earlier_bundles(ArtifactStore& store, const std::string& digest,
                                                const std::string& predicate_type) {
  TRY(const auto referrers, store.referrers(digest, std::string(bundle_artifact_prefix), true));
  std::vector<Descriptor> out;
  for (const Descriptor& entry : referrers) {
    // cosign lists referrers without the annotations of their manifests.
    auto annotations = entry.annotations;
    if (!annotations.contains(bundle_predicate_annotation)) {
      TRY(const auto manifest, store.manifest(entry.digest));
      annotations = manifest.manifest.annotations;
    }
    const auto type = annotations.find(bundle_predicate_annotation);
    if (type != annotations.end() && type->second == predicate_type) out.push_back(entry);
  }
  return out;
}

}  // namespace

std::string statement_about(const StoredManifest& image, const std::string& reference,
                            std::string_view predicate_type, std::string_view predicate,
                            const Annotations& annotations) {
  const auto colon = image.digest.find(':');
  Subject subject{
      reference, {{image.digest.substr(0, colon), image.digest.substr(colon + 1)}}, annotations};
  return write_statement({subject}, predicate_type, predicate);
}

Result<> sign_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                    const SignImageOptions& options) {
  if (options.formats.legacy) TRY_DO(sign_legacy(store, image, signer, options));
  if (!options.formats.bundle) return {};
  const std::string statement =
      statement_about(image, options.reference, cosign_sign_predicate, "{}", options.annotations);
  TRY(const auto bundle, bundle_of(statement, image.digest, signer, options.maker));
  return attach_bundle(store, image, bundle, cosign_sign_predicate, options.created);
}

Result<> attest_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                      std::string_view statement, const AttestImageOptions& options) {
  TRY(const Statement parsed, parse_statement(statement));
  const auto subject = subject_of(parsed, image.digest);
  if (!subject) return fail(Fault::corrupt, subject.error().message(), store.name());
  if (options.formats.legacy)
    TRY_DO(attest_legacy(store, image, signer, statement, parsed.predicate_type, options.replace));
  if (!options.formats.bundle) return {};
  std::vector<Descriptor> earlier;
  if (options.replace) {
    TRY(earlier, earlier_bundles(store, image.digest, parsed.predicate_type));
  }
  TRY(const auto bundle, bundle_of(statement, image.digest, signer, options.maker));
  TRY_DO(attach_bundle(store, image, bundle, parsed.predicate_type, options.created));
  for (const Descriptor& entry : earlier) TRY_DO(store.detach(image.digest, entry));
  return {};
}

}  // namespace boltseal
