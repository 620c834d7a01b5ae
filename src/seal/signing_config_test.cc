#include "seal/signing_config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace boltseal {
namespace {

constexpr std::int64_t noon = 1'767'268'800;  // 2026-01-01T12:00:00Z

std::string service(std::string_view url, std::string_view owner, int version,
                    std::string_view valid = R"({"start": "2024-01-01T00:00:00Z"})") {
  return fmt::format(
      R"({{"url": "https://{}", "operator": "{}", "majorApiVersion": {}, "validFor": {}}})", url,
      owner, version, valid);
}

std::string config(const std::string& logs, const std::string& selector = R"("ANY")",
                   const std::string& count = "0") {
  return fmt::format(
      R"({{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
           "caUrls": [{}], "rekorTlogUrls": [{}],
           "rekorTlogConfig": {{"selector": {}, "count": {}}}}})",
      service("fulcio.example", "a", 1), logs, selector, count);
}

std::string chosen(const std::string& json) {
  const auto out = select_services(json, noon);
  if (!out) return out.error().code;
  std::string text;
  for (const RekorService& log : out->logs)
    text += fmt::format("{}{} v{}", text.empty() ? "" : ", ", log.url, log.version);
  return text;
}

TEST(SigningConfig, PrefersTheHighestVersionOfWhatIsValidNow) {
  const std::string old = service("one.example", "a", 1), later = service("two.example", "a", 2);
  EXPECT_EQ(chosen(config(old + "," + later)), "https://two.example v2");
  EXPECT_EQ(chosen(config(old)), "https://one.example v1");
  EXPECT_EQ(chosen(config(old + "," + service("three.example", "a", 3))), "https://one.example v1");
  const std::string ended = R"({"start": "2024-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"})",
                    coming = R"({"start": "2027-01-01T00:00:00Z"})";
  EXPECT_EQ(chosen(config(old + "," + service("two.example", "a", 2, ended))),
            "https://one.example v1");
  EXPECT_EQ(chosen(config(service("two.example", "a", 2, coming))), "service-missing");
  EXPECT_EQ(chosen(config(service("old.example", "a", 2) + "," +
                          service("new.example", "a", 2, R"({"start": "2025-06-01T00:00:00Z"})"))),
            "https://new.example v2");
}

TEST(SigningConfig, HonoursTheSelector) {
  const std::string three = service("a.example", "a", 2) + "," + service("b.example", "b", 2) +
                            "," + service("a2.example", "a", 2);
  EXPECT_EQ(chosen(config(three)), "https://a.example v2");
  EXPECT_EQ(chosen(config(three, R"("ALL")")), "https://a.example v2, https://b.example v2");
  EXPECT_EQ(chosen(config(three, "1")), "https://a.example v2, https://b.example v2");
  EXPECT_EQ(chosen(config(three, R"("EXACT")", "2")), "https://a.example v2, https://b.example v2");
  EXPECT_EQ(chosen(config(three, R"("EXACT")", "1")), "https://a.example v2");
  EXPECT_EQ(chosen(config(three, R"("EXACT")", "3")), "service-missing");
  EXPECT_EQ(chosen(config(three, R"("EXACT")", "0")), "signing-config-invalid");
  EXPECT_EQ(chosen(config(three, R"("SERVICE_SELECTOR_UNDEFINED")")), "signing-config-invalid");
}

TEST(SigningConfig, NamesNobodyWhereTheFileDoesNot) {
  const auto none = select_services(
      R"({"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"})", noon);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->certificate_authority, "");
  EXPECT_TRUE(none->logs.empty() && none->timestamp_authorities.empty());
}

TEST(SigningConfig, RefusesWhatIsNone) {
  for (const std::string& json :
       {std::string("{"), std::string(R"({"mediaType": "application/json"})"),
        config(service("x y", "a", 1)), config(service("me@a.example", "a", 1)),
        config(service("a.example", "a", 1, R"({"start": "yesterday"})")), config("1"),
        config("{}")})
    EXPECT_EQ(chosen(json), "signing-config-invalid") << json;
}

}  // namespace
}  // namespace boltseal
