// Which of the ways to sign with a key count. Formats without a field for the algorithm (DSSE,
// simple signing, signed blobs) leave it to the key, and cosign has changed its mind: SHA-256 for
// every key at first, since 2.6 the hash of the curve; PKCS#1 v1.5 for RSA, PSS by option; Ed25519
// plain for bundles, pre-hashed for log entries.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crypto/public_key.h"

namespace boltseal {

// How we sign where the format does not say: SHA-256 with P-256 and RSA, the curve's hash with
// P-384 and P-521, plain Ed25519.
SignatureScheme usual_scheme(const PublicKey& key);

// What Sigstore calls a key together with its scheme: "PKIX_ECDSA_P256_SHA_256". `prehashed` counts
// for Ed25519.
std::string key_details_of(const PublicKey& key, bool prehashed = false);

// All ways that count, the likeliest first.
std::vector<SignatureScheme> accepted_schemes(const PublicKey& key);

// Whether `signature` is one of `message` by `key` in any of those ways.
[[nodiscard]] bool signed_by(const PublicKey& key, std::string_view message,
                             std::string_view signature);
// The same when only the SHA-256 of the message is known.
[[nodiscard]] bool signed_hash_by(const PublicKey& key, std::string_view sha256,
                                  std::string_view signature);

}  // namespace boltseal
