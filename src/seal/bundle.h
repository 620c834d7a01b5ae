// Sigstore bundles: a signature with all that is needed to verify it offline.
// https://github.com/sigstore/protobuf-specs (sigstore_bundle.proto),
// https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/value.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "seal/dsse.h"
#include "seal/log_entry.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::string_view bundle_v3_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr std::uint64_t max_bundle = 128ULL << 20;

struct MessageSignature {
  std::optional<HashKind> hash;  // with `digest`: what the bundle says that it is over, a hint
  std::string digest;            // raw
  std::string signature;
};

struct Bundle {
  std::string media_type;
  int minor = 3;  // of the version 0.x; 0 for what was put together from other formats
  // Who signed: certificates (leaf first), or a key that is known by other means.
  std::vector<Certificate> certificates;
  std::string key_hint;  // free text
  std::vector<LogEntry> entries;
  std::vector<std::string> timestamps;  // RFC 3161, over the signature
  // In cosign's `.att` lists timestamps are over the whole envelope; its bytes there, else empty.
  std::string stamped_envelope;
  // What was signed; one of the two.
  std::optional<MessageSignature> message;
  std::optional<DsseEnvelope> envelope;

  std::string_view signature() const;  // of the one or the other
};

// Versions 0.1 to 0.3. Refused: "bundle-version-unsupported"; "bundle-invalid" for anything that is
// not as specified, members that stand twice, more than one signature, and what each version asks
// for: a promise for every log entry in 0.1, a proof with a checkpoint from 0.2 on, a lone
// certificate in 0.3. Left out: a root that stands in a chain, and in 0.1 a proof without
// checkpoint.
Checked<Bundle> parse_bundle(std::string_view json);

// What cosign's `--bundle` is in the older form: base64Signature, cert, rekorBundle. Of an
// attestation the envelope is called the signature.
Checked<Bundle> parse_cosign_bundle(std::string_view json);
// The same, of the first entry and the leaf, for there is place for one.
std::string write_cosign_bundle(const Bundle& bundle);

// Version 0.3, on one line.
std::string write_bundle(const Bundle& bundle);

// The hint that cosign writes for a key: base64 of SHA-256 of its SPKI.
std::string key_hint_of(const PublicKey& key);

}  // namespace boltseal
