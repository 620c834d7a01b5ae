// Whether collections of Witness fulfil a policy of Witness.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "custody/witness_policy.h"

namespace boltseal {

struct WitnessQuestion {
  std::string policy;                     // a DSSE envelope
  std::vector<PublicKey> owners;          // one of them must have signed it
  std::vector<std::string> attestations;  // DSSE envelopes, in any order
  std::string artifact;                   // "sha256:<hex>"; a subject of one that counts
  std::int64_t now = 0;
};

struct WitnessEvidence {
  std::string step, signer;  // the subject of a certificate, or the id of a key
  std::size_t attestation;   // which of the question's
};

// Every step of the policy has a collection: signed by a functionary (by certificate: its chain
// held under one of the policy's roots when a timestamp authority of the policy says that it was
// signed, else now), holding the attestations that the step asks for, its materials being the
// products of the steps that they come from. Refusals: "signature-invalid" (of the policy),
// "witness-policy-expired", "witness-step-missing", "witness-artifact-mismatch",
// "subject-mismatch", "unreadable".
Checked<std::vector<WitnessEvidence>> verify_witness(const WitnessQuestion& question);

}  // namespace boltseal
