#include "net/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include "codec/base64.h"

#include "net/test_server.h"

namespace boltseal {
namespace {

using test::Received;
using test::reply;
using test::Server;
using testing::HasSubstr;
using testing::Not;

const Credentials alice{"alice", "canary", {}};

Url url(std::string_view text) { return *parse_url(text); }

TEST(Challenges, AreReadFromOneHeader) {
  const auto all = parse_challenges(
      R"(Basic realm="a, b", Bearer realm="https://h/t?x=\"1\"",service=reg , scope="s")");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].scheme, "basic");
  EXPECT_EQ(all[0].realm, "a, b");
  EXPECT_EQ(all[1].realm, "https://h/t?x=\"1\"");
  EXPECT_EQ(all[1].service, "reg");
}

TEST(Challenges, SurviveRubbish) {
  for (const std::string_view text :
       {"", "=", "\"", "Bearer realm=\"", ",,,,", "Bearer realm", "a=b", "Bearer =x"}) {
    for (const auto& challenge : parse_challenges(text)) EXPECT_EQ(challenge.realm, "") << text;
  }
  EXPECT_LE(parse_challenges(std::string(100'000, 'a') + " ").size(), 1U);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "Basic, ";
  EXPECT_LE(parse_challenges(many).size(), 8U);
}

TEST(Realm, HasCredentialsOnlyFromTheSameOwner) {
  EXPECT_TRUE(
      realm_may_have_credentials(url("https://r.example.com"), url("https://r.example.com/token")));
  EXPECT_FALSE(
      realm_may_have_credentials(url("https://r.example.com"), url("http://r.example.com/token")));
  EXPECT_FALSE(
      realm_may_have_credentials(url("https://r.example.com"), url("https://attacker.com/token")));
  EXPECT_FALSE(realm_may_have_credentials(url("https://r.example.com"),
                                          url("https://r.example.com.attacker.com/")));
  EXPECT_FALSE(realm_may_have_credentials(url("https://a.azurewebsites.net"),
                                          url("https://b.azurewebsites.net/")));
  EXPECT_FALSE(
      realm_may_have_credentials(url("http://127.0.0.1:5000"), url("http://127.0.0.1:5001/")));
  EXPECT_FALSE(realm_may_have_credentials(url("https://co.uk"), url("https://evil.co.uk/")));
  if (registrable_domain("a.example.com").empty()) GTEST_SKIP() << "libpsl is not installed";
  EXPECT_TRUE(realm_may_have_credentials(url("https://registry-1.docker.io"),
                                         url("https://auth.docker.io/token")));
  EXPECT_TRUE(realm_may_have_credentials(url("https://registry.example.com:5050"),
                                         url("https://gitlab.example.com/jwt")));
}

TEST(Realm, CanBeAllowedByTheUser) {
  const Url registry = url("https://r.example.com"), realm = url("https://login.other.net/t");
  EXPECT_FALSE(realm_may_have_credentials(registry, realm));
  ::setenv("BOLTSEAL_AUTH_REALMS", "x=y, r.example.com=login.other.net", 1);
  EXPECT_TRUE(realm_may_have_credentials(registry, realm));
  EXPECT_FALSE(realm_may_have_credentials(url("https://s.example.com"), realm));
  ::unsetenv("BOLTSEAL_AUTH_REALMS");
}

TEST(Answer, NeverSendsCredentialsToAnotherServer) {
  Server thief([](const Received&) { return reply(200, R"({"token":"t"})"); });
  const std::string header = "Bearer realm=\"" + thief.url("/token") + "\",service=\"s\"";
  for (const Credentials& known : {alice, Credentials{{}, {}, "canary"}}) {
    const auto answer = answer_challenge(url("http://127.0.0.1:1"), header, "a/b", known);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message(), HasSubstr("BOLTSEAL_AUTH_REALMS"));
    EXPECT_THAT(answer.error().message(), Not(HasSubstr("canary")));
  }
  const auto downgraded = answer_challenge(url("https://127.0.0.1:1"), header, "a/b", std::nullopt);
  ASSERT_FALSE(downgraded);
  EXPECT_THAT(downgraded.error().message(), HasSubstr("without encryption"));
  EXPECT_TRUE(thief.requests().empty());
}

// What the machine keeps for itself is none of a registry's business elsewhere.
TEST(Answer, AsksNothingOfThisMachineForARegistryElsewhere) {
  Server inner([](const Received&) { return reply(200, R"({"token":"t"})"); });
  for (const std::string& realm :
       {inner.url("/latest"), fmt::format("http://localhost:{}/", inner.port())}) {
    const auto header = "Bearer realm=\"" + realm + "\",service=\"s\"";
    const auto answer = answer_challenge(url("http://192.0.2.1:5000"), header, "a", std::nullopt);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message(), HasSubstr("address of this machine"));
    EXPECT_TRUE(inner.requests().empty());
  }
  const auto header = "Bearer realm=\"" + inner.url("/token") + "\"";
  // A registry on this machine, by whatever name; and a user who knows better.
  EXPECT_TRUE(answer_challenge(url("http://localhost:1"), header, "a", std::nullopt));
  EXPECT_TRUE(answer_challenge(url("http://r.example"), header, "a", std::nullopt, "pull", true));
  ::setenv("BOLTSEAL_AUTH_REALMS", ("r.example=" + inner.host()).c_str(), 1);
  EXPECT_TRUE(answer_challenge(url("http://r.example"), header, "a", std::nullopt));
  ::unsetenv("BOLTSEAL_AUTH_REALMS");
  EXPECT_EQ(inner.requests().size(), 3U);
}

TEST(Answer, AsksForItsOwnScope) {
  Server server([](const Received&) { return reply(200, R"({"access_token":"abc"})"); });
  const std::string header = "Bearer realm=\"" + server.url("/t?k=v") +
                             "\",service=\"reg x\",scope=\"repository:all:push,*\"";
  const auto answer = answer_challenge(url(server.url()), header, "team/app", alice);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(*answer, "Bearer abc");
  EXPECT_EQ(server.requests().at(0).target,
            "/t?k=v&service=reg%20x&scope=repository:team/app:pull");
  EXPECT_EQ(server.requests().at(0).header("authorization"), "Basic " + base64("alice:canary"));
}

TEST(Answer, TradesAnIdentityTokenByPost) {
  Server server([](const Received&) { return reply(200, R"({"token":"abc"})"); });
  const std::string header = "Bearer realm=\"" + server.url("/t") + "\",service=\"reg\"";
  const auto answer =
      answer_challenge(url(server.url()), header, "a", Credentials{{}, {}, "re/fresh"});
  ASSERT_TRUE(answer) << answer.error().message();
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/t");
  EXPECT_THAT(request.body, HasSubstr("refresh_token=re%2Ffresh"));
  EXPECT_EQ(request.header("authorization"), "");
}

TEST(Answer, RefusesOddTokens) {
  for (const char* body : {"", "{}", R"({"token":"a\r\nX: y"})", R"({"token":7})", "<html>"}) {
    Server server([&](const Received&) { return reply(200, body); });
    EXPECT_FALSE(
        answer_challenge(url(server.url()), "Bearer realm=\"" + server.url() + "\"", "a", alice))
        << body;
  }
}

TEST(Answer, TakesTheTokenThatIsNotEmpty) {
  for (const char* body : {R"({"token":"","access_token":"abc"})", R"({"access_token":"abc"})",
                           R"({"token":"abc","access_token":""})"}) {
    Server server([&](const Received&) { return reply(200, body); });
    const auto answer =
        answer_challenge(url(server.url()), "Bearer realm=\"" + server.url() + "\"", "a", alice);
    EXPECT_EQ(answer.value_or(""), "Bearer abc") << body;
  }
}

TEST(Answer, SaysWhyThereIsNoToken) {
  Server server([&](const Received&) { return reply(429, "{}", "Retry-After: 100000\r\n"); });
  const auto answer =
      answer_challenge(url(server.url()), "Bearer realm=\"" + server.url() + "\"", "a", {});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(), HasSubstr("too many requests; log in"));
}

TEST(Answer, SaysHowToLogIn) {
  const auto missing =
      answer_challenge(url("https://r.example"), "Basic realm=x", "a", std::nullopt);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("docker login r.example"));
  EXPECT_FALSE(answer_challenge(url("https://r.example"), "Negotiate", "a", alice));
  EXPECT_EQ(answer_challenge(url("https://r.example"), "Basic realm=x", "a", alice),
            "Basic " + base64("alice:canary"));
}

}  // namespace
}  // namespace boltseal
