// What signed records about keys do to verdicts, with timestamps and log entries made here.
#include "seal/key_trust.h"

#include <gtest/gtest.h>

#include <utility>

#include "seal/attached.h"
#include "seal/image_verify.h"
#include "seal/predicate.h"
#include "seal/sigstore_for_tests.h"
#include "seal/simple_signing.h"

namespace boltseal {
namespace {

using test::artifact_bytes;
using test::noon;
using test::Sigstore;

constexpr std::int64_t hour = 3600;

class Trusting : public testing::Test {
 protected:
  Trusting() {
    sigstore.key_policy.ignore_log = true;
    stamped.timestamps = {sigstore.tsa.stamp(stamped.signature(), noon + 3)};
  }
  DsseEnvelope revoked(std::int64_t from, std::vector<std::string> keeps = {}) const {
    const PublicKey& key = sigstore.key.public_key();
    return sign_revocation({key, key, noon + hour, from, "lost", std::move(keeps)}, sigstore.key)
        .value();
  }
  static KeyTrust trust(const std::vector<DsseEnvelope>& records, StandingRules rules = {}) {
    return KeyTrust(KeyRecords::verified(records).value(), rules);
  }
  // The verdict over a bundle: a standing, or the code of the refusal.
  std::string verdict(const Bundle& bundle, KeyTrust key_trust) const {
    BundlePolicy policy = sigstore.key_policy;
    policy.key_trust = std::move(key_trust);
    policy.keys = policy.key_trust.with_successors(policy.keys);
    const auto verified = verify_bundle(bundle, Artifact::from_bytes(std::string(artifact_bytes)),
                                        policy, sigstore.root);
    return verified ? verified->evidence().key_standing : verified.error().code;
  }

  Sigstore sigstore;
  PrivateKey other = *PrivateKey::generate(KeyKind::ecdsa_p256);
  Bundle plain = sigstore.unlogged(false), stamped = plain;
};

TEST_F(Trusting, WithoutRecordsNothingIsSaid) { EXPECT_EQ(verdict(plain, {}), ""); }

TEST_F(Trusting, AKeyThatIsNotRevokedIsValidWithAndWithoutATime) {
  EXPECT_EQ(verdict(plain, trust({})), "valid");
  EXPECT_EQ(verdict(stamped, trust({})), "valid");
}

TEST_F(Trusting, SignedBeforeRevocationProvedByTimestamp) {
  EXPECT_EQ(verdict(stamped, trust({revoked(noon + 4)})), "before-revocation");
}

TEST_F(Trusting, SignedBeforeRevocationProvedByALogsTime) {
  EXPECT_EQ(verdict(sigstore.message(false), trust({revoked(noon + 6)})), "before-revocation");
  EXPECT_EQ(verdict(sigstore.message(false), trust({revoked(noon + 5)})), "key-revoked");
}

TEST_F(Trusting, SignedAfterRevocationIsRefused) {
  EXPECT_EQ(verdict(stamped, trust({revoked(noon + 3)})), "key-revoked");
  EXPECT_EQ(verdict(stamped, trust({revoked(noon - hour)}, {.accept_undecided = true})),
            "key-revoked");
}

TEST_F(Trusting, WithoutProofOfTheTimeNobodyCanTell) {
  EXPECT_EQ(verdict(plain, trust({revoked(noon + hour)})), "key-revocation-undecided");
  EXPECT_EQ(verdict(plain, trust({revoked(noon + hour)}, {.accept_undecided = true})), "undecided");
}

TEST_F(Trusting, ATimeThatNobodyTrustedVouchesForProvesNothing) {
  const auto records = trust({revoked(noon + hour)});
  const auto known = std::exchange(sigstore.root.timestamp_authorities, {});
  EXPECT_EQ(verdict(stamped, records), "key-revocation-undecided");
  sigstore.root.timestamp_authorities = known;
  // A log of the second generation signs no time.
  Bundle bundle = plain;
  bundle.entries = {sigstore.tiled(bundle.signature(), artifact_bytes, false)};
  EXPECT_EQ(verdict(bundle, records), "key-revocation-undecided");
  sigstore.key_policy.assumed_time = noon;
  EXPECT_EQ(verdict(plain, records), "key-revocation-undecided");
  // A timestamp over another signature is no proof, and no accident.
  bundle = plain;
  bundle.timestamps = {sigstore.tsa.stamp("another", noon + 3)};
  EXPECT_EQ(verdict(bundle, records), "timestamp-mismatch");
}

TEST_F(Trusting, TheEarliestOfSeveralTimesCounts) {
  stamped.timestamps.push_back(sigstore.tsa.stamp(stamped.signature(), noon + hour));
  EXPECT_EQ(verdict(stamped, trust({revoked(noon + 4)})), "before-revocation");
}

TEST_F(Trusting, ASuccessorOfAPinnedKeyIsTrusted) {
  const auto record = sign_succession(other, sigstore.key, noon - hour).value();
  sigstore.key_policy.keys = {other.public_key()};
  EXPECT_EQ(verdict(plain, {}), "signature-invalid");
  EXPECT_EQ(verdict(plain, trust({})), "signature-invalid");
  EXPECT_EQ(verdict(plain, trust({record})), "valid");
  // And is judged by what is said of itself.
  EXPECT_EQ(verdict(plain, trust({record, revoked(noon + hour)})), "key-revocation-undecided");
  EXPECT_EQ(verdict(stamped, trust({record, revoked(noon + hour)})), "before-revocation");
}

TEST_F(Trusting, ASuccessionThatARevocationDoesNotKeepIsDoubtful) {
  const auto record = sign_succession(other, sigstore.key, noon - hour).value();
  const KeyRevocation loss{other.public_key(), other.public_key(), noon, noon, "", {}};
  KeyRevocation kept = loss;
  kept.keeps = {sha256_digest(record.payload)};
  sigstore.key_policy.keys = {other.public_key()};
  EXPECT_EQ(verdict(plain, trust({record, sign_revocation(loss, other).value()})),
            "key-succession-undecided");
  EXPECT_EQ(verdict(plain, trust({record, sign_revocation(kept, other).value()})), "valid");
}

TEST_F(Trusting, APinnedKeyWithASuccessorSignsNoMoreWherePolicySaysSo) {
  const auto record = sign_succession(sigstore.key, other, noon).value();
  EXPECT_EQ(verdict(plain, trust({record})), "valid");
  EXPECT_EQ(verdict(plain, trust({record}, {.refuse_superseded = true})), "key-superseded");
  EXPECT_EQ(verdict(stamped, trust({record}, {.refuse_superseded = true})), "key-superseded");
  const auto later = sign_succession(sigstore.key, other, noon + 4).value();
  EXPECT_EQ(verdict(stamped, trust({later}, {.refuse_superseded = true})), "valid");
}

TEST_F(Trusting, KeysThatFollowEachOtherAreOfOneHolder) {
  const PrivateKey third = *PrivateKey::generate(KeyKind::ecdsa_p256);
  const auto set = std::vector{sign_succession(sigstore.key, other, noon).value(),
                               sign_succession(third, other, noon).value()};
  const PublicKey &one = sigstore.key.public_key(), two = other.public_key(),
                  three = third.public_key();
  KeyTrust both = trust(set);
  EXPECT_EQ(both.with_successors({two, one, three}).size(), 3U);
  EXPECT_EQ(both.holder_of(one.id()), both.holder_of(two.id()));
  EXPECT_EQ(both.holder_of(three.id()), both.holder_of(two.id()));
  EXPECT_EQ(both.holder_of("stranger"), "stranger");
}

class TrustingImages : public Trusting {
 protected:
  TrustingImages() {
    policy.trust = sigstore.key_policy;
    policy.root = &sigstore.root;
  }
  // cosign's form, with its annotation of a timestamp.
  Attached legacy(std::optional<std::int64_t> moment) const {
    Attached out{AttachedForm::simple_signing,
                 "tag",
                 write_simple_signing("reg.example/app", digest, {}),
                 {},
                 {}};
    const std::string signature = *sigstore.key.sign(out.bytes);
    return with_signature(std::move(out), signature, moment);
  }
  Attached attestation(std::vector<const Signer*> signers,
                       std::optional<std::int64_t> moment) const {
    const auto envelope = *sign_dsse(in_toto_payload, Sigstore::statement_text(), signers);
    Attached out{AttachedForm::dsse, "tag", write_dsse(envelope), {}, {}};
    return with_signature(std::move(out), envelope.signatures[0].signature, moment);
  }
  Attached with_signature(Attached out, const std::string& signature,
                          std::optional<std::int64_t> moment) const {
    if (out.form == AttachedForm::simple_signing)
      out.annotations[cosign_signature_annotation] = base64(signature);
    if (moment)
      out.annotations["dev.sigstore.cosign/rfc3161timestamp"] = fmt::format(
          R"({{"SignedRFC3161Timestamp":"{}"}})", base64(sigstore.tsa.stamp(signature, *moment)));
    return out;
  }
  std::string verdict(const Attached& attached) const {
    const auto verified = attached.form == AttachedForm::dsse
                              ? judge_attestation(attached, digest, policy)
                              : judge_signature(attached, digest, policy);
    return verified ? fmt::format("{} keys", verified->keys().size()) : verified.error().code;
  }

  const std::string digest = "sha256:" + sha256_hex(artifact_bytes);
  ImagePolicy policy;
};

TEST_F(TrustingImages, LegacySignaturesAreJudgedByTheirTimestamp) {
  policy.trust.key_trust = trust({revoked(noon + 60)});
  EXPECT_EQ(verdict(legacy(noon)), "1 keys");
  EXPECT_EQ(verdict(legacy(noon + 60)), "key-revoked");
  EXPECT_EQ(verdict(legacy(std::nullopt)), "key-revocation-undecided");
  auto certified = legacy(noon);  // a certificate beside it says nothing where a key is trusted
  certified.annotations["dev.sigstore.cosign/certificate"] = sigstore.leaf.pem();
  EXPECT_EQ(verdict(certified), "1 keys");
}

TEST_F(TrustingImages, LegacyAttestationsAreToo) {
  policy.trust.key_trust = trust({revoked(noon + 60)});
  EXPECT_EQ(verdict(attestation({&sigstore.key}, noon)), "1 keys");
  EXPECT_EQ(verdict(attestation({&sigstore.key}, noon + 60)), "key-revoked");
  EXPECT_EQ(verdict(attestation({&sigstore.key}, std::nullopt)), "key-revocation-undecided");
}

TEST_F(TrustingImages, OfAnEnvelopeOfSeveralOnlyTheKeysThatMaySignCount) {
  policy.trust.keys.push_back(other.public_key());
  EXPECT_EQ(verdict(attestation({&sigstore.key, &other}, std::nullopt)), "2 keys");
  policy.trust.key_trust = trust({revoked(noon + 60)});
  EXPECT_EQ(verdict(attestation({&sigstore.key, &other}, std::nullopt)), "1 keys");
  policy.trust.keys.pop_back();
  EXPECT_EQ(verdict(attestation({&sigstore.key, &other}, std::nullopt)),
            "key-revocation-undecided");
}

TEST_F(TrustingImages, ATimestampThatIsAskedForIsAskedForInEveryForm) {
  policy.trust.timestamps = 1;
  EXPECT_EQ(verdict(legacy(std::nullopt)), "timestamp-missing");
  EXPECT_EQ(verdict(legacy(noon)), "1 keys");
  EXPECT_EQ(verdict(attestation({&sigstore.key}, std::nullopt)), "timestamp-missing");
  EXPECT_EQ(verdict(attestation({&sigstore.key}, noon)), "1 keys");
}

}  // namespace
}  // namespace boltseal
