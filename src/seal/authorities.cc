#include "seal/authorities.h"

#include <optional>

#include "base/time.h"
#include "crypto/timestamp.h"

namespace boltseal {
namespace {

// Of several refusals the one that says most: one authority's "not mine" is what all others say.
void keep_better(std::optional<Refusal>& best, Refusal next, std::string_view least) {
  if (!best || (best->code == least && next.code != least)) best = std::move(next);
}

std::string code_of(const TimestampError& error) {
  switch (error.fault) {
    case TimestampFault::unreadable:
      return "timestamp-invalid";
    case TimestampFault::mismatch:
      return "timestamp-mismatch";
    case TimestampFault::signer:
      return "timestamp-untrusted";
    case TimestampFault::signature:
      return "timestamp-signature-invalid";
    case TimestampFault::chain:
      break;
  }
  return error.chain == ChainFault::untrusted ? "timestamp-untrusted"
         : error.chain == ChainFault::expired ? "timestamp-certificate-expired"
                                              : "timestamp-certificate-invalid";
}

// A root that names the very signer means that one, and not whoever its CA certifies as well.
bool is_named_signer(const TrustedAuthority& authority, const Certificate& signer) {
  const auto constraints = authority.chain.front().basic_constraints();
  const bool leaf = constraints && (!*constraints || !(*constraints)->ca);
  return !leaf || authority.chain.front() == signer;
}

Checked<VerifiedTime> time_of(const TrustedAuthority& authority, std::string_view timestamp,
                              std::string_view signature, const std::string& field) {
  const std::span<const Certificate> chain(authority.chain);
  const auto good = verify_timestamp(
      timestamp, signature, {.anchors = chain.last(1), .others = chain.first(chain.size() - 1)});
  if (!good)
    return refuse(code_of(good.error()), good.error().what, field, good.error().wanted,
                  good.error().found);
  if (!is_named_signer(authority, good->chain.front()))
    return refuse("timestamp-untrusted", "another signer than the one that is trusted", field,
                  authority.chain.front().subject_text(), good->chain.front().subject_text());
  if (!authority.valid.contains(good->time))
    return refuse("timestamp-outside-validity", "the authority is not trusted for that time", field,
                  authority.valid.text(), rfc3339(good->time));
  return VerifiedTime{"rfc3161", authority.name, good->time};
}

Refusal refusal_of(const ChainError& error) {
  const std::string code = error.fault == ChainFault::untrusted ? "certificate-untrusted"
                           : error.fault == ChainFault::expired ? "certificate-outside-validity"
                           : error.fault == ChainFault::purpose ? "certificate-purpose"
                                                                : "certificate-invalid";
  // A leaf of Fulcio has no subject.
  return {code, "certificate", error.wanted, error.found,
          error.certificate.empty() ? error.what : error.what + ": " + error.certificate};
}

}  // namespace

Checked<VerifiedTime> verify_signature_time(std::string_view timestamp, std::string_view signature,
                                            const TrustedRoot& root, const std::string& field) {
  std::optional<Refusal> why;
  for (const TrustedAuthority& authority : root.timestamp_authorities) {
    auto good = time_of(authority, timestamp, signature, field);
    if (good) return good;
    keep_better(why, good.error(), "timestamp-untrusted");
  }
  if (why) return std::unexpected(*why);
  return refuse("timestamp-untrusted", "no timestamp authority is trusted here", field,
                "an authority of the trusted root", "none");
}

Checked<std::vector<Certificate>> verify_signing_certificate(
    const Certificate& leaf, std::span<const Certificate> intermediates, const TrustedRoot& root,
    std::int64_t moment) {
  std::optional<Refusal> why;
  for (const TrustedAuthority& authority : root.certificate_authorities) {
    std::vector<Certificate> others(authority.chain.begin(), authority.chain.end() - 1);
    others.insert(others.end(), intermediates.begin(), intermediates.end());
    auto chain = verify_chain(leaf, {.anchors = std::span(authority.chain).last(1),
                                     .intermediates = others,
                                     .moment = moment,
                                     .purpose = CertificatePurpose::code_signing});
    if (!chain) {
      keep_better(why, refusal_of(chain.error()), "certificate-untrusted");
    } else if (!authority.valid.contains(moment)) {
      keep_better(why,
                  {"authority-outside-validity", "certificate", authority.valid.text(),
                   rfc3339(moment), "the certificate authority is not trusted for that time"},
                  "certificate-untrusted");
    } else {
      return *std::move(chain);
    }
  }
  if (why) return std::unexpected(*why);
  return refuse("certificate-untrusted", "no certificate authority is trusted here", "certificate",
                "an authority of the trusted root", "none");
}

}  // namespace boltseal
