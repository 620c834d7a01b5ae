#include "custody/witness_verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"
#include "codec/value.h"
#include "crypto/timestamp.h"
#include "custody/witness_collection.h"
#include "seal/dsse.h"
#include "seal/schemes.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

constexpr std::size_t attestation_limit = 1000, certificate_limit = 16;

// One signature with what came beside it; nobody vouches for that.
struct Signature {
  std::string bytes;
  std::vector<Certificate> certificates;  // the signer's first; empty: by key
  std::vector<std::string> timestamps;
};

struct Attestation {
  std::size_t number = 0;
  std::string message;
  Statement statement;
  WitnessCollection collection;
  std::vector<Signature> signatures;
};

Result<Signature> signature_of(const Value& entry, const DsseSignature& signature) {
  Signature out{signature.signature, {}, signature.timestamps};
  std::vector<std::string_view> texts;
  if (entry["certificate"]) texts.push_back(entry["certificate"].text());
  for (const Value& item : entry["intermediates"].items()) texts.push_back(item.text());
  for (const std::string_view text : texts) {
    TRY(const std::string pem, unbase64(text));
    TRY(auto some, Certificate::all_from_file(pem));
    out.certificates.insert(out.certificates.end(), some.begin(), some.end());
    if (out.certificates.size() > certificate_limit)
      return fail(Fault::too_large, "a signature with more than 16 certificates");
  }
  return out;
}

Result<Attestation> attestation_of(std::string_view json, std::size_t number) {
  TRY(const auto document, parse_json(json));
  TRY(const auto envelope, read_dsse(document.root()));
  if (envelope.payload_type != in_toto_payload)
    return fail(Fault::unsupported,
                "an envelope of another type: " + printable(envelope.payload_type));
  TRY(auto statement, parse_statement(envelope.payload));
  TRY(auto collection, read_witness_collection(statement));
  Attestation out{number,
                  pre_authentication(envelope.payload_type, envelope.payload),
                  std::move(statement),
                  std::move(collection),
                  {}};
  for (std::size_t i = 0; i < envelope.signatures.size(); ++i) {
    TRY(auto signature, signature_of(document["signatures"][i], envelope.signatures[i]));
    out.signatures.push_back(std::move(signature));
  }
  return out;
}

class Verifier {
 public:
  Verifier(const CollectionPolicy& policy, std::vector<Attestation> all, std::int64_t now)
      : policy_(policy), all_(std::move(all)), now_(now) {
    for (const auto& [id, authority] : policy.timestamp_authorities) {
      stampers_.push_back(authority.root);
      others_.insert(others_.end(), authority.intermediates.begin(), authority.intermediates.end());
    }
  }

  Checked<std::vector<WitnessEvidence>> run(const std::string& artifact) {
    std::vector<WitnessEvidence> out;
    for (const WitnessStep& step : policy_.steps) {
      TRY(auto evidence, of_step(step));
      out.push_back(std::move(evidence));
    }
    for (const WitnessStep& step : policy_.steps) TRY_DO(check_artifacts(step));
    for (const auto& [step, attestation] : held_)
      if (subject_of(attestation->statement, artifact)) return out;
    return refuse("subject-mismatch", "no collection of the policy's steps is about the artifact",
                  "subject", artifact, {});
  }

 private:
  Checked<WitnessEvidence> of_step(const WitnessStep& step) {
    std::vector<std::string> reasons;
    for (const Attestation& attestation : all_) {
      if (attestation.collection.step != step.name) continue;
      const auto signer = signer_of(attestation, step);
      if (!signer) {
        reasons.push_back(signer.error().message());
        continue;
      }
      if (attestation.collection.exit_code.value_or(0) != 0) {
        reasons.push_back(
            fmt::format("its command ended with {}", *attestation.collection.exit_code));
        continue;
      }
      const auto missing = std::ranges::find_if(step.attestations, [&](const std::string& type) {
        const auto& there = attestation.collection.attestors;
        return std::ranges::find(there, type) == there.end();
      });
      if (missing != step.attestations.end()) {
        reasons.push_back("no attestation of the type " + *missing);
        continue;
      }
      held_.emplace(step.name, &attestation);
      return WitnessEvidence{step.name, *signer, attestation.number};
    }
    return refuse("witness-step-missing",
                  reasons.empty() ? "no collection of the step is here" : join(reasons, "; "),
                  "step " + step.name, "a collection by one of its functionaries",
                  fmt::format("{} that do not hold", reasons.size()));
  }

  Checked<std::string> signer_of(const Attestation& attestation, const WitnessStep& step) const {
    Refusal last{"signature-invalid",
                 "signatures",
                 "a functionary of the step",
                 {},
                 "no signature is by a functionary of the step"};
    for (const Signature& signature : attestation.signatures) {
      for (const WitnessFunctionary& functionary : step.functionaries) {
        const auto key = policy_.keys.find(functionary.key_id);
        if (key != policy_.keys.end() &&
            signed_by(key->second, attestation.message, signature.bytes))
          return functionary.key_id;
        if (!functionary.constraint || signature.certificates.empty()) continue;
        auto good = by_certificate(attestation, signature, *functionary.constraint);
        if (good) return signature.certificates.front().subject_text();
        last = std::move(good).error();
      }
    }
    return std::unexpected(std::move(last));
  }

  Checked<void> by_certificate(const Attestation& attestation, const Signature& signature,
                               const WitnessConstraint& constraint) const {
    const Certificate& leaf = signature.certificates.front();
    if (!signed_by(leaf.public_key(), attestation.message, signature.bytes))
      return refuse("signature-invalid", "the signature is not by the certificate's key",
                    "signatures", leaf.subject_text());
    TRY_DO(check_witness_names(leaf, constraint));
    const auto usage = leaf.key_usage();
    const auto constraints = leaf.basic_constraints();
    if (!usage || !constraints || (*usage && !(*usage)->digital_signature) ||
        (*constraints && (*constraints)->ca))
      return refuse("certificate-purpose", "the certificate is not for signatures", "certificate",
                    "digitalSignature, no CA", leaf.subject_text());
    const std::int64_t moment = time_of(signature);
    ChainError last{ChainFault::untrusted,
                    "no root of the functionary is in the policy",
                    leaf.subject_text(),
                    join(constraint.roots, ", "),
                    {}};
    for (const auto& [id, root] : policy_.roots) {
      const bool any = constraint.roots == std::vector<std::string>{"*"};
      if (!any && std::ranges::find(constraint.roots, id) == constraint.roots.end()) continue;
      std::vector<Certificate> others(signature.certificates.begin() + 1,
                                      signature.certificates.end());
      others.insert(others.end(), root.intermediates.begin(), root.intermediates.end());
      const auto chain = verify_chain(leaf, {{&root.root, 1}, others, moment});
      if (chain) return {};
      last = chain.error();
    }
    return refuse(
        last.fault == ChainFault::expired ? "certificate-expired" : "certificate-untrusted",
        last.what, "certificate", last.wanted, last.found);
  }

  // By the first timestamp of an authority of the policy; without one it is as if signed now.
  std::int64_t time_of(const Signature& signature) const {
    for (const std::string& timestamp : signature.timestamps) {
      const auto verified = verify_timestamp(timestamp, signature.bytes, {stampers_, others_});
      if (verified) return verified->time;
    }
    return now_;
  }

  // A file that a step took from another must be what that one left, made or untouched; and it must
  // have taken one, or nobody has seen that the two belong together.
  Checked<void> check_artifacts(const WitnessStep& step) const {
    const auto& materials = held_.at(step.name)->collection.materials;
    for (const std::string& from : step.artifacts_from) {
      const WitnessCollection& before = held_.at(from)->collection;
      bool took = false;
      for (const auto& [path, digest] : materials) {
        const auto product = before.products.find(path), material = before.materials.find(path);
        if (product == before.products.end() && material == before.materials.end()) continue;
        took = true;
        const std::string& left =
            product == before.products.end() ? material->second : product->second;
        if (digest.empty() || left != digest)
          return refuse("witness-artifact-mismatch",
                        fmt::format("{} was changed between {} and {}", path, from, step.name),
                        "step " + step.name, left, digest);
      }
      if (!took)
        return refuse("witness-artifact-mismatch",
                      fmt::format("{} took nothing that {} left", step.name, from),
                      "step " + step.name, "a file of " + from, "none");
    }
    return {};
  }

  const CollectionPolicy& policy_;
  std::vector<Attestation> all_;
  std::int64_t now_;
  std::vector<Certificate> stampers_, others_;
  std::map<std::string, const Attestation*> held_;  // by step
};

}  // namespace

Checked<std::vector<WitnessEvidence>> verify_witness(const WitnessQuestion& question) {
  TRY(const auto envelope, readable(parse_dsse(question.policy), "policy"));
  TRY(const auto payload, verify_dsse(envelope, question.owners, 1, witness_policy_type));
  TRY(const auto policy, readable(parse_witness_policy(payload.bytes()), "policy"));
  if (policy.expires < question.now)
    return refuse("witness-policy-expired", "the policy's time is over", "policy.expires",
                  "after " + rfc3339(question.now), rfc3339(policy.expires));
  if (question.attestations.size() > attestation_limit)
    return refuse("too-large", "more than 1,000 attestations", "attestations");
  std::vector<Attestation> all;
  for (std::size_t i = 0; i < question.attestations.size(); ++i) {
    TRY(auto one,
        readable(attestation_of(question.attestations[i], i), fmt::format("attestations[{}]", i)));
    all.push_back(std::move(one));
  }
  return Verifier(policy, std::move(all), question.now).run(question.artifact);
}

}  // namespace boltseal
