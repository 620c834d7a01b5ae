// Signatures of the Notary Project (notation), in both of their envelopes.
// https://github.com/notaryproject/specifications: signature-specification.md,
// signature-envelope-jws.md, signature-envelope-cose.md
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crypto/signer.h"

namespace boltseal {

constexpr std::string_view notation_artifact = "application/vnd.cncf.notary.signature";
constexpr std::string_view notation_payload = "application/vnd.cncf.notary.payload.v1+json";
constexpr std::string_view jws_media_type = "application/jose+json";
constexpr std::string_view cose_media_type = "application/cose";
constexpr std::string_view scheme_x509 = "notary.x509";
constexpr std::string_view scheme_authority = "notary.x509.signingAuthority";

// What an envelope says. Nothing of it is verified yet.
struct NotationSignature {
  std::string payload;                    // JSON
  std::string payload_type;               // notation_payload in all that we know
  std::string signing_scheme;             // one of the two
  std::optional<std::int64_t> signed_at;  // as the signer (or, by its scheme, the authority) claims
  std::optional<std::int64_t> expiry;     // Unix seconds
  std::vector<std::string> critical;      // headers that a verifier must know
  std::string verification_plugin;        // empty: none is asked for
  std::vector<std::string> certificates;  // DER, the signer's first
  std::string timestamp_token;            // CMS over the signature; empty: none
  std::string agent;

  std::string algorithm;     // "ES256", "PS384", …
  std::string signed_bytes;  // what the signature is of
  std::string signature;     // raw: r || s, or RSA's
};

// corrupt for what the specification does not allow, unsupported for another media type.
Result<NotationSignature> parse_notation(std::string_view media_type, std::string_view bytes);

// The only algorithm that goes with a key: ES256/384/512 by curve, PS256/384/512 by RSA's size;
// unsupported for any other key.
Result<std::string> notation_algorithm(const PublicKey& key);

// The hash of an algorithm, by which blobs are named too; unsupported for another algorithm.
Result<HashKind> notation_hash(std::string_view algorithm);

// Whether the signature is of `signed_bytes` by `key`, in the key's only algorithm.
[[nodiscard]] bool signed_by_notation_key(const NotationSignature& signature, const PublicKey& key);

struct NotationRequest {
  std::string_view media_type;  // jws_media_type or cose_media_type
  std::string payload;
  std::int64_t signed_at = 0;
  std::optional<std::int64_t> expiry;
  std::vector<std::string> certificates;  // DER, whole chain, the signer's first
};
// `timestamp`, where given, gets the raw signature and gives the token to put in.
Result<std::string> sign_notation(
    const NotationRequest& request, const Signer& signer,
    const std::function<Result<std::string>(std::string_view)>& timestamp = {});

// {"targetArtifact": …}; annotations are the user's metadata.
std::string notation_payload_of(
    std::string_view media_type, std::string_view digest, std::uint64_t size,
    const std::vector<std::pair<std::string, std::string>>& annotations);

// The manifest's annotation io.cncf.notary.x509chain.thumbprint#S256.
std::string notation_thumbprints(const std::vector<std::string>& certificates);

}  // namespace boltseal
