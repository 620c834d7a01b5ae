// DSSE, the envelope that attestations are signed in.
// https://github.com/secure-systems-lab/dsse (protocol.md, envelope.md)
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/value.h"
#include "crypto/public_key.h"
#include "crypto/signer.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::string_view in_toto_payload = "application/vnd.in-toto+json";
constexpr std::string_view dsse_media_type = "application/vnd.dsse.envelope.v1+json";
constexpr std::uint64_t max_envelope = 64ULL << 20;  // an attested SBOM may be large

struct DsseSignature {
  std::string key_id;  // a hint that nobody vouches for
  std::string signature;
  std::vector<std::string> timestamps = {};  // RFC 3161; no part of DSSE, see write_dsse
};
struct DsseEnvelope {
  std::string payload_type, payload;  // as they were signed
  std::vector<DsseSignature> signatures;
};

// What is signed: "DSSEv1 LEN TYPE LEN BODY".
std::string pre_authentication(std::string_view payload_type, std::string_view payload);

// corrupt for what is no envelope: a member missing, of another type, or there twice; more than 64
// signatures are too_large.
Result<DsseEnvelope> parse_dsse(std::string_view json);
Result<DsseEnvelope> read_dsse(const Value& envelope);
// One line of JSON, without its end. Timestamps stand beside `sig` as Witness writes them:
// {"type": "tsp", "data": BASE64} (go-witness, dsse/dsse.go). Others pass over what is none.
std::string write_dsse(const DsseEnvelope& envelope);

// One signature per signer.
Result<DsseEnvelope> sign_dsse(std::string_view payload_type, std::string_view payload,
                               std::span<const Signer* const> signers);

// A payload under enough good signatures. Only verify_dsse makes one.
class VerifiedPayload {
 public:
  const std::string& type() const { return type_; }
  const std::string& bytes() const { return bytes_; }
  const std::vector<std::string>& keys() const { return keys_; }  // ids, sorted

 private:
  friend Checked<VerifiedPayload> verify_dsse(const DsseEnvelope&, std::span<const PublicKey>,
                                              std::size_t, std::string_view);
  VerifiedPayload() = default;
  std::string type_, bytes_;
  std::vector<std::string> keys_;
};

// Good when at least `threshold` (≥ 1) different keys of `keys` have signed, and the payload is of
// `payload_type`. Two signatures of one key are one.
Checked<VerifiedPayload> verify_dsse(const DsseEnvelope& envelope, std::span<const PublicKey> keys,
                                     std::size_t threshold,
                                     std::string_view payload_type = in_toto_payload);

}  // namespace boltseal
