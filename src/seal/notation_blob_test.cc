#include "seal/notation_blob.h"

#include <gtest/gtest.h>

#include "crypto/authority_for_tests.h"

namespace boltseal {
namespace {

constexpr std::int64_t now = 1'800'000'000;

class NotationBlob : public testing::TestWithParam<std::tuple<std::string_view, KeyKind>> {
 protected:
  test::Authority authority;
  PrivateKey key = PrivateKey::generate(std::get<1>(GetParam()), 2048).value();
  Certificate leaf = authority.issue({.extensions = {{"keyUsage", "critical,digitalSignature"},
                                                     {"extendedKeyUsage", "codeSigning"}}},
                                     key.public_key());
  Artifact blob = Artifact::from_bytes("the blob");
  NotationTrust trust{{authority.root}, {}, {}, {}, nullptr};
  std::vector<NotationPolicy> policies = parse_notation_policy(
                                             R"({"version":"1.0","trustPolicies":[
            {"name":"all","globalPolicy":true,"signatureVerification":{"level":"strict"},"trustStores":["ca:a"],"trustedIdentities":["*"]},
            {"name":"none","signatureVerification":{"level":"skip"}}]})",
                                             NotationSubject::blob)
                                             .value();

  std::string signed_blob() const {
    NotationSignOptions options;
    options.media_type = std::get<0>(GetParam());
    options.certificates = {leaf.der(), authority.issuer.der(), authority.root.der()};
    options.metadata = {{"build", "42"}};
    options.now = now;
    return sign_blob_by_notation(blob, "text/plain", key, options).value();
  }
  std::string code(const Artifact& over, const std::string& type = {},
                   const std::map<std::string, std::string>& metadata = {},
                   std::string_view policy = "") const {
    const auto verdict = verify_blob_by_notation(signed_blob(), over, type, metadata,
                                                 **policy_of_blob(policies, policy), trust, now);
    return verdict ? "verified" : verdict.error().code;
  }
};

TEST_P(NotationBlob, IsKnownByTheHashOfTheKey) {
  EXPECT_EQ(code(blob), "verified");
  EXPECT_EQ(code(blob, "text/plain", {{"build", "42"}}), "verified");
  EXPECT_EQ(code(blob, "text/html"), "subject-mismatch");
  EXPECT_EQ(code(blob, {}, {{"build", "43"}}), "annotation-mismatch");
  EXPECT_EQ(code(Artifact::from_bytes("another blob")), "subject-mismatch");
  EXPECT_EQ(code(Artifact::from_bytes("the bloB")), "subject-mismatch");
  EXPECT_EQ(code(blob, {}, {}, "none"), "policy-skips");
  EXPECT_FALSE(policy_of_blob(policies, "nobody"));
}

TEST_P(NotationBlob, IsWhatItSays) {
  JsonWriter json;
  ASSERT_TRUE(write_notation_summary(json, signed_blob()));
  const std::string text = json.take();
  const std::string hash =
      key.public_key().natural_hash() == HashKind::sha256 ? "sha256:" : "sha384:";
  EXPECT_NE(text.find("\"digest\": \"" + hash), std::string::npos) << text;
  EXPECT_NE(text.find("\"build\": \"42\""), std::string::npos);
  JsonWriter none;
  EXPECT_FALSE(write_notation_summary(none, "{}"));
}

// The digest of a file that is not here says too little: its size is signed too.
TEST_P(NotationBlob, NeedsTheFile) {
  EXPECT_EQ(code(*Artifact::from_digest("sha256:" + std::string(64, 'a'))), "unreadable");
}

INSTANTIATE_TEST_SUITE_P(Envelopes, NotationBlob,
                         testing::Combine(testing::Values(jws_media_type, cose_media_type),
                                          testing::Values(KeyKind::ecdsa_p256, KeyKind::ecdsa_p384,
                                                          KeyKind::rsa)));

}  // namespace
}  // namespace boltseal
