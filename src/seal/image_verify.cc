#include "seal/image_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/canonical_json.h"
#include "seal/dsse.h"
#include "seal/legacy_bundle.h"
#include "seal/predicate.h"
#include "seal/schemes.h"
#include "seal/simple_signing.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

using JudgeOne = Checked<VerifiedAttached> (*)(const Attached&, const std::string&,
                                               const ImagePolicy&);

Checked<void> check_annotations(const Annotations& wanted, const Annotations& found,
                                const std::string& field) {
  for (const auto& [key, value] : wanted) {
    const auto has = found.find(key);
    if (has == found.end() || has->second != value)
      return refuse("annotation-mismatch", "an annotation that is asked for is not signed",
                    field + "." + key, value, has == found.end() ? std::string() : has->second);
  }
  return {};
}

std::string signer_of(const BundleEvidence& evidence) {
  if (evidence.chain.empty()) return evidence.key_id;
  return evidence.matched_identity + " by " + evidence.identity.issuer;
}

}  // namespace

// Makes the verdicts; the only one that can.
struct ImageJudge {
  const std::string& digest;
  const ImagePolicy& policy;

  Checked<VerifiedAttached> simple_signing(const Attached& attached) const;
  Checked<VerifiedAttached> envelope(const Attached& attached, std::string_view predicate) const;
  Checked<VerifiedAttached> bundle(const Attached& attached, const Bundle& bundle,
                                   std::string_view predicate) const;
  Checked<void> statement(VerifiedAttached& out, std::string_view predicate) const;
  Checked<VerifiedImage> conclude(std::vector<VerifiedAttached> good, std::size_t found) const;

  // A key that is trusted by itself needs neither a certificate nor a log, nor a time.
  bool keys_only() const {
    return policy.trust.identities.empty() && policy.trust.ignore_log &&
           policy.trust.timestamps == 0 && policy.trust.required_log == nullptr;
  }
  // And nothing tells on which of its signatures it can be relied.
  bool keys_alone() const { return keys_only() && !policy.trust.key_trust.has_records(); }
  Checked<Bundle> material_of(const Annotations& annotations) const;
  Checked<std::vector<std::string>> counting(const std::vector<std::string>& keys) const;
};

// What came along with a signature. A certificate says nothing where keys are trusted.
Checked<Bundle> ImageJudge::material_of(const Annotations& annotations) const {
  auto out = bundle_of_layer(annotations);
  if (out && policy.trust.identities.empty()) out->certificates.clear();
  return out;
}

// Of the keys that have signed, without a time, those whose signatures count.
Checked<std::vector<std::string>> ImageJudge::counting(const std::vector<std::string>& keys) const {
  std::vector<std::string> out;
  std::optional<Refusal> why;
  for (const PublicKey& key : policy.trust.keys) {
    if (std::ranges::find(keys, key.id()) == keys.end()) continue;
    if (const auto counts = policy.trust.key_trust.standing(key, {}))
      out.push_back(key.id());
    else if (!why)
      why = counts.error();
  }
  if (out.empty())
    return why ? std::unexpected(*why)
               : refuse("signature-invalid", "no signature by a key that is trusted here", "keys");
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

Checked<VerifiedAttached> ImageJudge::simple_signing(const Attached& attached) const {
  const auto annotation = attached.annotations.find(cosign_signature_annotation);
  const std::string field = std::string("annotations.") + cosign_signature_annotation;
  if (annotation == attached.annotations.end() || annotation->second.empty())
    return refuse("signature-missing", "the layer bears no signature", field);
  const auto signature = unbase64(annotation->second);
  if (!signature) return refuse(signature.error(), field);
  VerifiedAttached out;
  if (keys_alone()) {
    std::set<std::string> keys;
    for (const PublicKey& key : policy.trust.keys)
      if (!keys.contains(key.id()) && signed_by(key, attached.bytes, *signature))
        keys.insert(key.id());
    if (keys.empty())
      return refuse("signature-invalid", "no signature by a key that is trusted here", field);
    out.keys_.assign(keys.begin(), keys.end());
  } else {
    TRY(auto bundle, material_of(attached.annotations));
    bundle.message = MessageSignature{{}, {}, *signature};
    const auto verified =
        verify_bundle(bundle, Artifact::from_bytes(attached.bytes), policy.trust, *policy.root);
    if (!verified) return std::unexpected(verified.error());
    out.evidence_ = verified->evidence();
    out.keys_ = {signer_of(*out.evidence_)};
  }
  const auto payload = parse_simple_signing(attached.bytes);
  if (!payload) return refuse(payload.error(), "payload");
  if (policy.check_claims && payload->digest != digest)
    return refuse("digest-mismatch", "the signature is of another image",
                  "critical.image.docker-manifest-digest", digest, payload->digest);
  TRY_DO(check_annotations(policy.annotations, payload->annotations, "optional"));
  out.attached_ = attached;
  out.payload_ = attached.bytes;
  out.claims_ = payload->annotations;
  return out;
}

// What is said of the image, once it is known that it was signed.
Checked<void> ImageJudge::statement(VerifiedAttached& out, std::string_view predicate) const {
  const auto parsed = parse_statement(out.payload_);
  if (!parsed) return refuse("statement-invalid", parsed.error().what, "payload");
  TRY(const Subject* subject, subject_of(*parsed, digest));
  if (!predicate.empty() && parsed->predicate_type != predicate)
    return refuse("predicate-type-mismatch", "the statement is of another kind",
                  "statement.predicateType", std::string(predicate), parsed->predicate_type);
  TRY_DO(check_annotations(policy.annotations, subject->annotations,
                           "statement.subject[].annotations"));
  out.predicate_type_ = parsed->predicate_type;
  out.claims_ = subject->annotations;
  return {};
}

Checked<VerifiedAttached> ImageJudge::bundle(const Attached& attached, const Bundle& bundle,
                                             std::string_view predicate) const {
  if (!bundle.envelope)
    return refuse("payload-type-mismatch", "a bundle of an image holds a statement about it",
                  "dsseEnvelope", "an envelope", "messageSignature");
  const auto artifact = Artifact::from_digest(digest);
  if (!artifact) return refuse(artifact.error(), "digest");
  BundlePolicy trust = policy.trust;
  trust.predicate_type = predicate;
  TRY(const auto verified, verify_bundle(bundle, *artifact, trust, *policy.root));
  VerifiedAttached out;
  out.attached_ = attached;
  out.evidence_ = verified.evidence();
  out.payload_ = out.evidence_->payload;
  out.envelope_ = write_dsse(*bundle.envelope);
  out.keys_ = {signer_of(*out.evidence_)};
  TRY_DO(statement(out, predicate));
  return out;
}

Checked<VerifiedAttached> ImageJudge::envelope(const Attached& attached,
                                               std::string_view predicate) const {
  auto parsed = parse_dsse(attached.bytes);
  if (!parsed) return refuse(parsed.error(), "envelope");
  // Of several signatures in one envelope none can have a time.
  const bool together = keys_only() && parsed->signatures.size() != 1;
  if (!keys_alone() && !together) {
    TRY(auto bundle_, material_of(attached.annotations));
    bundle_.envelope = std::move(*parsed);
    bundle_.stamped_envelope = attached.bytes;
    return bundle(attached, bundle_, predicate);
  }
  TRY(const auto verified, verify_dsse(*parsed, policy.trust.keys, 1));
  VerifiedAttached out;
  out.attached_ = attached;
  out.payload_ = verified.bytes();
  out.envelope_ = write_dsse(*parsed);
  TRY(out.keys_, counting(verified.keys()));
  TRY_DO(statement(out, predicate));
  return out;
}

Checked<VerifiedImage> ImageJudge::conclude(std::vector<VerifiedAttached> good,
                                            std::size_t found) const {
  if (policy.required == 0)
    return refuse("threshold-invalid", "a threshold of none would trust everybody", "required",
                  "at least 1", "0");
  if (found == 0) return refuse("signature-missing", "the image has none", "image", digest);
  std::set<std::string> keys;
  for (const VerifiedAttached& one : good) keys.insert(one.keys().begin(), one.keys().end());
  if (keys.empty())
    return refuse("signature-invalid", fmt::format("none of the {} that there are holds", found),
                  "image");
  std::set<std::string> holders;
  for (const std::string& key : keys) holders.insert(policy.trust.key_trust.holder_of(key));
  if (holders.size() < policy.required)
    return refuse("threshold-not-met", "too few different keys have signed", "image",
                  fmt::format("{} keys", policy.required), fmt::format("{}", holders.size()));
  VerifiedImage out;
  out.digest_ = digest;
  out.attached_ = std::move(good);
  out.keys_.assign(keys.begin(), keys.end());
  return out;
}

namespace {

struct Pass {
  std::vector<VerifiedAttached> good;
  std::vector<Refused> refused;
  std::size_t found() const { return good.size() + refused.size(); }
};

Result<Pass> judge_all(ArtifactStore& store, const std::string& digest, const ImagePolicy& policy,
                       const CollectOptions& options, JudgeOne judge) {
  TRY(auto collected, collect_attached(store, digest, options));
  Pass out;
  out.refused = std::move(collected.unreadable);
  for (const Attached& attached : collected.attached) {
    auto verdict = judge(attached, digest, policy);
    if (verdict)
      out.good.push_back(std::move(*verdict));
    else
      out.refused.push_back({attached.source, attached.form, std::move(verdict.error())});
  }
  return out;
}

// What several keys say together: the same predicate, however each of them wrote it.
std::string said(const VerifiedAttached& attestation) {
  const auto statement = parse_statement(attestation.payload());
  if (!statement) return attestation.payload();
  const auto canonical = canonical_json(statement->predicate());
  return statement->predicate_type + "\n" + (canonical ? *canonical : attestation.payload());
}

// Moves what too few keys agree on from the good ones to the refused.
void drop_lonely(Pass& pass, std::size_t required, const KeyTrust& trust) {
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& one : pass.good) {
    for (const std::string& key : one.keys()) keys[said(one)].insert(trust.holder_of(key));
  }
  std::erase_if(pass.good, [&](const VerifiedAttached& one) {
    const std::size_t agree = keys[said(one)].size();
    if (agree >= required) return false;
    pass.refused.push_back(
        {one.source(), one.form(),
         refuse("threshold-not-met", "too few different keys have signed this predicate",
                "statement.predicate", fmt::format("{} keys", required), fmt::format("{}", agree))
             .error()});
    return true;
  });
}

}  // namespace

Checked<VerifiedAttached> judge_signature(const Attached& attached, const std::string& digest,
                                          const ImagePolicy& policy) {
  const ImageJudge judge{digest, policy};
  if (attached.form == AttachedForm::simple_signing) return judge.simple_signing(attached);
  TRY(const Bundle bundle, parse_bundle(attached.bytes));
  return judge.bundle(attached, bundle, cosign_sign_predicate);
}

Checked<VerifiedAttached> judge_attestation(const Attached& attached, const std::string& digest,
                                            const ImagePolicy& policy) {
  const ImageJudge judge{digest, policy};
  if (attached.form == AttachedForm::simple_signing)
    return refuse("payload-type-mismatch", "a signature where an attestation is needed", "form");
  if (attached.form == AttachedForm::dsse) return judge.envelope(attached, policy.predicate_type);
  TRY(const Bundle bundle, parse_bundle(attached.bytes));
  return judge.bundle(attached, bundle, policy.predicate_type);
}

Checked<VerifiedImage> verify_signatures(ArtifactStore& store, const std::string& digest,
                                         const ImagePolicy& policy, std::vector<Refused>* refused) {
  CollectOptions options;
  options.bundles = policy.bundles;
  options.predicate_type = cosign_sign_predicate;
  const ImageJudge judge{digest, policy};
  for (const bool last : {false, true}) {
    // A list that somebody wrote back without our signature: the tags of the entries know of it.
    // And what an annotation says of a bundle is signed by nobody.
    options.thorough = last;
    if (last) options.predicate_type.clear();
    auto pass = judge_all(store, digest, policy, options, judge_signature);
    if (!pass) return refuse(pass.error(), "image");
    const std::size_t found = pass->found();
    if (refused) *refused = std::move(pass->refused);
    auto verdict = judge.conclude(std::move(pass->good), found);
    if (verdict || last) return verdict;
  }
  return refuse("signature-missing", "the image has none", "image", digest);
}

Checked<VerifiedImage> verify_detached(const Attached& signature, const std::string& digest,
                                       const ImagePolicy& policy, std::vector<Refused>* refused) {
  std::vector<VerifiedAttached> good;
  auto verdict = judge_signature(signature, digest, policy);
  if (refused) refused->clear();
  if (verdict)
    good.push_back(std::move(*verdict));
  else if (refused)
    refused->push_back({signature.source, signature.form, std::move(verdict.error())});
  return ImageJudge{digest, policy}.conclude(std::move(good), 1);
}

Checked<VerifiedImage> verify_attestations(ArtifactStore& store, const std::string& digest,
                                           const ImagePolicy& policy,
                                           std::vector<Refused>* refused) {
  CollectOptions options;
  options.signatures = false;
  options.bundles = policy.bundles;
  options.predicate_type = policy.predicate_type;
  options.thorough = true;
  const ImageJudge judge{digest, policy};
  for (const bool last : {false, true}) {
    if (last) options.predicate_type.clear();
    auto pass = judge_all(store, digest, policy, options, judge_attestation);
    if (!pass) return refuse(pass.error(), "image");
    const std::size_t found = pass->found();
    if (policy.required > 1) drop_lonely(*pass, policy.required, policy.trust.key_trust);
    if (refused) *refused = std::move(pass->refused);
    auto verdict = judge.conclude(std::move(pass->good), found);
    if (verdict || last) return verdict;
  }
  return refuse("signature-missing", "the image has none", "image", digest);
}

}  // namespace boltseal
