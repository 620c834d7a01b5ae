// Policies of Witness: which functionaries, by key or by certificate, must have attested what in
// which step. https://github.com/in-toto/go-witness (policy/)
//
// Rego modules and constraints on Fulcio's extensions are not evaluated: a policy that has some is
// refused, for without them it would say yes to too much.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::string_view witness_policy_type = "https://witness.testifysec.com/policy/v0.1";

struct WitnessRoot {
  Certificate root;
  std::vector<Certificate> intermediates;
};

// What the certificate of a functionary must be. A list of "*" alone allows all, an empty one
// allows none, any other must be exactly the names of the certificate.
struct WitnessConstraint {
  std::vector<std::string> common_name, dns, emails, organizations, uris;
  std::vector<std::string> roots;  // ids, or "*"
};

struct WitnessFunctionary {
  std::string key_id;                           // of the policy's keys; empty: by certificate
  std::optional<WitnessConstraint> constraint;  // where it may be by certificate
};

struct WitnessStep {
  std::string name;
  std::vector<WitnessFunctionary> functionaries;
  std::vector<std::string> attestations;    // types that its collection must hold
  std::vector<std::string> artifacts_from;  // steps whose products its materials are
};

struct CollectionPolicy {
  std::int64_t expires = 0;
  std::map<std::string, WitnessRoot> roots, timestamp_authorities;
  std::map<std::string, PublicKey> keys;
  std::vector<WitnessStep> steps;  // by name
};

// corrupt for what is no policy; unsupported for what is not evaluated here.
Result<CollectionPolicy> parse_witness_policy(std::string_view json);

// The names of a certificate against a constraint; its chain is not looked at.
Checked<void> check_witness_names(const Certificate& certificate,
                                  const WitnessConstraint& constraint);

}  // namespace boltseal
