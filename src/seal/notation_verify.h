// The verdict on one signature of notation.
// https://github.com/notaryproject/specifications: trust-store-trust-policy.md,
// signature-specification.md ("Certificate Requirements")
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/revocation.h"
#include "seal/notation_envelope.h"
#include "seal/notation_policy.h"
#include "seal/refusal.h"
#include "seal/revocation_fetch.h"

namespace boltseal {

// The certificates that a policy trusts, by kind.
struct NotationTrust {
  std::vector<Certificate> ca, signing_authority, tsa;
  RevocationEvidence revocations;  // the user's; signed by the issuers in the chains
  // Asks for what the user has not brought; null: nobody is asked. Must outlive the verification.
  RevocationFetcher* fetcher = nullptr;
};
// The stores that the policy names; an Error for one that cannot be read.
Result<NotationTrust> read_notation_trust(const std::string& directory,
                                          const NotationPolicy& policy);

struct NotationTarget {
  std::string media_type;  // of the manifest; empty: not compared (a blob)
  std::string digest;
  std::uint64_t size = 0;
  // Metadata that the signature must carry.
  std::map<std::string, std::string> annotations;
};

struct NotationOutcome {
  NotationCheck check;
  NotationAction action;
  std::optional<Refusal> refusal;  // nothing: it holds
};

// Under the policy the signature is good. Only verify_notation makes one.
class VerifiedNotation {
 public:
  const NotationSignature& signature() const { return signature_; }
  const std::vector<Certificate>& chain() const { return chain_; }
  // All checks in order; of those that the policy only logs some may have failed.
  const std::vector<NotationOutcome>& outcomes() const { return outcomes_; }
  std::optional<std::int64_t> timestamp() const { return timestamp_; }

 private:
  friend class NotationVerifier;
  VerifiedNotation() = default;
  NotationSignature signature_;
  std::vector<Certificate> chain_;
  std::vector<NotationOutcome> outcomes_;
  std::optional<std::int64_t> timestamp_;
};

// `now` is the clock. A policy of the level skip verifies nothing and is refused here.
Checked<VerifiedNotation> verify_notation(std::string_view media_type, std::string_view envelope,
                                          const NotationTarget& target,
                                          const NotationPolicy& policy, const NotationTrust& trust,
                                          std::int64_t now);

// The rules for a chain that signs code: each certificate issued by the next, the last by itself,
// usages and key sizes as the specification wants them.
Checked<std::monostate> check_notation_chain(const std::vector<Certificate>& chain);

}  // namespace boltseal
