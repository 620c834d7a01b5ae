#include "net/manifest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boltseal {
namespace {

using testing::HasSubstr;

const std::string digest_a = "sha256:" + std::string(64, 'a');
const std::string digest_b = "sha256:" + std::string(64, 'b');
constexpr std::string_view oci_image = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";

std::string image(std::string_view more = "") {
  return fmt::format(
      R"({{"schemaVersion":2,{}"config":{{"mediaType":"application/vnd.oci.image.config.v1+json",
    "digest":"{}","size":7}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{}","size":9,
    "urls":["http://169.254.169.254/"]}}]}})",
      more, digest_a, digest_b);
}

std::string entry(std::string_view os, std::string_view arch, std::string_view variant, char fill) {
  return fmt::format(
      R"({{"mediaType":"{}","digest":"sha256:{}","size":1,"platform":{{"os":"{}","architecture":"{}","variant":"{}"}}}})",
      oci_image, std::string(64, fill), os, arch, variant);
}

Manifest index_of(std::string_view entries) {
  const auto parsed = parse_manifest(
      fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})", entries), oci_index, "x");
  EXPECT_TRUE(parsed) << parsed.error().message();
  return parsed ? *parsed : Manifest{};
}

TEST(Manifest, ReadsAnImage) {
  const auto parsed =
      parse_manifest(image(), "application/vnd.oci.image.manifest.v1+json; charset=utf-8", "x");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_FALSE(parsed->is_index);
  EXPECT_EQ(parsed->media_type, oci_image);
  EXPECT_EQ(parsed->config.digest, digest_a);
  ASSERT_EQ(parsed->layers.size(), 1U);
  EXPECT_EQ(parsed->layers[0].size, 9U);
}

TEST(Manifest, RefusesToBeTwoThingsAtOnce) {
  const auto both = parse_manifest(image(R"("manifests":[],)"), "", "x");
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().fault, Fault::corrupt);
  EXPECT_FALSE(parse_manifest(image(), oci_index, "x"));
  EXPECT_FALSE(parse_manifest(image(fmt::format(R"("mediaType":"{}",)", oci_index)), "", "x"));
  EXPECT_FALSE(parse_manifest(image(fmt::format(R"("mediaType":"{}",)", oci_image)),
                              "application/vnd.docker.distribution.manifest.v2+json", "x"));
  EXPECT_TRUE(
      parse_manifest(image(fmt::format(R"("mediaType":"{}",)", oci_image)), "text/plain", "x"));
}

TEST(Manifest, RefusesSchema1) {
  const auto parsed = parse_manifest(R"({"schemaVersion":1,"fsLayers":[]})", "", "x");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().fault, Fault::unsupported);
  EXPECT_THAT(parsed.error().what, HasSubstr("schema 1"));
}

TEST(Manifest, RefusesMembersThatReadersTakeDifferently) {
  const std::string ok = image();
  ASSERT_TRUE(parse_manifest(ok, "", "x"));
  for (const char* name : {"layers", "LAYERS", "layer\u017f", "config", "Config"}) {
    const auto parsed =
        parse_manifest(ok.substr(0, ok.rfind('}')) + fmt::format(R"(,"{}":[]}})", name), "", "x");
    ASSERT_FALSE(parsed) << name;
    EXPECT_THAT(parsed.error().what, HasSubstr("twice"));
  }
  std::string digest_twice = ok;
  digest_twice.insert(ok.find(R"("digest")"), R"("Digest":"sha256:0",)");
  EXPECT_FALSE(parse_manifest(digest_twice, "", "x"));
}

TEST(Manifest, RefusesMembersThatOnlySomeReadersKnow) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("layers")", R"("Layers")"},
           {R"("layers")", "\"layer\u017f\""},
           {R"("config")", R"("CONFIG")"},
           {R"("digest")", R"("Digest")"},
           {R"("schemaVersion")", R"("schemaversion")"}}) {
    std::string text = image();
    text.replace(text.find(from), from.size(), to);
    const auto parsed = parse_manifest(text, "", "x");
    ASSERT_FALSE(parsed) << to;
    EXPECT_THAT(parsed.error().what, HasSubstr("which some take for another")) << to;
  }
  std::string index =
      fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})", entry("linux", "amd64", "", '1'));
  ASSERT_TRUE(parse_manifest(index, "", "x"));
  index.replace(index.find("architecture"), 12, "Architecture");
  EXPECT_FALSE(parse_manifest(index, "", "x"));
}

TEST(Manifest, SaysWhichLayerIsEncrypted) {
  const auto parsed = parse_manifest(
      fmt::format(
          R"({{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json",)"
          R"("digest":"{0}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{0}",)"
          R"("size":1}},{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip+encrypted","digest":"{0}","size":1}}]}})",
          digest_a),
      "", "x");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().fault, Fault::unsupported);
  EXPECT_THAT(parsed.error().what, HasSubstr("layer 2 is encrypted"));
}

TEST(Manifest, RefusesWhatIsNoDigestNoSizeNoImage) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {digest_b, "sha256:../../../../etc/passwd"},
           {digest_b, "sha256:" + std::string(64, 'A')},
           {"\"size\":9", "\"size\":-1"},
           {"\"size\":9", "\"size\":\"9\""},
           {"\"schemaVersion\":2", "\"schemaVersion\":3"},
           {"application/vnd.oci.image.config.v1+json",
            "application/vnd.cncf.helm.config.v1+json"}}) {
    std::string text = image();
    text.replace(text.find(from), from.size(), to);
    EXPECT_FALSE(parse_manifest(text, "", "x")) << to;
  }
}

TEST(Manifest, SurvivesTruncation) {
  const std::string whole = image();
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_FALSE(parse_manifest(whole.substr(0, n), "", "x"));
}

TEST(Manifest, LimitsLayers) {
  std::string layers;
  for (int i = 0; i < 1001; ++i) {
    layers += fmt::format(R"({}{{"digest":"{}","size":1}})", i ? "," : "", digest_b);
  }
  const auto parsed = parse_manifest(
      fmt::format(R"({{"schemaVersion":2,"config":{{"digest":"{}","size":1}},"layers":[{}]}})",
                  digest_a, layers),
      "", "x");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().fault, Fault::too_large);
}

TEST(Platform, ChoosesTheBestVariant) {
  const auto index =
      index_of(entry("linux", "arm", "v5", '1') + "," + entry("linux", "arm", "v7", '2') + "," +
               entry("linux", "arm", "v6", '3') + "," + entry("linux", "arm64", "v8", '4') + "," +
               entry("windows", "amd64", "", '5') + "," + entry("linux", "amd64", "", '6'));
  const auto chosen = [&](std::string_view platform) {
    const auto found = choose_platform(index, platform, "x");
    return found ? found->digest.substr(7, 1) : "none";
  };
  EXPECT_EQ(chosen("linux/arm/v7"), "2");
  EXPECT_EQ(chosen("linux/arm"), "2");
  EXPECT_EQ(chosen("linux/arm/v6"), "3");
  EXPECT_EQ(chosen("arm64"), "4");
  EXPECT_EQ(chosen("linux/aarch64/v8"), "4");
  EXPECT_EQ(chosen("windows/amd64"), "5");
  EXPECT_EQ(chosen("linux/x86_64"), "6");
  EXPECT_EQ(chosen("linux/s390x"), "none");
  EXPECT_EQ(chosen("linux/amd64/v3"), "6");
  const auto error = choose_platform(index, "linux/s390x", "x");
  EXPECT_THAT(error.error().what, HasSubstr("linux/arm64/v8"));
}

TEST(Platform, TakesTheOnlyImageAndPassesAttestationsOver) {
  const std::string attestation = fmt::format(
      R"({{"mediaType":"{}","digest":"{}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}},
      "annotations":{{"vnd.docker.reference.type":"attestation-manifest"}}}})",
      oci_image, digest_a);
  const auto index = index_of(attestation + "," + entry("linux", "riscv64", "", '1'));
  const auto found = choose_platform(index, "", "x");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->digest[7], '1');
  EXPECT_FALSE(choose_platform(index, "linux/amd64", "x"));
  EXPECT_FALSE(choose_platform(index_of(attestation), "", "x"));
}

TEST(Platform, SpellingsThatOnlySomeRuntimesKnowHideNoImage) {
  const auto chosen = [](std::string_view a, std::string_view b, std::string_view os = "linux") {
    const auto index = index_of(entry("linux", a, "", '1') + "," + entry(os, b, "", '2'));
    const auto found = choose_platform(index, "linux/amd64", "x");
    return found ? found->digest.substr(7, 1) : found.error().what;
  };
  EXPECT_THAT(chosen("x86_64", "amd64"), HasSubstr("spelled differently"));
  EXPECT_THAT(chosen("AMD64", "amd64"), HasSubstr("spelled differently"));
  EXPECT_THAT(chosen("amd64", "amd64", "Linux"), HasSubstr("spelled differently"));
  EXPECT_EQ(chosen("amd64", "amd64"), "1");
  EXPECT_EQ(chosen("arm64", "x86_64"), "2");
}

TEST(Platform, WhatCallsItselfAnAttachmentMakesNoOtherTheOnlyImage) {
  const std::string doubtful = fmt::format(
      R"({{"mediaType":"{}","digest":"{}","size":1,
      "annotations":{{"vnd.docker.reference.type":"attestation-manifest"}}}})",
      oci_image, digest_a);
  EXPECT_FALSE(
      choose_platform(index_of(doubtful + "," + entry("linux", "riscv64", "", '1')), "", "x"));
}

// Who pulls goes by the platform alone.
TEST(Platform, AnImageIsOneWhateverElseIsSaidOfIt) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = entry("linux", "amd64", "", '1');
    text.replace(text.find(from), from.size(), to);
    const auto index = index_of(text + "," + entry("linux", "amd64", "", '2'));
    return choose_platform(index, "linux/amd64", "x")->digest[7];
  };
  const std::string name = "sha256-" + std::string(64, '1') + ".sig";
  for (const std::string& said :
       {std::string(R"("artifactType":"application/spdx+json")"),
        std::string(R"("annotations":{"vnd.docker.reference.type":"attestation-manifest"})"),
        std::string(R"("annotations":{"kind":"dev.cosignproject.cosign/sigs"})"),
        fmt::format(R"("annotations":{{"org.opencontainers.image.ref.name":"{}"}})", name)}) {
    EXPECT_EQ(with(R"("size":1)", R"("size":1,)" + said), '1') << said;
  }
  EXPECT_EQ(with(oci_image, "application/json"), '1');
}

TEST(Platform, TakesTheLevelThatRunsEverywhere) {
  const auto index =
      index_of(entry("linux", "amd64", "v3", '3') + "," + entry("linux", "amd64", "v2", '2') + "," +
               entry("linux", "amd64", "", '1') + "," + entry("linux", "arm64", "v9", '9') + "," +
               entry("linux", "riscv64", "v2", '5'));
  const auto chosen = [&](std::string_view platform) {
    return choose_platform(index, platform, "x")->digest[7];
  };
  EXPECT_EQ(chosen("linux/amd64"), '1');
  EXPECT_EQ(chosen("linux/amd64/v2"), '2');
  EXPECT_EQ(chosen("linux/amd64/v4"), '3');
  EXPECT_EQ(chosen("linux/arm64"), '9') << "there is no other";
  EXPECT_EQ(chosen("linux/riscv64"), '5');
}

TEST(Platform, RefusesWhatIsNone) {
  EXPECT_FALSE(parse_platform("linux/a b"));
  EXPECT_FALSE(parse_platform("a/b/c/d"));
  EXPECT_EQ(parse_platform("linux/arm64/v8")->text(), "linux/arm64/v8");
}

}  // namespace
}  // namespace boltseal
