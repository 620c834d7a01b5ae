#include "seal/verify_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/time.h"
#include "seal/required_log.h"
#include "seal/schemes.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

constexpr std::string_view entries_field = "verificationMaterial.tlogEntries";
constexpr std::string_view timestamps_field =
    "verificationMaterial.timestampVerificationData.rfc3161Timestamps";

Checked<void> check_policy(const BundlePolicy& policy) {
  if (policy.keys.empty() == policy.identities.empty())
    return refuse("policy-invalid", "either keys or identities must be trusted", "policy",
                  "keys or identities", policy.keys.empty() ? "none" : "both");
  if (policy.logs == 0)
    return refuse("threshold-invalid", "a threshold of none would trust everybody", "policy.logs",
                  "at least 1", "0");
  if (policy.assumed_time && !policy.ignore_log)
    return refuse("policy-invalid", "a time is assumed only where the log is ignored",
                  "policy.assumedTime", "none", rfc3339(*policy.assumed_time));
  return {};
}

// One bundle's way through the checks. Each step needs what the steps before it have found.
class Judge {
 public:
  Judge(const Bundle& bundle, const Artifact& artifact, const BundlePolicy& policy,
        const TrustedRoot& root)
      : bundle_(bundle), artifact_(artifact), policy_(policy), root_(root) {}

  Checked<BundleEvidence> run() {
    TRY_DO(check_policy(policy_));
    TRY_DO(check_kind_of_signer());
    TRY_DO(bundle_.envelope ? check_statement() : check_message());
    TRY_DO(check_signature());
    TRY_DO(check_entries());
    TRY_DO(check_timestamps());
    TRY_DO(check_times());
    TRY_DO(certified() ? check_certificate() : check_standing());
    return std::move(evidence_);
  }

 private:
  bool certified() const { return !bundle_.certificates.empty(); }

  Checked<void> check_kind_of_signer() const {
    if (certified() && policy_.identities.empty())
      return refuse("signer-kind-mismatch", "signed with a certificate, but a key is trusted",
                    "verificationMaterial", "publicKey", "certificate");
    if (!certified() && policy_.keys.empty())
      return refuse("key-missing",
                    "signed with a key that the bundle does not hold; name it with --key",
                    "verificationMaterial.publicKey", "a key", "identities");
    return {};
  }

  // The digest in the bundle is a hint that nobody vouches for, but a wrong one is another
  // artifact.
  Checked<void> check_message() {
    if (!bundle_.message) return refuse("bundle-invalid", "nothing was signed", "messageSignature");
    const auto name = artifact_.name();
    if (!name) return refuse(name.error(), "artifact");
    evidence_.artifact = *name;
    evidence_.content = "message-signature";
    const MessageSignature& message = *bundle_.message;
    if (!message.hash) return {};
    const auto digest = artifact_.digest(*message.hash);
    if (digest && *digest != message.digest)
      return refuse("artifact-mismatch", "the bundle is of another artifact",
                    "messageSignature.messageDigest", hex(*digest), hex(message.digest));
    return {};
  }

  Checked<void> check_statement() {
    const DsseEnvelope& envelope = *bundle_.envelope;
    const auto name = artifact_.name();
    if (!name) return refuse(name.error(), "artifact");
    if (envelope.payload_type != policy_.payload_type)
      return refuse("payload-type-mismatch", "the envelope holds something else",
                    "dsseEnvelope.payloadType", policy_.payload_type, envelope.payload_type);
    if (envelope.signatures.size() != 1)
      return refuse("signature-missing", "a bundle's envelope has one signature",
                    "dsseEnvelope.signatures", "1", fmt::format("{}", envelope.signatures.size()));
    const auto statement = parse_statement(envelope.payload);
    if (!statement)
      return refuse("statement-invalid", statement.error().what, "dsseEnvelope.payload");
    if (!policy_.predicate_type.empty() && statement->predicate_type != policy_.predicate_type)
      return refuse("predicate-type-mismatch", "the statement is of another kind",
                    "statement.predicateType", policy_.predicate_type, statement->predicate_type);
    if (const auto subject = subject_of(*statement, *name); !subject)
      return std::unexpected(subject.error());
    evidence_.artifact = *name;
    evidence_.content = "dsse-envelope";
    evidence_.payload_type = envelope.payload_type;
    evidence_.payload = envelope.payload;
    evidence_.predicate_type = statement->predicate_type;
    return {};
  }

  Checked<void> signed_with(const PublicKey& key) const {
    if (!bundle_.envelope)
      return verify_artifact_signature(key, artifact_, bundle_.signature(),
                                       "messageSignature.signature");
    const DsseEnvelope& envelope = *bundle_.envelope;
    if (signed_by(key, pre_authentication(envelope.payload_type, envelope.payload),
                  bundle_.signature()))
      return {};
    return refuse("signature-invalid", "the signature is not by the key that it should be by",
                  "dsseEnvelope.signatures[0].sig", "a signature by key " + key.id(), "another");
  }

  Checked<void> check_signature() {
    const std::vector<PublicKey> own =
        certified() ? std::vector{bundle_.certificates.front().public_key()} : policy_.keys;
    std::optional<Refusal> why;
    for (const PublicKey& key : own) {
      const auto good = signed_with(key);
      if (good) {
        key_ = key;
        evidence_.key_id = key.id();
        return {};
      }
      if (!why || why->code == "signature-invalid") why = good.error();
    }
    if (certified()) return std::unexpected(*why);
    return std::unexpected(policy_.key_trust.reason(
        [this](const PublicKey& key) { return signed_with(key).has_value(); }, *why));
  }

  Checked<void> check_standing() {
    TRY(const auto standing, policy_.key_trust.standing(*key_, evidence_.times));
    if (policy_.key_trust.has_records()) evidence_.key_standing = name_of(standing.verdict());
    return {};
  }

  Checked<void> check_entries() {
    std::set<std::pair<std::string, std::uint64_t>> seen;
    std::set<std::string> logs;
    std::optional<Refusal> unknown;
    bool recorded = policy_.required_log == nullptr;
    const SignedThing thing{.signature = bundle_.signature(),
                            .certificate = certified() ? &bundle_.certificates.front() : nullptr,
                            .key = &*key_,
                            .artifact = &artifact_,
                            .envelope = bundle_.envelope ? &*bundle_.envelope : nullptr};
    for (std::size_t i = 0; i < bundle_.entries.size(); ++i) {
      const LogEntry& entry = bundle_.entries[i];
      const std::string path = fmt::format("{}[{}]", entries_field, i);
      if (!seen.emplace(entry.log_id, entry.log_index).second)
        return refuse("log-entry-duplicate", "one entry of one log stands twice", path, "once",
                      fmt::format("index {} twice", entry.log_index));
      auto good = verify_log_entry(entry, thing, root_, policy_.witnesses, path);
      if (!good && good.error().code == "log-unknown") {
        evidence_.passed_over.push_back(good.error().message());
        if (!unknown) unknown = good.error();
        continue;
      }
      if (!good) return std::unexpected(good.error());
      if (good->integrated_time)
        evidence_.times.push_back({"rekor", good->log, *good->integrated_time});
      logs.insert(entry.log_id);
      if (policy_.required_log && policy_.required_log->id() == entry.log_id) {
        TRY_DO(policy_.required_log->has(entry));
        recorded = true;
      }
      evidence_.entries.push_back(*std::move(good));
    }
    if (!recorded)
      return refuse("log-entry-missing", "the log that is asked for has not recorded the signature",
                    std::string(entries_field), policy_.required_log->origin(),
                    fmt::format("{} entries of other logs", bundle_.entries.size()));
    if (policy_.ignore_log || logs.size() >= policy_.logs) return {};
    if (unknown) return std::unexpected(*unknown);
    return refuse("log-entry-missing", "too few transparency logs have the signature",
                  std::string(entries_field), fmt::format("{} logs", policy_.logs),
                  fmt::format("{}", logs.size()));
  }

  // A timestamp by an authority that nobody here knows, or that is no longer trusted, does not
  // count; one that is wrong in itself is refused.
  Checked<void> check_timestamps() {
    std::set<std::string> authorities;
    for (std::size_t i = 0; i < bundle_.timestamps.size(); ++i) {
      const std::string path = fmt::format("{}[{}]", timestamps_field, i);
      auto good = verify_signature_time(bundle_.timestamps[i], bundle_.signature(), root_, path);
      // What holds the signature was not there before the signature was.
      if (!good && good.error().code == "timestamp-mismatch" && !bundle_.stamped_envelope.empty())
        good = verify_signature_time(bundle_.timestamps[i], bundle_.stamped_envelope, root_, path);
      if (good) {
        authorities.insert(good->name);
        evidence_.times.push_back(*std::move(good));
        continue;
      }
      const std::string& code = good.error().code;
      if (code != "timestamp-untrusted" && code != "timestamp-outside-validity" &&
          code != "timestamp-certificate-expired")
        return std::unexpected(good.error());
      evidence_.passed_over.push_back(good.error().message());
      if (!not_counted_) not_counted_ = good.error();
    }
    if (authorities.size() >= policy_.timestamps) return {};
    if (not_counted_) return std::unexpected(*not_counted_);
    return refuse("timestamp-missing", "too few authorities have stamped the signature",
                  std::string(timestamps_field), fmt::format("{} authorities", policy_.timestamps),
                  fmt::format("{}", authorities.size()));
  }

  // Without a time nobody can tell whether a certificate, or a log's key, was good then. An entry
  // whose log did not sign its time must have been made while the log's key was trusted, which
  // another's time shows.
  Checked<void> check_times() {
    if (evidence_.times.empty() && policy_.assumed_time)
      evidence_.times.push_back({"assumed", "", *policy_.assumed_time});
    if (evidence_.times.empty() && (certified() || !policy_.ignore_log)) {
      if (not_counted_) return std::unexpected(*not_counted_);
      return refuse("time-missing", "nothing proves when the signature was made",
                    "verificationMaterial", "a signed time of a log, or a timestamp", "none");
    }
    for (const VerifiedEntry& entry : evidence_.entries) {
      if (entry.integrated_time) continue;
      const TrustedLog* log = root_.log(unhex(entry.log_id).value_or(""));
      const bool held = log && std::ranges::any_of(evidence_.times, [&](const VerifiedTime& time) {
                          return log->valid.contains(time.time);
                        });
      if (!held && !policy_.ignore_log)
        return refuse("log-key-outside-validity",
                      "the log's key is not trusted for the time of the signature",
                      std::string(entries_field), log ? log->valid.text() : "a log",
                      evidence_.times.empty() ? "no time" : rfc3339(evidence_.times[0].time));
    }
    return {};
  }

  Checked<void> check_certificate() {
    const Certificate& leaf = bundle_.certificates.front();
    const auto others = std::span(bundle_.certificates).subspan(1);
    for (const VerifiedTime& time : evidence_.times) {
      auto chain = verify_signing_certificate(leaf, others, root_, time.time);
      if (!chain) return std::unexpected(chain.error());
      if (evidence_.chain.empty()) evidence_.chain = *std::move(chain);
    }
    if (evidence_.chain.size() < 2)
      return refuse("certificate-invalid", "the certificate has no issuer", "certificate");
    if (!policy_.ignore_sct) {
      TRY(evidence_.scts, verify_scts(leaf, evidence_.chain[1], root_));
    }
    TRY(evidence_.identity, identity_of(leaf));
    TRY(evidence_.matched_identity, match_identity(evidence_.identity, policy_.identities));
    return {};
  }

  const Bundle& bundle_;
  const Artifact& artifact_;
  const BundlePolicy& policy_;
  const TrustedRoot& root_;
  BundleEvidence evidence_;
  std::optional<PublicKey> key_;        // that has signed
  std::optional<Refusal> not_counted_;  // the first timestamp that did not count
};

}  // namespace

Checked<void> verify_artifact_signature(const PublicKey& key, const Artifact& artifact,
                                        std::string_view signature, const std::string& field) {
  std::optional<Error> lacking;
  for (const SignatureScheme& scheme : accepted_schemes(key)) {
    const bool whole = key.kind() == KeyKind::ed25519;
    const auto bytes = whole ? artifact.content() : artifact.digest(scheme.hash);
    if (!bytes) {
      lacking = bytes.error();
      continue;
    }
    if (whole ? key.verify(*bytes, signature, scheme) : key.verify_hash(*bytes, signature, scheme))
      return {};
  }
  if (lacking)
    return refuse("artifact-needed", lacking->message(), field, "the artifact", "its digest");
  return refuse("signature-invalid", "the signature is not by the key that it should be by", field,
                "a signature by key " + key.id(), "another");
}

Checked<VerifiedBundle> verify_bundle(const Bundle& bundle, const Artifact& artifact,
                                      const BundlePolicy& policy, const TrustedRoot& root) {
  auto evidence = Judge(bundle, artifact, policy, root).run();
  if (!evidence) return std::unexpected(evidence.error());
  return VerifiedBundle(*std::move(evidence));
}

}  // namespace boltseal
