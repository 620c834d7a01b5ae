// The judgement over a bundle: every check of a policy, in order, with evidence of each.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/public_key.h"
#include "seal/artifact.h"
#include "seal/authorities.h"
#include "seal/bundle.h"
#include "seal/identity.h"
#include "seal/key_trust.h"
#include "seal/refusal.h"
#include "seal/sct.h"
#include "seal/tlog.h"
#include "seal/trusted_root.h"

namespace boltseal {

class RequiredLog;  // seal/required_log.h

// Who may have signed, and what must vouch for it. Either keys or identities; none of both trusts
// nobody.
struct BundlePolicy {
  std::vector<PublicKey> keys;           // any one of them
  KeyTrust key_trust;                    // what is known of the keys
  std::vector<IdentityRule> identities;  // any one of them
  std::size_t logs = 1;                  // how many different logs must have the signature
  std::size_t timestamps = 0;            // how many different authorities must have stamped it
  bool ignore_log = false;               // not one log needs to; `logs` must be 1 then
  bool ignore_sct = false;
  WitnessPolicy witnesses;
  // A log of one's own that must have the signature too; null for none.
  const RequiredLog* required_log = nullptr;
  // Taken for the time of signing when neither log nor authority tells one, and only with
  // ignore_log: a certificate that is good today.
  std::optional<std::int64_t> assumed_time;
  std::string payload_type = std::string(in_toto_payload);
  std::string predicate_type;  // of a statement; "" for any
};

struct BundleEvidence {
  std::string artifact;            // its digest
  std::string content;             // "message-signature" or "dsse-envelope"
  std::string key_id;              // of who signed
  std::string key_standing;        // where records about keys were given: a KeyVerdict's name
  std::vector<Certificate> chain;  // the leaf first; empty for a key
  CertificateIdentity identity;    // of the leaf
  std::string matched_identity;
  std::vector<VerifiedEntry> entries;
  std::vector<VerifiedTime> times;
  std::vector<VerifiedSct> scts;
  std::string payload_type, payload, predicate_type;  // of an envelope
  std::vector<std::string> passed_over;  // what did not count, and why; not what was refused
};

// A bundle that holds. Only verify_bundle makes one.
class VerifiedBundle {
 public:
  const BundleEvidence& evidence() const { return evidence_; }

 private:
  friend Checked<VerifiedBundle> verify_bundle(const Bundle&, const Artifact&, const BundlePolicy&,
                                               const TrustedRoot&);
  explicit VerifiedBundle(BundleEvidence evidence) : evidence_(std::move(evidence)) {}
  BundleEvidence evidence_;
};

Checked<VerifiedBundle> verify_bundle(const Bundle& bundle, const Artifact& artifact,
                                      const BundlePolicy& policy, const TrustedRoot& root);

// Whether `signature` is one of the artifact by the key, in one of the accepted ways. Refuses with
// "signature-invalid", or "artifact-needed" when only content that is not there could tell.
Checked<void> verify_artifact_signature(const PublicKey& key, const Artifact& artifact,
                                        std::string_view signature, const std::string& field);

}  // namespace boltseal
