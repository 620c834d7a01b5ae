#include "seal/identity_token.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/base64.h"

namespace boltseal {
namespace {

std::string jwt(std::string_view claims) {
  return base64(R"({"alg":"none"})", Base64::url) + "." + base64(claims, Base64::url) + ".c2ln";
}

std::string subject(std::string_view claims) {
  const auto token = parse_identity_token(jwt(claims));
  return token ? token->subject : token.error().code;
}

TEST(IdentityToken, IsOfItsEmailAddressOrSubject) {
  EXPECT_EQ(subject(R"({"iss": "https://i", "sub": "repo:a/b"})"), "repo:a/b");
  EXPECT_EQ(subject(R"({"iss": "https://i", "sub": "7", "email": "me@x", "email_verified": true})"),
            "me@x");
  EXPECT_EQ(
      subject(R"({"iss": "https://i", "sub": "7", "email": "me@x", "email_verified": "true"})"),
      "me@x");
}

TEST(IdentityToken, KnowsTheIssuerBehindAFederation) {
  const auto token = parse_identity_token(jwt(
      R"({"iss": "https://dex", "sub": "7", "exp": 5, "federated_claims": {"connector_id": "https://i"}})"));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->issuers, (std::vector<std::string>{"https://dex", "https://i"}));
  EXPECT_EQ(token->expires, 5);
}

TEST(IdentityToken, RefusesWhatSaysNobodyOrTwoThings) {
  for (const char* claims :
       {"[]", "{", R"({"iss": "https://i"})", R"({"sub": "7"})", R"({"iss": 1, "sub": "7"})",
        R"({"iss": "https://i", "sub": ""})", R"({"iss": "https://i", "sub": "7", "sub": "8"})",
        R"({"iss": "https://i", "sub": "7", "email": "me@x"})",
        R"({"iss": "https://i", "sub": "7", "email": "me@x", "email_verified": false})"})
    EXPECT_EQ(subject(claims), "identity-token-invalid") << claims;
  for (const std::string& text :
       {std::string("x"), std::string("a.b"), std::string("..."), jwt("{}") + ".x",
        jwt(R"({"iss": "https://i", "sub": "7"})").substr(0, 60),
        std::string(max_identity_token + 1, 'a')}) {
    const auto token = parse_identity_token(text);
    ASSERT_FALSE(token) << text;
    EXPECT_EQ(token.error().code, "identity-token-invalid");
  }
}

}  // namespace
}  // namespace boltseal
