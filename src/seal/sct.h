// Signed certificate timestamps: a certificate log's promise that it has taken a certificate in,
// embedded in that certificate. https://www.rfc-editor.org/rfc/rfc6962 (3.2, 3.3)
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"
#include "seal/refusal.h"
#include "seal/trusted_root.h"

namespace boltseal {

constexpr std::string_view oid_embedded_scts = "1.3.6.1.4.1.11129.2.4.2";

struct Sct {
  std::string log_id;      // 32 bytes
  std::uint64_t time = 0;  // milliseconds
  std::string extensions;
  std::string signature;
};

// The list inside the extension's value (an OCTET STRING in DER): corrupt for anything left over.
// SCTs of another version are left out.
Result<std::vector<Sct>> parse_scts(std::string_view extension);

// What a log signs of a certificate that it saw before it was issued.
Result<std::string> sct_message(const Sct& sct, const Certificate& leaf, const Certificate& issuer);

struct VerifiedSct {
  std::string log;
  std::int64_t time = 0;  // seconds
};

// The good ones, one per log. Refuses when there is none: "sct-missing", "sct-invalid",
// "sct-log-unknown", "sct-log-outside-validity", "sct-signature-invalid".
Checked<std::vector<VerifiedSct>> verify_scts(const Certificate& leaf, const Certificate& issuer,
                                              const TrustedRoot& root);

}  // namespace boltseal
