#include "seal/image_verify.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "seal/image_sign.h"
#include "seal/memory_store_test.h"
#include "seal/predicate.h"
#include "seal/simple_signing.h"

namespace boltseal {
namespace {

using test::MemoryStore;

class SignedImage : public testing::Test {
 protected:
  void SetUp() override {
    Manifest manifest;
    manifest.media_type = oci_manifest_type;
    manifest.config = *store.put_bytes("{\"os\":\"linux\"}", oci_config_type);
    ASSERT_TRUE(store.put_manifest("v1", manifest.media_type, write_manifest(manifest), {}));
    image = *store.manifest("v1");
    policy.root = &root;
    policy.trust.ignore_log = true;
    policy.trust.keys = {one.public_key()};
  }
  void sign(const Signer& signer, bool bundle, bool legacy, Annotations annotations = {}) {
    SignImageOptions options;
    options.formats = {bundle, legacy};
    options.reference = "reg.example/app";
    options.annotations = std::move(annotations);
    const auto done = sign_image(store, image, signer, options);
    ASSERT_TRUE(done) << done.error().message();
  }
  std::string verdict(std::vector<Refused>* refused = nullptr) {
    const auto verified = verify_signatures(store, image.digest, policy, refused);
    return verified ? "verified" : verified.error().code;
  }

  MemoryStore store;
  StoredManifest image;
  TrustedRoot root;
  ImagePolicy policy;
  PrivateKey one = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey two = *PrivateKey::generate(KeyKind::ed25519);
};

TEST_F(SignedImage, HoldsInEitherForm) {
  EXPECT_EQ(verdict(), "signature-missing");
  sign(one, false, true);
  EXPECT_EQ(verdict(), "verified");
  policy.trust.keys = {two.public_key()};
  EXPECT_EQ(verdict(), "signature-invalid");
  sign(two, true, false);
  EXPECT_EQ(verdict(), "verified");
}

TEST_F(SignedImage, CountsDifferentKeysOverBothForms) {
  policy.trust.keys = {one.public_key(), two.public_key(), one.public_key()};
  policy.required = 2;
  sign(one, true, true);
  EXPECT_EQ(verdict(), "threshold-not-met");
  sign(two, true, false);
  EXPECT_EQ(verdict(), "verified");
  policy.required = 3;
  EXPECT_EQ(verdict(), "threshold-not-met");
  policy.required = 0;
  EXPECT_EQ(verdict(), "threshold-invalid");
}

TEST_F(SignedImage, TrustsNobodyWithoutAKey) {
  sign(one, true, true);
  policy.trust.keys.clear();
  EXPECT_EQ(verdict(), "signature-invalid");
}

TEST_F(SignedImage, AsksForAnnotations) {
  sign(one, true, true, {{"build", "42"}});
  policy.annotations = {{"build", "42"}};
  EXPECT_EQ(verdict(), "verified");
  policy.annotations = {{"build", "43"}};
  std::vector<Refused> refused;
  EXPECT_EQ(verdict(&refused), "signature-invalid");
  ASSERT_EQ(refused.size(), 2U);
  for (const Refused& why : refused) {
    EXPECT_EQ(why.reason.code, "annotation-mismatch");
    EXPECT_EQ(why.reason.wanted, "43");
    EXPECT_EQ(why.reason.found, "42");
  }
}

TEST_F(SignedImage, SigningTwiceAddsOneLegacySignature) {
  sign(one, false, true);
  sign(one, false, true);
  EXPECT_EQ(store.list(*cosign_tag(image.digest, "sig"), ListKind::layers, true)->size(), 1U);
}

// Row 19: a good signature of another image, an unparsable payload, a wrong type.
TEST_F(SignedImage, RefusesWhatIsSignedButNotThis) {
  const auto add = [&](const std::string& payload) {
    auto layer = *store.put_bytes(payload, simple_signing_media_type);
    layer.annotations[cosign_signature_annotation] = base64(*one.sign(payload));
    ASSERT_TRUE(
        store.change_list(*cosign_tag(image.digest, "sig"), ListKind::layers, {{layer}, {}}));
  };
  add(write_simple_signing("r", "sha256:" + std::string(64, 'b'), {}));
  add("{}");
  add("not even JSON");
  std::vector<Refused> refused;
  EXPECT_EQ(verdict(&refused), "signature-invalid");
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_EQ(refused[0].reason.code, "digest-mismatch");
  EXPECT_EQ(refused[0].reason.wanted, image.digest);
  // They count for nothing, and do no harm to one that holds.
  sign(one, false, true);
  EXPECT_EQ(verdict(&refused), "verified");
  EXPECT_EQ(refused.size(), 3U);
}

TEST_F(SignedImage, AnAttestationIsNoSignature) {
  AttestImageOptions options;
  options.formats = {true, true};
  const auto statement =
      statement_about(image.digest, "r", cyclonedx_predicate, R"({"bomFormat":"CycloneDX"})");
  ASSERT_TRUE(attest_image(store, image, one, statement, options));
  EXPECT_NE(verdict(), "verified");
  policy.predicate_type = cyclonedx_predicate;
  EXPECT_TRUE(verify_attestations(store, image.digest, policy, nullptr));
  policy.predicate_type = spdx_predicate;
  EXPECT_FALSE(verify_attestations(store, image.digest, policy, nullptr));
}

TEST_F(SignedImage, KeysCountTogetherOnlyWhereTheyAgree) {
  const auto attest = [&](const Signer& signer, const char* result) {
    AttestImageOptions options;
    options.formats = {true, false};
    const auto type = *predicate_type_of("test-result");
    ASSERT_TRUE(attest_image(store, image, signer, statement_about(image.digest, "r", type, result),
                             options));
  };
  policy.predicate_type = *predicate_type_of("test-result");
  policy.trust.keys = {one.public_key(), two.public_key()};
  policy.required = 2;
  attest(one, R"({"result":"PASSED","configuration":[]})");
  attest(two, R"({"result":"FAILED","configuration":[]})");
  EXPECT_FALSE(verify_attestations(store, image.digest, policy, nullptr));
  attest(two, R"({"configuration":[],"result":"PASSED"})");
  std::vector<Refused> refused;
  const auto verified = verify_attestations(store, image.digest, policy, &refused);
  ASSERT_TRUE(verified) << verified.error().message();
  EXPECT_EQ(verified->attached().size(), 2U);
  EXPECT_EQ(refused.size(), 1U);
}

TEST_F(SignedImage, ReplacingTakesTheOldOneAwayInBothForms) {
  AttestImageOptions options;
  options.formats = {true, true};
  options.replace = true;
  policy.predicate_type = cyclonedx_predicate;
  for (const char* predicate :
       {R"({"bomFormat":"CycloneDX","version":1})", R"({"bomFormat":"CycloneDX","version":2})"})
    ASSERT_TRUE(attest_image(store, image, one,
                             statement_about(image.digest, "r", cyclonedx_predicate, predicate),
                             options));
  const auto verified = verify_attestations(store, image.digest, policy, nullptr);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->attached().size(), 2U);
  for (const auto& one_left : verified->attached())
    EXPECT_NE(one_left.payload().find("\"version\":2"), std::string::npos);
}

TEST_F(SignedImage, TooManyAreRefusedBeforeAnyIsRead) {
  ListChange change;
  for (std::size_t i = 0; i <= max_attached; ++i) {
    Descriptor layer;
    layer.media_type = simple_signing_media_type;
    layer.digest = "sha256:" + std::string(64, 'c');
    layer.size = 10;
    layer.annotations[cosign_signature_annotation] = std::to_string(i);
    change.add.push_back(layer);
  }
  const auto list = list_manifest(store, ListKind::layers, change.add);
  ASSERT_TRUE(list);
  ASSERT_TRUE(store.put_manifest(*cosign_tag(image.digest, "sig"), list->media_type,
                                 write_manifest(*list), {}));
  EXPECT_EQ(verdict(), "unreadable");
}

}  // namespace
}  // namespace boltseal
