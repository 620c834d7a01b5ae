#include "seal/notation_verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "codec/value.h"
#include "crypto/timestamp.h"

namespace boltseal {
namespace {

std::optional<Refusal> taken(Checked<std::monostate> result) {
  if (result) return std::nullopt;
  return std::move(result).error();
}

// What was signed must be what is at hand.
Checked<std::monostate> check_target(const NotationSignature& signature,
                                     const NotationTarget& target) {
  if (signature.payload_type != notation_payload)
    return refuse("payload-type-mismatch", "the signature is of something else", "cty",
                  std::string(notation_payload), signature.payload_type);
  const auto document = parse_json(signature.payload);
  if (!document) return refuse(document.error(), "payload");
  const Value& artifact = (*document)["targetArtifact"];
  if (!repeated_member(document->root()).empty() || !repeated_member(artifact).empty() ||
      !repeated_member(artifact["annotations"]).empty())
    return refuse("payload-invalid", "the payload has a member twice", "payload");
  if (artifact["digest"].text() != target.digest)
    return refuse("subject-mismatch", "the signature is of another artifact",
                  "targetArtifact.digest", target.digest, artifact["digest"].string());
  const auto size = artifact["size"].integer();
  if (!size || *size < 0 || static_cast<std::uint64_t>(*size) != target.size)
    return refuse("subject-mismatch", "the signature is of another size", "targetArtifact.size",
                  fmt::format("{}", target.size), artifact["size"].scalar());
  if (!target.media_type.empty() && artifact["mediaType"].text() != target.media_type)
    return refuse("subject-mismatch", "the signature is of another type",
                  "targetArtifact.mediaType", target.media_type, artifact["mediaType"].string());
  for (const auto& [key, value] : target.annotations) {
    if (artifact["annotations"][key].text() != value || !artifact["annotations"][key].is_text())
      return refuse("annotation-mismatch", "the signature does not carry the wanted metadata",
                    fmt::format("targetArtifact.annotations.{}", key), value,
                    artifact["annotations"][key].string());
  }
  return {};
}

Checked<std::monostate> check_identity(const Certificate& leaf, const NotationPolicy& policy) {
  if (policy.any_identity) return {};
  DistinguishedName name;
  for (const NameAttribute& attribute : leaf.subject()) {
    if (!name.emplace(attribute.short_name, attribute.value).second)
      return refuse("identity-mismatch", "the signer's name has an attribute twice", "subject", {},
                    leaf.subject_text());
  }
  const bool known = std::ranges::any_of(
      policy.identities, [&](const DistinguishedName& wanted) { return is_part_of(wanted, name); });
  if (known) return {};
  return refuse("identity-mismatch",
                fmt::format("the trust policy \"{}\" does not trust the signer", policy.name),
                "subject", "one of trustedIdentities", leaf.subject_text());
}

Checked<std::monostate> check_authenticity(const NotationSignature& signature,
                                           const std::vector<Certificate>& chain,
                                           const NotationPolicy& policy,
                                           const NotationTrust& trust) {
  const auto& anchors =
      signature.signing_scheme == scheme_authority ? trust.signing_authority : trust.ca;
  const bool trusted = std::ranges::any_of(chain, [&](const Certificate& certificate) {
    return std::ranges::find(anchors, certificate) != anchors.end();
  });
  if (!trusted)
    return refuse("certificate-untrusted",
                  "no certificate of the chain is in a trust store of the policy", "x5c",
                  fmt::format("{}", fmt::join(policy.stores, ", ")), chain.back().subject_text());
  return check_identity(chain.front(), policy);
}

Checked<std::monostate> check_validity(const std::vector<Certificate>& chain, std::int64_t moment,
                                       std::string_view whose) {
  for (const Certificate& certificate : chain) {
    if (!certificate.valid_at(moment))
      return refuse("certificate-expired",
                    fmt::format("{} was not valid at {}", certificate.subject_text(), whose),
                    "validity",
                    fmt::format("{} to {}", rfc3339(certificate.not_before()),
                                rfc3339(certificate.not_after())),
                    rfc3339(moment));
  }
  return {};
}

Checked<std::monostate> check_expiry(const NotationSignature& signature, std::int64_t now) {
  if (signature.expiry && now >= *signature.expiry)
    return refuse("signature-expired", "the signature's own time is over", "expiry",
                  "after " + rfc3339(now), rfc3339(*signature.expiry));
  return {};
}

// A certificate that names a place to ask at is undecided until its issuer says something that
// holds now, and undecided is no yes.
Checked<std::monostate> check_revocation(const std::vector<Certificate>& chain,
                                         const NotationTrust& trust, RevocationFetcher* fetcher,
                                         std::int64_t now,
                                         std::optional<std::int64_t> signing_time) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    const auto answer =
        fetcher ? fetcher->ask(chain[i], chain[i + 1], trust.revocations, now, signing_time)
                : revocation_of(chain[i], chain[i + 1], trust.revocations, now, signing_time);
    if (answer.state == Revocation::revoked)
      return refuse("certificate-revoked", "the certificate was revoked", "revocation",
                    "not revoked",
                    fmt::format("{} at {}", chain[i].subject_text(), rfc3339(answer.since)));
    if (answer.state == Revocation::undecided)
      return refuse("revocation-undecided",
                    fmt::format("the certificate may be revoked and its issuer says nothing that "
                                "holds now{}; give a list or an answer of it, or let the policy "
                                "override revocation with log or skip",
                                fetcher ? " (" + join(fetcher->trouble(), "; ") + ")" : ""),
                    "revocation", "not revoked", chain[i].subject_text());
  }
  return {};
}

}  // namespace

Result<NotationTrust> read_notation_trust(const std::string& directory,
                                          const NotationPolicy& policy) {
  NotationTrust out;
  const auto add = [&](std::string_view type, std::vector<Certificate>& to) -> Result<> {
    for (const std::string& name : policy.stores_of(type)) {
      TRY(auto certificates, read_trust_store(directory, type, name));
      to.insert(to.end(), certificates.begin(), certificates.end());
    }
    return {};
  };
  TRY_DO(add("ca", out.ca));
  TRY_DO(add("signingAuthority", out.signing_authority));
  TRY_DO(add("tsa", out.tsa));
  return out;
}

class NotationVerifier {
 public:
  NotationVerifier(const NotationPolicy& policy, const NotationTrust& trust, std::int64_t now)
      : policy_(policy), trust_(trust), now_(now) {}

  Checked<VerifiedNotation> run(std::string_view media_type, std::string_view envelope,
                                const NotationTarget& target) {
    if (policy_.skip)
      return refuse("policy-skips",
                    fmt::format("the trust policy \"{}\" verifies nothing", policy_.name),
                    "signatureVerification.level", "another level", "skip");
    auto signature = parse_notation(media_type, envelope);
    if (!signature) return refuse(signature.error(), "envelope");
    out_.signature_ = std::move(*signature);
    // Integrity is enforced at every level, and without it there is nothing more to look at.
    if (auto integrity = check_integrity(target); !integrity)
      return std::unexpected(std::move(integrity).error());
    out_.outcomes_.push_back({NotationCheck::integrity, NotationAction::enforce, std::nullopt});
    const auto& chain = out_.chain_;
    const auto authentic = check_authenticity(out_.signature_, chain, policy_, trust_);
    note(NotationCheck::authenticity, authentic);
    note(NotationCheck::expiry, check_expiry(out_.signature_, now_));
    note(NotationCheck::authentic_timestamp, check_time());
    if (asks_for_revocation()) {
      // Only certificates that are trusted choose whom we talk to, and only where it still matters.
      RevocationFetcher* fetcher = authentic && !refusal_ ? trust_.fetcher : nullptr;
      note(NotationCheck::revocation,
           check_revocation(chain, trust_, fetcher, now_, out_.timestamp_));
    }
    if (refusal_) return std::unexpected(std::move(*refusal_));
    return std::move(out_);
  }

 private:
  Checked<std::monostate> check_integrity(const NotationTarget& target) {
    const NotationSignature& signature = out_.signature_;
    for (std::size_t i = 0; i < signature.certificates.size(); ++i) {
      auto certificate = Certificate::from_der(signature.certificates[i]);
      if (!certificate) return refuse(certificate.error(), fmt::format("x5c[{}]", i));
      out_.chain_.push_back(std::move(*certificate));
    }
    if (auto chain = check_notation_chain(out_.chain_); !chain) return chain;
    const PublicKey& key = out_.chain_.front().public_key();
    const auto algorithm = notation_algorithm(key);
    if (!algorithm) return refuse(algorithm.error(), "x5c[0]");
    if (signature.algorithm != *algorithm)
      return refuse("algorithm-mismatch", "the algorithm is not the one that goes with the key",
                    "alg", *algorithm, signature.algorithm);
    if (!signed_by_notation_key(signature, key))
      return refuse("signature-invalid", "the signature is not by the certificate's key",
                    "signature");
    if (!signature.verification_plugin.empty())
      return refuse("plugin-missing",
                    "the signature can be judged by a plugin only, and there are none here",
                    "io.cncf.notary.verificationPlugin", {}, signature.verification_plugin);
    return check_target(signature, target);
  }

  // When it was signed: by a timestamp, by an authority's word, or at the latest now.
  Checked<std::monostate> check_time() {
    const NotationSignature& signature = out_.signature_;
    const auto& chain = out_.chain_;
    if (signature.signing_scheme == scheme_authority)
      return check_validity(chain, signature.signed_at.value_or(0), "the time of signing");
    const bool expired = std::ranges::any_of(
        chain, [&](const Certificate& certificate) { return now_ > certificate.not_after(); });
    if (trust_.tsa.empty() || (policy_.timestamp_after_expiry_only && !expired))
      return check_validity(chain, now_, "the time of verification");
    if (signature.timestamp_token.empty())
      return refuse("timestamp-missing", "the policy wants a timestamp and there is none",
                    "io.cncf.notary.timestampSignature");
    const auto timestamp =
        verify_timestamp(signature.timestamp_token, signature.signature, {trust_.tsa, {}});
    if (!timestamp)
      return refuse("timestamp-invalid", timestamp.error().what,
                    "io.cncf.notary.timestampSignature", timestamp.error().wanted,
                    timestamp.error().found);
    out_.timestamp_ = timestamp->time;
    if (auto good = check_validity(chain, timestamp->time, "the time of the timestamp"); !good)
      return good;
    if (!asks_for_revocation()) return {};
    return check_revocation(timestamp->chain, trust_, refusal_ ? nullptr : trust_.fetcher, now_,
                            std::nullopt);
  }

  bool asks_for_revocation() const {
    return policy_.action(NotationCheck::revocation) != NotationAction::skip;
  }

  void note(NotationCheck check, Checked<std::monostate> result) {
    const NotationAction action = policy_.action(check);
    if (action == NotationAction::skip) return;
    auto refusal = taken(std::move(result));
    if (refusal && action == NotationAction::enforce && !refusal_) refusal_ = refusal;
    out_.outcomes_.push_back({check, action, std::move(refusal)});
  }

  const NotationPolicy& policy_;
  const NotationTrust& trust_;
  std::int64_t now_;
  VerifiedNotation out_;
  std::optional<Refusal> refusal_;  // the first that the policy enforces
};

Checked<VerifiedNotation> verify_notation(std::string_view media_type, std::string_view envelope,
                                          const NotationTarget& target,
                                          const NotationPolicy& policy, const NotationTrust& trust,
                                          std::int64_t now) {
  return NotationVerifier(policy, trust, now).run(media_type, envelope, target);
}

}  // namespace boltseal
