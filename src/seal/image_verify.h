// Whether an image has the signatures or attestations that a policy asks for.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "seal/attached.h"
#include "seal/refusal.h"
#include "seal/verify_bundle.h"

namespace boltseal {

struct ImagePolicy {
  // Keys or identities, and what must vouch for them; its predicate_type is not looked at.
  BundlePolicy trust;
  const TrustedRoot* root = nullptr;  // never null
  std::size_t required = 1;           // how many different keys (or identities)
  Annotations annotations;            // that every signature must bear
  // False: a simple-signing payload may be about another image; for payloads that were made before
  // the image. Statements are always about their subject.
  bool check_claims = true;
  std::string predicate_type;  // of attestations; of signatures it is given
  bool bundles = true;         // false: only cosign's lists are looked at
};

// One signature or attestation that holds. Only the judging functions make one.
class VerifiedAttached {
 public:
  AttachedForm form() const { return attached_.form; }
  const std::string& source() const { return attached_.source; }
  // What was signed: the simple-signing payload or the in-toto statement.
  const std::string& payload() const { return payload_; }
  const std::string& envelope() const {
    return envelope_;
  }  // the DSSE one as JSON, if it is in one
  const std::string& predicate_type() const { return predicate_type_; }
  // Ids of the keys that signed, or identities ("NAME by ISSUER"); sorted.
  const std::vector<std::string>& keys() const { return keys_; }
  // Where a certificate or a log had a part in it.
  const std::optional<BundleEvidence>& evidence() const { return evidence_; }
  const Annotations& claims() const { return claims_; }  // cosign's -a

 private:
  friend Checked<VerifiedAttached> judge_signature(const Attached&, const std::string&,
                                                   const ImagePolicy&);
  friend Checked<VerifiedAttached> judge_attestation(const Attached&, const std::string&,
                                                     const ImagePolicy&);
  friend struct ImageJudge;
  VerifiedAttached() = default;
  Attached attached_;
  std::string payload_, envelope_, predicate_type_;
  std::vector<std::string> keys_;
  Annotations claims_;
  std::optional<BundleEvidence> evidence_;
};

// One of them about the image `digest`. Refusals: "signature-missing", "signature-invalid",
// "digest-mismatch", "subject-mismatch", "annotation-mismatch", "predicate-type-mismatch",
// "payload-type-mismatch", "unreadable", and those of bundles.
Checked<VerifiedAttached> judge_signature(const Attached& attached, const std::string& digest,
                                          const ImagePolicy& policy);
Checked<VerifiedAttached> judge_attestation(const Attached& attached, const std::string& digest,
                                            const ImagePolicy& policy);

// An image that met the policy. Only the verifying functions below make one.
class VerifiedImage {
 public:
  const std::string& digest() const { return digest_; }
  const std::vector<VerifiedAttached>& attached() const { return attached_; }
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  friend Checked<VerifiedImage> verify_signatures(ArtifactStore&, const std::string&,
                                                  const ImagePolicy&, std::vector<Refused>*);
  friend Checked<VerifiedImage> verify_detached(const Attached&, const std::string&,
                                                const ImagePolicy&, std::vector<Refused>*);
  friend Checked<VerifiedImage> verify_attestations(ArtifactStore&, const std::string&,
                                                    const ImagePolicy&, std::vector<Refused>*);
  friend struct ImageJudge;
  VerifiedImage() = default;
  std::string digest_;
  std::vector<VerifiedAttached> attached_;
  std::vector<std::string> keys_;
};

// Good when signatures of at least policy.required different keys hold. `refused`, when not null,
// gets each one that did not hold or could not be read, in either outcome. Refusals:
// "signature-missing" (there is none at all), "signature-invalid" (none holds),
// "threshold-not-met", "threshold-invalid", "unreadable" (the store cannot be asked).
Checked<VerifiedImage> verify_signatures(ArtifactStore& store, const std::string& digest,
                                         const ImagePolicy& policy, std::vector<Refused>* refused);
// The same of a signature that is not attached to the image.
Checked<VerifiedImage> verify_detached(const Attached& signature, const std::string& digest,
                                       const ImagePolicy& policy, std::vector<Refused>* refused);
// The same for attestations of policy.predicate_type. Several keys count together when they have
// signed the same predicate; attestations that too few agree on are refused "threshold-not-met".
Checked<VerifiedImage> verify_attestations(ArtifactStore& store, const std::string& digest,
                                           const ImagePolicy& policy,
                                           std::vector<Refused>* refused);

}  // namespace boltseal
