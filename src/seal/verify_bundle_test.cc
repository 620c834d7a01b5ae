#include "seal/verify_bundle.h"

#include <gtest/gtest.h>

#include <functional>

#include "seal/sigstore_for_tests.h"

namespace boltseal {
namespace {

using test::day;
using test::noon;
using test::Sigstore;

std::string verdict(const Sigstore& world, const Bundle& bundle, const BundlePolicy& policy,
                    std::string_view artifact = test::artifact_bytes) {
  const auto good =
      verify_bundle(bundle, Artifact::from_bytes(std::string(artifact)), policy, world.root);
  return good ? "good" : good.error().code;
}

TEST(VerifyBundle, TakesWhatHolds) {
  const Sigstore world;
  EXPECT_EQ(verdict(world, world.message(), world.policy), "good");
  EXPECT_EQ(verdict(world, world.message(false), world.key_policy), "good");
  EXPECT_EQ(verdict(world, world.tiled_message(), world.policy), "good");
  EXPECT_EQ(verdict(world, world.tiled_message(false), world.key_policy), "good");
  EXPECT_EQ(verdict(world, world.statement(Sigstore::statement_text()), world.policy), "good");
  EXPECT_EQ(verdict(world, world.statement(Sigstore::statement_text(), true), world.policy),
            "good");
}

TEST(VerifyBundle, GivesEvidence) {
  const Sigstore world;
  const auto artifact = Artifact::from_bytes(std::string(test::artifact_bytes));
  const auto good = verify_bundle(world.tiled_message(), artifact, world.policy, world.root);
  ASSERT_TRUE(good) << good.error().message();
  const BundleEvidence& evidence = good->evidence();
  EXPECT_EQ(evidence.artifact, sha256_digest(test::artifact_bytes));
  EXPECT_EQ(evidence.matched_identity, "me@example.org");
  EXPECT_EQ(evidence.identity.issuer, "https://id.example");
  ASSERT_EQ(evidence.entries.size(), 1U);
  EXPECT_EQ(evidence.entries[0].log, "https://tiles.example");
  EXPECT_EQ(evidence.entries[0].tree_size, 5U);
  EXPECT_FALSE(evidence.entries[0].integrated_time);
  ASSERT_EQ(evidence.times.size(), 1U);
  EXPECT_EQ(evidence.times[0].time, noon + 3);
  EXPECT_EQ(evidence.chain.size(), 2U);
  EXPECT_EQ(evidence.scts.size(), 1U);
}

TEST(VerifyBundle, SurvivesItsFile) {
  const Sigstore world;
  for (const Bundle& bundle : {world.message(false), world.tiled_message(),
                               world.statement(Sigstore::statement_text(), true)}) {
    const auto read = parse_bundle(write_bundle(bundle));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(verdict(world, *read, bundle.certificates.empty() ? world.key_policy : world.policy),
              "good");
    EXPECT_EQ(write_bundle(*read), write_bundle(bundle));
  }
}

TEST(VerifyBundle, KnowsAnArtifactByItsDigestAlone) {
  const Sigstore world;
  const auto digest = *Artifact::from_digest(sha256_digest(test::artifact_bytes));
  EXPECT_TRUE(verify_bundle(world.message(), digest, world.policy, world.root));
  const auto other = *Artifact::from_digest(sha256_digest("other"));
  EXPECT_EQ(verify_bundle(world.message(), other, world.policy, world.root).error().code,
            "artifact-mismatch");
}

// What is changed about a good bundle, its judges or its artifact, and the refusal that must come.
struct Change {
  const char* name;
  const char* code;
  std::function<void(Sigstore&, Bundle&)> change;
  bool tiled = false;
  const char* artifact = nullptr;
};
void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }

class Changed : public testing::TestWithParam<Change> {};

TEST_P(Changed, IsRefused) {
  Sigstore world;
  Bundle bundle = GetParam().tiled ? world.tiled_message() : world.message();
  ASSERT_EQ(verdict(world, bundle, world.policy), "good");
  GetParam().change(world, bundle);
  EXPECT_EQ(verdict(world, bundle, world.policy,
                    GetParam().artifact ? GetParam().artifact : test::artifact_bytes),
            GetParam().code);
}

const std::vector<Change> changes = {
    // Whom and how much to trust.
    {"no_one", "policy-invalid", [](auto& w, auto&) { w.policy.identities.clear(); }},
    {"both", "policy-invalid", [](auto& w, auto&) { w.policy.keys = w.key_policy.keys; }},
    {"no_logs", "threshold-invalid", [](auto& w, auto&) { w.policy.logs = 0; }},
    {"assumed_time", "policy-invalid", [](auto& w, auto&) { w.policy.assumed_time = noon; }},
    {"two_logs", "log-entry-missing", [](auto& w, auto&) { w.policy.logs = 2; }},
    {"a_stamp_too", "timestamp-missing", [](auto& w, auto&) { w.policy.timestamps = 1; }},
    {"two_stamps", "timestamp-missing", [](auto& w, auto&) { w.policy.timestamps = 2; }, true},
    {"key_wanted", "signer-kind-mismatch", [](auto& w, auto&) { w.policy = w.key_policy; }},
    {"no_certificate", "key-missing", [](auto&, auto& b) { b.certificates.clear(); }},
    // The artifact and its signature.
    {"another_artifact", "artifact-mismatch", [](auto&, auto&) {}, false, "another"},
    {"another_without_hint", "signature-invalid", [](auto&, auto& b) { b.message->hash.reset(); },
     false, "another"},
    {"hint_wrong", "artifact-mismatch",
     [](auto&, auto& b) { b.message->digest = hash(HashKind::sha256, "x"); }},
    {"signature_of_another_key", "signature-invalid",
     [](auto& w, auto& b) { b.message->signature = *w.ca_key.sign(test::artifact_bytes); }},
    {"nothing_signed", "bundle-invalid", [](auto&, auto& b) { b.message.reset(); }},
    // The log: row 19 (entry of another artifact), row 20 (duplicates).
    {"no_entry", "log-entry-missing", [](auto&, auto& b) { b.entries.clear(); }},
    {"entry_of_another_artifact", "log-entry-digest-mismatch",
     [](auto& w, auto& b) { b.entries = {w.hashedrekord(b.signature(), "another", true)}; }},
    {"entry_of_another_signature", "log-entry-signature-mismatch",
     [](auto& w, auto& b) {
       b.entries = {w.hashedrekord(*w.key.sign(test::artifact_bytes), test::artifact_bytes, true)};
     }},
    {"entry_of_a_key", "log-entry-signer-mismatch",
     [](auto& w, auto& b) {
       b.entries = {w.hashedrekord(b.signature(), test::artifact_bytes, false)};
     }},
    {"entry_of_an_envelope", "log-entry-kind-mismatch",
     [](auto& w, auto& b) { b.entries = {w.dsse(b.signature(), test::artifact_bytes, true)}; }},
    {"entry_of_unknown_kind", "log-entry-unsupported",
     [](auto& w, auto& b) {
       b.entries = {
           w.logged(R"({"apiVersion":"0.0.1","kind":"rpm","spec":{}})", "rpm", "0.0.1", false)};
     }},
    {"kind_not_that_of_the_body", "log-entry-invalid",
     [](auto&, auto& b) { b.entries[0].kind = "dsse"; }},
    {"body_with_a_member_twice", "log-entry-invalid",
     [](auto& w, auto& b) {
       b.entries = {w.logged(R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{},"Spec":{}})",
                             "hashedrekord", "0.0.1", false)};
     }},
    {"duplicate", "log-entry-duplicate", [](auto&, auto& b) { b.entries.push_back(b.entries[0]); }},
    {"duplicate_counted_once", "log-entry-missing",
     [](auto& w, auto& b) {
       w.policy.logs = 2;
       LogEntry again = b.entries[0];
       again.log_index += 1;
       w.promise(again);
       b.entries.push_back(again);
     }},
    {"unknown_log", "log-unknown", [](auto& w, auto&) { w.root.logs.clear(); }},
    {"no_proof_at_all", "log-proof-missing",
     [](auto&, auto& b) { b.entries[0].promise.clear(), b.entries[0].proof.reset(); }},
    {"promise_for_another_time", "log-promise-invalid",
     [](auto&, auto& b) { b.entries[0].integrated_time += 1; }},
    {"promise_for_another_index", "log-promise-invalid",
     [](auto&, auto& b) { b.entries[0].log_index += 1; }},
    {"log_key_not_yet", "log-key-outside-validity",
     [](auto& w, auto&) { w.root.logs[0].valid.start = noon + 6; }},
    {"log_key_no_longer", "log-key-outside-validity",
     [](auto& w, auto&) { w.root.logs[0].valid.end = noon + 4; }},
    {"body_changed", "log-promise-invalid", [](auto&, auto& b) { b.entries[0].body += " "; }},
    {"body_changed_without_promise", "inclusion-proof-invalid",
     [](auto&, auto& b) { b.entries[0].promise.clear(), b.entries[0].body += " "; }},
    {"proof_hash", "inclusion-proof-invalid",
     [](auto&, auto& b) { b.entries[0].proof->hashes[0][0] ^= 1; }},
    {"proof_too_short", "inclusion-proof-invalid",
     [](auto&, auto& b) { b.entries[0].proof->hashes.pop_back(); }},
    {"proof_for_another_leaf", "inclusion-proof-invalid",
     [](auto&, auto& b) { b.entries[0].proof->log_index = 1; }},
    {"proof_of_another_size", "checkpoint-size-mismatch",
     [](auto&, auto& b) { b.entries[0].proof->tree_size = 6; }},
    {"proof_of_another_root", "checkpoint-root-mismatch",
     [](auto&, auto& b) { b.entries[0].proof->root[0] ^= 1; }},
    {"checkpoint_broken", "checkpoint-invalid",
     [](auto&, auto& b) { b.entries[0].proof->checkpoint = "x"; }},
    {"checkpoint_of_another_key", "checkpoint-signature-missing",
     [](auto& w, auto& b) {
       auto& proof = *b.entries[0].proof;
       const std::string text = checkpoint_text("rekor.example - 42", 5, proof.root);
       proof.checkpoint = text + "\n" + *checkpoint_signature(text, "rekor.example", w.ca_key);
     }},
    {"checkpoint_of_another_text", "checkpoint-signature-invalid",
     [](auto&, auto& b) { b.entries[0].proof->checkpoint[0] = 'R'; }},
    {"no_witness", "witnesses-missing", [](auto& w, auto&) { w.policy.witnesses.threshold = 1; }},
    {"two_witnesses", "witnesses-missing",
     [](auto& w, auto&) { w.policy.witnesses = {{*parse_witness(w.witness_text())}, 2}; }},
    // The second generation.
    {"tiled_without_proof", "log-proof-missing", [](auto&, auto& b) { b.entries[0].proof.reset(); },
     true},
    {"tiled_with_a_promise", "log-promise-invalid",
     [](auto&, auto& b) {
       b.entries[0].promise = "x";
       b.entries[0].integrated_time = noon;
     },
     true},
    {"tiled_of_another_host", "checkpoint-origin-mismatch",
     [](auto& w, auto&) { w.root.logs[1].host = "other.example"; }, true},
    {"tiled_for_another_leaf", "inclusion-proof-invalid",
     [](auto&, auto& b) { b.entries[0].log_index = 3; }, true},
    {"tiled_key_no_longer", "log-key-outside-validity",
     [](auto& w, auto&) { w.root.logs[1].valid.end = noon - 1; }, true},
    // Times.
    {"no_time", "time-missing", [](auto&, auto& b) { b.timestamps.clear(); }, true},
    {"stamp_of_another_signature", "timestamp-mismatch",
     [](auto& w, auto& b) { b.timestamps = {w.tsa.stamp("other", noon)}; }, true},
    {"stamp_of_a_stranger", "timestamp-untrusted",
     [](auto&, auto& b) {
       b.timestamps = {
           test::TimestampAuthority(test::leaf_spec("stranger", "critical,timeStamping"))
               .stamp(b.signature(), noon)};
     },
     true},
    {"stamp_by_another_of_the_same_root", "timestamp-untrusted",
     [](auto& w, auto&) {
       auto& chain = w.root.timestamp_authorities[0].chain;
       chain[0] = issue(test::leaf_spec("second", "critical,timeStamping"), w.key, &chain[1],
                        w.tsa.root_key);
     },
     true},
    {"stamp_out_of_the_roots_word", "timestamp-outside-validity",
     [](auto& w, auto&) { w.root.timestamp_authorities[0].valid.end = noon + 2; }, true},
    {"stamp_broken", "timestamp-invalid", [](auto&, auto& b) { b.timestamps = {"x"}; }, true},
    {"stamp_broken_beside_a_promise", "timestamp-invalid",
     [](auto&, auto& b) { b.timestamps = {"x"}; }},
    {"stamp_too_late_for_the_certificate", "certificate-outside-validity",
     [](auto& w, auto& b) { b.timestamps = {w.tsa.stamp(b.signature(), noon + 301)}; }},
    {"logged_too_late_for_the_certificate", "certificate-outside-validity",
     [](auto& w, auto& b) {
       b.entries[0].integrated_time = noon + 301;
       w.promise(b.entries[0]);
     }},
    // The certificate.
    {"authority_of_another", "certificate-untrusted",
     [](auto& w, auto&) { w.root.certificate_authorities[0].chain = {w.tsa.root}; }},
    {"authority_expired", "certificate-outside-validity",
     [](auto& w, auto&) {
       auto spec = test::authority_spec("fulcio");
       spec.to = noon - day;
       w.root.certificate_authorities[0].chain = {issue(spec, w.ca_key, nullptr, w.ca_key)};
     }},
    {"authority_out_of_the_roots_word", "authority-outside-validity",
     [](auto& w, auto&) { w.root.certificate_authorities[0].valid.end = noon; }},
    {"no_authority", "certificate-untrusted",
     [](auto& w, auto&) { w.root.certificate_authorities.clear(); }},
    {"ct_log_unknown", "sct-log-unknown", [](auto& w, auto&) { w.root.ct_logs.clear(); }},
    {"ct_log_key_wrong", "sct-signature-invalid",
     [](auto& w, auto&) { w.root.ct_logs[0].key = w.key.public_key(); }},
    {"ct_log_no_longer", "sct-log-outside-validity",
     [](auto& w, auto&) { w.root.ct_logs[0].valid.end = noon - 1; }},
    {"somebody_else", "identity-mismatch",
     [](auto& w, auto&) { w.policy.identities[0].identity = TextRule::exact("you@example.org"); }},
    {"another_issuer", "issuer-mismatch",
     [](auto& w, auto&) { w.policy.identities[0].issuer = TextRule::exact("https://id.exampl"); }},
    {"an_empty_identity", "identity-mismatch",
     [](auto& w, auto&) { w.policy.identities[0].identity = TextRule::exact(""); }},
};
INSTANTIATE_TEST_SUITE_P(Bundles, Changed, testing::ValuesIn(changes),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(VerifyBundle, CountsWitnessesAndLogs) {
  const Sigstore world;
  BundlePolicy policy = world.policy;
  policy.witnesses = {{*parse_witness(world.witness_text())}, 1};
  EXPECT_EQ(verdict(world, world.message(), policy), "good");
  Bundle both = world.message();
  both.entries.push_back(world.tiled_message().entries[0]);
  EXPECT_NE(verdict(world, both, policy), "good");  // of another signature (ECDSA is random)
  both.entries[1] = world.tiled(both.signature(), test::artifact_bytes, true);
  policy.logs = 2;
  EXPECT_EQ(verdict(world, both, policy), "good");
}

TEST(VerifyBundle, DoesWithoutALogOnlyWhenTold) {
  const Sigstore world;
  BundlePolicy policy = world.policy;
  policy.ignore_log = true;
  EXPECT_EQ(verdict(world, world.unlogged(true), policy), "time-missing");
  policy.assumed_time = noon;
  EXPECT_EQ(verdict(world, world.unlogged(true), policy), "good");
  policy.assumed_time = noon + 301;
  EXPECT_EQ(verdict(world, world.unlogged(true), policy), "certificate-outside-validity");
  BundlePolicy key_policy = world.key_policy;
  EXPECT_EQ(verdict(world, world.unlogged(false), key_policy), "log-entry-missing");
  key_policy.ignore_log = true;
  EXPECT_EQ(verdict(world, world.unlogged(false), key_policy), "good");
}

TEST(VerifyBundle, LooksIntoStatements) {
  const Sigstore world;
  const auto of = [&](std::string_view payload, const BundlePolicy& policy) {
    return verdict(world, world.statement(payload), policy);
  };
  BundlePolicy typed = world.policy;
  typed.predicate_type = "https://example.org/predicate";
  EXPECT_EQ(of(Sigstore::statement_text(), typed), "good");
  EXPECT_EQ(of(Sigstore::statement_text("https://example.org/else"), typed),
            "predicate-type-mismatch");
  EXPECT_EQ(of("not json", world.policy), "statement-invalid");
  EXPECT_EQ(of("{}", world.policy), "statement-invalid");
  EXPECT_EQ(
      of(write_statement({{"a", {{"sha256", sha256_hex("other")}}}}, "t", "{}"), world.policy),
      "subject-mismatch");
  Bundle bundle = world.statement(Sigstore::statement_text());
  bundle.envelope->payload_type = "text/plain";
  EXPECT_EQ(verdict(world, bundle, world.policy), "payload-type-mismatch");
  bundle = world.statement(Sigstore::statement_text());
  bundle.envelope->signatures.clear();
  EXPECT_EQ(verdict(world, bundle, world.policy), "signature-missing");
  bundle = world.statement(Sigstore::statement_text());
  bundle.envelope->payload += " ";
  EXPECT_EQ(verdict(world, bundle, world.policy), "signature-invalid");
  bundle = world.statement(Sigstore::statement_text());
  bundle.entries = {world.dsse(bundle.signature(), "other", true)};
  EXPECT_EQ(verdict(world, bundle, world.policy), "log-entry-digest-mismatch");
}

}  // namespace
}  // namespace boltseal
