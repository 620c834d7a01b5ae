// The authorities of a trusted root: whether one of them vouches for a time, or for a certificate.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "seal/refusal.h"
#include "seal/trusted_root.h"

namespace boltseal {

// A moment at which a signature is known to have been there.
struct VerifiedTime {
  std::string source;  // "rfc3161", "rekor"
  std::string name;    // of the authority or the log
  std::int64_t time = 0;
};

// A timestamp over the bytes of a signature, by an authority that the root trusts for that time.
// Refusals: "timestamp-untrusted" (nobody that is known), "timestamp-mismatch" (over something
// else), "timestamp-invalid", "timestamp-signature-invalid", "timestamp-certificate-expired",
// "timestamp-certificate-invalid", "timestamp-outside-validity" (of the root's word).
Checked<VerifiedTime> verify_signature_time(std::string_view timestamp, std::string_view signature,
                                            const TrustedRoot& root, const std::string& field);

// The chain of a code signing certificate at the moment. Refusals: "certificate-untrusted",
// "certificate-outside-validity" (the leaf, or an issuer, at that moment),
// "authority-outside-validity" (of the root's word), "certificate-purpose", "certificate-invalid".
Checked<std::vector<Certificate>> verify_signing_certificate(
    const Certificate& leaf, std::span<const Certificate> intermediates, const TrustedRoot& root,
    std::int64_t moment);

}  // namespace boltseal
