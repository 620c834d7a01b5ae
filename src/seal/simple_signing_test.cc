#include "seal/simple_signing.h"

#include <gtest/gtest.h>

#include "seal/predicate.h"

namespace boltseal {
namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

TEST(SimpleSigning, IsWrittenAsCosignWritesIt) {
  EXPECT_EQ(write_simple_signing("reg.example/app", digest, {}),
            R"({"critical":{"identity":{"docker-reference":"reg.example/app"},"image":{"docker-)"
            R"(manifest-digest":")" +
                digest + R"("},"type":"cosign container image signature"},"optional":null})");
  const auto read = parse_simple_signing(write_simple_signing("r/a", digest, {{"k", "v"}}));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->digest, digest);
  EXPECT_EQ(read->reference, "r/a");
  EXPECT_EQ(read->annotations, (Annotations{{"k", "v"}}));
}

TEST(SimpleSigning, RefusesWhatCouldBeReadInTwoWays) {
  const auto payload = [](const std::string& image, const std::string& type) {
    return R"({"critical":{"identity":{"docker-reference":"r"},"image":{)" + image +
           R"(},"type":")" + type + R"("},"optional":null})";
  };
  const std::string names = R"("docker-manifest-digest":")" + digest + "\"";
  const std::string type(cosign_signature_type);
  EXPECT_TRUE(parse_simple_signing(payload(names, type)));
  EXPECT_TRUE(parse_simple_signing(payload(R"("Docker-manifest-digest":")" + digest + "\"", type)));
  for (const std::string& text :
       {std::string("[]"), std::string("{}"), payload(names, "atomic container signature"),
        payload(names + "," + names, type), payload(R"("docker-manifest-digest":"sha256:x")", type),
        payload(names + R"(,"Docker-Manifest-Digest":")" + digest + "\"", type)})
    EXPECT_FALSE(parse_simple_signing(text)) << text;
}

TEST(Predicate, TypesHaveNames) {
  EXPECT_EQ(predicate_type_of("slsaprovenance1"), "https://slsa.dev/provenance/v1");
  EXPECT_EQ(predicate_type_of("https://example.org/x"), "https://example.org/x");
  EXPECT_FALSE(predicate_type_of("provenance"));
  EXPECT_FALSE(predicate_type_of(""));
  EXPECT_FALSE(predicate_type_of("https://example.org/\"x"));
}

TEST(Predicate, HasWhatItsTypeRequires) {
  const auto fits = [](std::string_view type, std::string_view text) {
    return make_predicate(*predicate_type_of(type), text, "2026-01-01T00:00:00Z").has_value();
  };
  EXPECT_TRUE(fits("slsaprovenance1",
                   R"({"buildDefinition":{"buildType":"t","externalParameters":{}},)"
                   R"("runDetails":{"builder":{"id":"b"}}})"));
  EXPECT_FALSE(
      fits("slsaprovenance1",
           R"({"buildDefinition":{"buildType":"t"},"runDetails":{"builder":{"id":"b"}}})"));
  EXPECT_TRUE(fits("test-result", R"({"result":"PASSED","configuration":[]})"));
  EXPECT_FALSE(fits("test-result", R"({"result":"FINE","configuration":[]})"));
  EXPECT_TRUE(fits("vsa", R"({"verifier":{"id":"v"},"timeVerified":"2026-01-01T00:00:00Z",)"
                          R"("resourceUri":"u","policy":{},"verificationResult":"PASSED",)"
                          R"("verifiedLevels":[]})"));
  EXPECT_FALSE(fits("vsa", R"({"verifier":{"id":"v"},"timeVerified":"today","resourceUri":"u",)"
                           R"("policy":{},"verificationResult":"PASSED","verifiedLevels":[]})"));
  EXPECT_FALSE(fits("cyclonedx", R"({"spdxVersion":"SPDX-2.3"})"));
  EXPECT_FALSE(fits("spdx", R"({"bomFormat":"CycloneDX"})"));
  EXPECT_TRUE(fits("spdx", "SPDXVersion: SPDX-2.3"));
  EXPECT_TRUE(fits("custom", "anything at all"));
  EXPECT_FALSE(fits("https://example.org/x", "no JSON"));
}

}  // namespace
}  // namespace boltseal
