// Images signed with certificates, in cosign's legacy form and as bundles.
#include <gtest/gtest.h>

#include "codec/json_writer.h"
#include "seal/attached.h"
#include "seal/image_verify.h"
#include "seal/legacy_bundle.h"
#include "seal/predicate.h"
#include "seal/sigstore_for_tests.h"
#include "seal/simple_signing.h"

namespace boltseal {
namespace {

using test::noon;
using test::Sigstore;

const std::string digest = "sha256:" + sha256_hex(test::artifact_bytes);

class Keyless : public testing::Test {
 protected:
  Keyless() {
    policy.trust = sigstore.policy;
    policy.root = &sigstore.root;
  }
  static std::string annotation_of(const LogEntry& entry) {
    JsonWriter json(false);
    json.object().member("SignedEntryTimestamp", base64(entry.promise)).key("Payload").object();
    json.member("body", base64(entry.body)).member("integratedTime", entry.integrated_time);
    json.member("logIndex", entry.log_index).member("logID", hex(entry.log_id));
    return json.end().end().take();
  }
  // What cosign 1 and 2 wrote for an identity.
  Attached legacy() const {
    Attached out;
    out.form = AttachedForm::simple_signing;
    out.source = "tag";
    out.bytes = write_simple_signing("reg.example/app", digest, {});
    const std::string signature = *sigstore.key.sign(out.bytes);
    out.annotations = {{cosign_signature_annotation, base64(signature)},
                       {"dev.sigstore.cosign/certificate", sigstore.leaf.pem()},
                       {"dev.sigstore.cosign/chain", sigstore.ca.pem()},
                       {"dev.sigstore.cosign/bundle",
                        annotation_of(sigstore.hashedrekord(signature, out.bytes, true))}};
    return out;
  }
  Attached bundled(const Bundle& bundle) const {
    Attached out;
    out.form = AttachedForm::bundle;
    out.source = "referrer";
    out.bytes = write_bundle(bundle);
    return out;
  }
  std::string verdict(const Attached& attached) const {
    const auto verified = judge_signature(attached, digest, policy);
    return verified ? verified->keys().at(0) : verified.error().code;
  }

  Sigstore sigstore;
  ImagePolicy policy;
};

TEST_F(Keyless, LegacySignatureNamesItsSigner) {
  EXPECT_EQ(verdict(legacy()), "me@example.org by https://id.example");
}

TEST_F(Keyless, LegacySignatureIsRefusedInEveryPart) {
  const auto without = [&](const char* key) {
    auto changed = legacy();
    changed.annotations.erase(key);
    return verdict(changed);
  };
  EXPECT_EQ(without("dev.sigstore.cosign/certificate"), "key-missing");
  EXPECT_EQ(without("dev.sigstore.cosign/bundle"), "log-entry-missing");
  // The root is trusted because it is known, not because it came along.
  EXPECT_EQ(without("dev.sigstore.cosign/chain"), "me@example.org by https://id.example");
  auto other = legacy();
  other.bytes = write_simple_signing("reg.example/other", digest, {});
  EXPECT_EQ(verdict(other), "signature-invalid");
  // The entry of another signature (CVE-2022-36056).
  other = legacy();
  const std::string payload = other.bytes + " ";
  other.annotations["dev.sigstore.cosign/bundle"] =
      annotation_of(sigstore.hashedrekord(*sigstore.key.sign(payload), payload, true));
  EXPECT_NE(verdict(other), "me@example.org by https://id.example");
  other = legacy();
  other.annotations["dev.sigstore.cosign/bundle"] = "{";
  EXPECT_EQ(verdict(other), "annotation-invalid");
  other = legacy();
  other.annotations["dev.sigstore.cosign/certificate"] = "none";
  EXPECT_EQ(verdict(other), "annotation-invalid");
}

TEST_F(Keyless, AnotherIdentityIsRefused) {
  policy.trust.identities = {
      {TextRule::exact("you@example.org"), TextRule::exact("https://id.example")}};
  EXPECT_EQ(verdict(legacy()), "identity-mismatch");
  const auto bundle = sigstore.statement(Sigstore::statement_text(cosign_sign_predicate));
  EXPECT_EQ(verdict(bundled(bundle)), "identity-mismatch");
}

TEST_F(Keyless, BundleOfAnImage) {
  for (const bool tiled : {false, true}) {
    const auto good = sigstore.statement(Sigstore::statement_text(cosign_sign_predicate), tiled);
    EXPECT_EQ(verdict(bundled(good)), "me@example.org by https://id.example");
  }
  const auto other = sigstore.statement(Sigstore::statement_text("https://spdx.dev/Document"));
  EXPECT_EQ(verdict(bundled(other)), "predicate-type-mismatch");
  EXPECT_EQ(verdict(bundled(sigstore.message())), "payload-type-mismatch");
  EXPECT_FALSE(
      judge_signature(bundled(sigstore.statement(Sigstore::statement_text(cosign_sign_predicate))),
                      "sha256:" + std::string(64, 'e'), policy));
}

TEST_F(Keyless, LegacyAttestation) {
  policy.predicate_type = "https://example.org/predicate";
  const auto made = sigstore.statement(Sigstore::statement_text());
  Attached attached;
  attached.form = AttachedForm::dsse;
  attached.bytes = write_dsse(*made.envelope);
  attached.annotations = {{"dev.sigstore.cosign/certificate", sigstore.leaf.pem()},
                          {"dev.sigstore.cosign/chain", sigstore.ca.pem()},
                          {"dev.sigstore.cosign/bundle", annotation_of(made.entries[0])}};
  const auto verified = judge_attestation(attached, digest, policy);
  ASSERT_TRUE(verified) << verified.error().message();
  EXPECT_EQ(verified->predicate_type(), policy.predicate_type);
  attached.annotations.erase("dev.sigstore.cosign/bundle");
  EXPECT_EQ(judge_attestation(attached, digest, policy).error().code, "log-entry-missing");
}

TEST_F(Keyless, ATimestampOfALegacyAttestationIsOverTheEnvelope) {
  policy.predicate_type = "https://example.org/predicate";
  policy.trust.timestamps = 1;
  auto made = sigstore.statement(Sigstore::statement_text());
  Attached attached;
  attached.form = AttachedForm::dsse;
  attached.bytes = write_dsse(*made.envelope);
  const auto verdict_of = [&](std::string_view stamped) {
    made.timestamps = {sigstore.tsa.stamp(stamped, noon + 3)};
    attached.annotations = *annotations_of(made, std::vector{sigstore.ca});
    const auto verified = judge_attestation(attached, digest, policy);
    return verified ? "verified" : verified.error().code;
  };
  EXPECT_EQ(verdict_of(attached.bytes), "verified");
  EXPECT_EQ(verdict_of(made.signature()), "verified");  // cosign 3 stamps that
  EXPECT_EQ(verdict_of(attached.bytes + " "), "timestamp-mismatch");
}

TEST_F(Keyless, WhatTheListsHaveNoPlaceForIsRefused) {
  auto made = sigstore.statement(Sigstore::statement_text());
  made.entries.front().promise.clear();
  const auto refused = annotations_of(made, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::unsupported);
}

TEST_F(Keyless, CosignsOlderBundleIsReadAsItIsWritten) {
  const auto made = sigstore.message();
  const auto read = parse_cosign_bundle(write_cosign_bundle(made));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->signature(), made.signature());
  EXPECT_EQ(read->certificates, made.certificates);
  ASSERT_EQ(read->entries.size(), 1U);
  EXPECT_EQ(read->entries[0].promise, made.entries[0].promise);
  // cosign itself writes the certificate in DER, or the key in PEM.
  const auto with = [&](const std::string& cert) {
    return parse_cosign_bundle(R"({"base64Signature":"AAAA","cert":")" + base64(cert) + "\"}");
  };
  EXPECT_EQ(with(sigstore.leaf.der())->certificates, made.certificates);
  EXPECT_TRUE(with(sigstore.key.public_key().pem())->certificates.empty());
  EXPECT_EQ(with("junk").error().code, "bundle-invalid");
}

TEST_F(Keyless, AKeyWithALogEntry) {
  policy.trust = sigstore.key_policy;  // asks for a log
  auto attached = legacy();
  attached.annotations.erase("dev.sigstore.cosign/certificate");
  attached.annotations.erase("dev.sigstore.cosign/chain");
  EXPECT_NE(verdict(attached), sigstore.key.public_key().id());  // the entry is of the certificate
  const std::string signature = *sigstore.key.sign(attached.bytes);
  attached.annotations[cosign_signature_annotation] = base64(signature);
  attached.annotations["dev.sigstore.cosign/bundle"] =
      annotation_of(sigstore.hashedrekord(signature, attached.bytes, false));
  EXPECT_EQ(verdict(attached), sigstore.key.public_key().id());
  attached.annotations.erase("dev.sigstore.cosign/bundle");
  EXPECT_EQ(verdict(attached), "log-entry-missing");
  policy.trust.ignore_log = true;
  EXPECT_EQ(verdict(attached), sigstore.key.public_key().id());
}

}  // namespace
}  // namespace boltseal
