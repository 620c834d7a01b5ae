#include "seal/notation_image.h"

#include <fmt/format.h>

#include "base/time.h"

namespace boltseal {
namespace {

constexpr std::size_t signature_limit = 100;  // as notation's --max-signatures
constexpr std::uint64_t envelope_limit = 4 << 20;
constexpr const char* thumbprints = "io.cncf.notary.x509chain.thumbprint#S256";

Checked<VerifiedNotation> verify_one(ArtifactStore& store, const Descriptor& referrer,
                                     const NotationTarget& target, const NotationPolicy& policy,
                                     const NotationTrust& trust, std::int64_t now) {
  const auto stored = store.manifest(referrer.digest);
  if (!stored) return refuse(stored.error(), "signature manifest");
  const Manifest& manifest = stored->manifest;
  if (manifest.is_index || manifest.layers.size() != 1)
    return refuse("signature-invalid", "a signature's manifest has one layer",
                  "signature manifest.layers", "1", fmt::format("{}", manifest.layers.size()));
  if (!manifest.subject || manifest.subject->digest != target.digest)
    return refuse("subject-mismatch", "the signature refers to something else",
                  "signature manifest.subject", target.digest,
                  manifest.subject ? manifest.subject->digest : "");
  const auto envelope = store.blob(manifest.layers.front(), envelope_limit);
  if (!envelope) return refuse(envelope.error(), "signature envelope");
  return verify_notation(manifest.layers.front().media_type, *envelope, target, policy, trust, now);
}

}  // namespace

Result<std::string> sign_target_by_notation(const NotationTarget& target, const Signer& signer,
                                            const NotationSignOptions& options) {
  const NotationRequest request{.media_type = options.media_type,
                                .payload = notation_payload_of(target.media_type, target.digest,
                                                               target.size, options.metadata),
                                .signed_at = options.now,
                                .expiry = options.expiry,
                                .certificates = options.certificates};
  return sign_notation(request, signer, options.timestamp);
}

Result<> sign_image_by_notation(ArtifactStore& store, const StoredManifest& image,
                                const Signer& signer, const NotationSignOptions& options) {
  const Descriptor target = image.descriptor();
  TRY(const std::string envelope,
      sign_target_by_notation({target.media_type, target.digest, target.size, {}}, signer,
                              options));
  Manifest manifest;
  manifest.media_type = oci_manifest_type;
  manifest.artifact_type = notation_artifact;
  TRY([[maybe_unused]] const auto config, store.put_bytes(oci_empty_bytes, oci_empty_type));
  manifest.config = empty_config();
  TRY(auto layer, store.put_bytes(envelope, options.media_type));
  manifest.layers.push_back(std::move(layer));
  manifest.subject = target;
  manifest.annotations = {{thumbprints, notation_thumbprints(options.certificates)},
                          {"org.opencontainers.image.created", rfc3339(options.now)}};
  TRY([[maybe_unused]] const auto attached, store.attach(manifest));
  return {};
}

Checked<VerifiedNotation> verify_image_by_notation(
    ArtifactStore& store, const StoredManifest& image,
    const std::map<std::string, std::string>& metadata, const NotationPolicy& policy,
    const NotationTrust& trust, std::int64_t now, std::vector<RefusedNotation>* refused) {
  const Descriptor subject = image.descriptor();
  const NotationTarget target{subject.media_type, subject.digest, subject.size, metadata};
  const auto referrers = store.referrers(image.digest, std::string(notation_artifact), true);
  if (!referrers) return refuse(referrers.error(), "referrers");
  if (referrers->empty())
    return refuse("signature-missing", "the image has no signature of notation", "referrers",
                  "at least 1", "0");
  std::size_t looked_at = 0;
  for (const Descriptor& referrer : *referrers) {
    if (++looked_at > signature_limit) break;
    auto verified = verify_one(store, referrer, target, policy, trust, now);
    if (verified) return verified;
    if (refused) refused->push_back({referrer.digest, std::move(verified).error()});
  }
  return refuse("signature-invalid",
                fmt::format("none of the {} signatures of notation holds", referrers->size()),
                "referrers");
}

}  // namespace boltseal
