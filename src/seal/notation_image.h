// Notation's signatures where images are stored: referrers of the artifact type notation_artifact.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/signer.h"
#include "seal/artifact_store.h"
#include "seal/notation_verify.h"

namespace boltseal {

struct NotationSignOptions {
  std::string_view media_type = jws_media_type;
  std::vector<std::string> certificates;  // DER, the signer's first, the root last
  std::vector<std::pair<std::string, std::string>> metadata;
  std::optional<std::int64_t> expiry;
  std::int64_t now = 0;
  // Gets the raw signature and gives an RFC 3161 token; empty: none is put in.
  std::function<Result<std::string>(std::string_view)> timestamp;
};
// The envelope for a target, whose annotations are not looked at: the metadata are.
Result<std::string> sign_target_by_notation(const NotationTarget& target, const Signer& signer,
                                            const NotationSignOptions& options);
Result<> sign_image_by_notation(ArtifactStore& store, const StoredManifest& image,
                                const Signer& signer, const NotationSignOptions& options);

// One signature that did not hold.
struct RefusedNotation {
  std::string source;  // digest of its manifest
  Refusal reason;
};

// Good when one signature of the image holds under the policy. Refusals: "signature-missing",
// "signature-invalid" (none of them holds; `refused` says why), "unreadable". At most 100
// signatures are looked at.
Checked<VerifiedNotation> verify_image_by_notation(
    ArtifactStore& store, const StoredManifest& image,
    const std::map<std::string, std::string>& metadata, const NotationPolicy& policy,
    const NotationTrust& trust, std::int64_t now, std::vector<RefusedNotation>* refused);

}  // namespace boltseal
