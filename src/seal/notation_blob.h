// Notation's signatures of files: an envelope in a file of its own, over the digest of the blob by
// the hash that goes with the key.
// https://github.com/notaryproject/specifications: signature-specification.md ("Blob Signatures")
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "codec/json_writer.h"
#include "crypto/signer.h"
#include "seal/artifact.h"
#include "seal/notation_image.h"
#include "seal/notation_verify.h"

namespace boltseal {

constexpr std::string_view blob_media_type = "application/octet-stream";  // where none is named
constexpr std::uint64_t max_notation_envelope = 4 << 20;

// The envelope; `type` is the media type of the blob.
Result<std::string> sign_blob_by_notation(const Artifact& blob, std::string_view type,
                                          const Signer& signer, const NotationSignOptions& options);

// JSON is a JWS, anything else should be COSE.
std::string_view notation_envelope_type(std::string_view envelope);

// Whether the envelope is one for the blob under the policy. `type`: what the signature must call
// the blob; empty: whatever it does.
Checked<VerifiedNotation> verify_blob_by_notation(
    std::string_view envelope, const Artifact& blob, const std::string& type,
    const std::map<std::string, std::string>& metadata, const NotationPolicy& policy,
    const NotationTrust& trust, std::int64_t now);

// What an envelope says of itself, as one JSON object; nothing of it is verified. corrupt for none.
Result<> write_notation_summary(JsonWriter& json, std::string_view envelope);

}  // namespace boltseal
