#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "net/test_server.h"

namespace boltseal {
namespace {

using test::Received;
using test::reply;
using test::Server;
using testing::HasSubstr;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.allow_http = true;
  request.retries = 0;
  return request;
}

TEST(Http, GivesStatusHeadersAndBody) {
  Server server([](const Received&) { return reply(404, "gone", "X-One: a\r\nX-One: b\r\n"); });
  const auto response = http(get(server.url("/x?y=1")));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "gone");
  EXPECT_EQ(response->header("x-one"), "b");
  EXPECT_EQ(server.requests().at(0).target, "/x?y=1");
}

TEST(Http, SendsNoAmbientCredential) {
  Server server([](const Received&) { return reply(200, "ok"); });
  ASSERT_TRUE(http(get(server.url())));
  EXPECT_EQ(server.requests().at(0).header("authorization"), "");
  EXPECT_EQ(server.requests().at(0).header("cookie"), "");
}

TEST(Http, RefusesPlainHttpUnlessAllowed) {
  auto request = get("http://127.0.0.1:1/");
  request.allow_http = false;
  const auto response = http(request);
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().what, HasSubstr("--insecure-http"));
}

TEST(Http, RefusesOtherSchemesAndOddUrls) {
  for (const std::string url :
       {"file:///etc/passwd", "gopher://x/", "http://a@b/", "http://x y/", "http://2130706433/",
        "http://127.1/", "http://h:0/", "http://h:99999/", "nothing"}) {
    EXPECT_FALSE(http(get(url))) << url;
  }
}

TEST(Http, KeepsCredentialsOnRedirectsToTheSameOriginOnly) {
  Server other([](const Received&) { return reply(200, "blob"); });
  Server home([&](const Received& r) {
    if (r.target == "/a") return reply(302, "", "Location: /b\r\n");
    return reply(307, "", "Location: " + other.url("/blob?signature=1") + "\r\n");
  });
  auto request = get(home.url("/a"));
  request.authorization = "Bearer canary";
  request.headers = {{"Cookie", "canary"}, {"X-Plain", "kept"}};
  const auto response = http(request);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "blob");
  EXPECT_EQ(home.requests().at(1).header("authorization"), "Bearer canary");
  ASSERT_EQ(other.requests().size(), 1U);
  EXPECT_EQ(other.requests().at(0).header("authorization"), "");
  EXPECT_EQ(other.requests().at(0).header("cookie"), "");
  EXPECT_EQ(other.requests().at(0).header("x-plain"), "kept");
}

TEST(Http, CredentialsStayAwayWhenARedirectLeadsBack) {
  std::string back;
  Server other([&](const Received&) { return reply(302, "", "Location: " + back + "\r\n"); });
  Server home([&](const Received& r) {
    return r.target == "/a" ? reply(302, "", "Location: " + other.url() + "\r\n")
                            : reply(200, "done");
  });
  back = home.url("/end");
  auto request = get(home.url("/a"));
  request.authorization = "Basic canary";
  ASSERT_TRUE(http(request));
  EXPECT_EQ(home.requests().at(1).header("authorization"), "");
}

TEST(Http, LimitsRedirects) {
  Server server([](const Received&) { return reply(302, "", "Location: /again\r\n"); });
  const auto response = http(get(server.url()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().fault, Fault::too_large);
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST(Http, RefusesRedirectsToOtherProtocols) {
  Server server([](const Received&) { return reply(302, "", "Location: file:///etc/passwd\r\n"); });
  EXPECT_FALSE(http(get(server.url())));
}

TEST(Http, NeverCarriesABodyToAnotherHost) {
  Server other([](const Received&) { return reply(200, "thanks"); });
  Server home([&](const Received&) { return reply(307, "", "Location: " + other.url() + "\r\n"); });
  auto request = get(home.url());
  request.method = "POST";
  request.body = "refresh_token=canary";
  const auto response = http(request);
  ASSERT_FALSE(response);
  EXPECT_TRUE(other.requests().empty());
  EXPECT_THAT(response.error().message(), testing::Not(HasSubstr("canary")));
}

TEST(Http, CapsTheBody) {
  Server server([](const Received&) { return reply(200, std::string(100'000, 'x')); });
  auto request = get(server.url());
  request.cap = 99'999;
  const auto response = http(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().fault, Fault::too_large);
  request.cap = 100'000;
  EXPECT_TRUE(http(request));
}

TEST(Http, KeepsLittleOfAnErrorsBody) {
  Server server([](const Received&) { return reply(403, std::string(1 << 20, 'x')); });
  const auto response = http(get(server.url()));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(response->body.size(), 64U << 10);
}

TEST(Http, StreamsABodyAfterItsHead) {
  Server server(
      [](const Received&) { return reply(200, std::string(300'000, 'x'), "X-Mark: 7\r\n"); });
  auto request = get(server.url());
  std::string mark;
  std::size_t bytes = 0;
  request.on_head = [&](const HttpResponse& head) -> Result<> {
    EXPECT_EQ(bytes, 0U);
    mark = head.header("x-mark").value_or("");
    return {};
  };
  request.on_body = [&](std::string_view chunk) -> Result<> {
    bytes += chunk.size();
    return {};
  };
  const auto response = http(request);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(mark, "7");
  EXPECT_EQ(bytes, 300'000U);
  EXPECT_EQ(response->body, "");
}

TEST(Http, GivesTheErrorOfTheSink) {
  Server server([](const Received&) { return reply(200, "x"); });
  auto request = get(server.url());
  request.on_body = [](std::string_view) -> Result<> { return fail(Fault::corrupt, "not this"); };
  const auto response = http(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().what, "not this");
}

TEST(Http, RetriesServerErrorsAndBrokenConnections) {
  std::atomic<int> calls = 0;
  Server server([&](const Received&) -> std::string {
    switch (++calls) {
      case 1:
        return reply(503, "busy");
      case 2:
        return {};
      default:
        return reply(200, "ok");
    }
  });
  auto request = get(server.url());
  request.retries = 3;
  const auto response = http(request);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(calls, 3);
}

TEST(Http, HonoursRetryAfter) {
  std::atomic<int> calls = 0;
  Server server([&](const Received&) {
    return ++calls == 1 ? reply(429, "", "Retry-After: 1\r\n") : reply(200, "ok");
  });
  auto request = get(server.url());
  request.retries = 1;
  const auto start = std::chrono::steady_clock::now();
  const auto response = http(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(950));
}

// The address counts, on a connection that is used again too.
TEST(Http, TellsAServerOnThisMachine) {
  Server server([](const Received&) { return reply(200, "x"); });
  for (int i = 0; i < 2; ++i) {
    const auto response = http(get(server.url()));
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->near);
  }
  auto request = get(server.url());
  request.named_from_outside = true;
  EXPECT_EQ(http(request).error().fault, Fault::unsupported);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(Http, DoesNotWaitForAnHour) {
  Server server([](const Received&) { return reply(429, "", "Retry-After: 3600\r\n"); });
  auto request = get(server.url());
  request.retries = 3;
  const auto response = http(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(Http, DoesNotRepeatAPost) {
  Server server([](const Received&) { return std::string{}; });
  auto request = get(server.url());
  request.method = "POST";
  request.retries = 3;
  EXPECT_FALSE(http(request));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(Http, SpeaksOverUnixSockets) {
  std::string folder = std::filesystem::temp_directory_path() / "boltseal-http-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/api.sock";
  {
    Server server([](const Received&) { return reply(200, "over a socket"); }, path);
    auto request = get("http://localhost/info");
    request.unix_socket = path;
    request.allow_http = false;
    const auto response = http(request);
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->body, "over a socket");
  }
  std::filesystem::remove_all(folder);
}

TEST(Http, RefusesLineEndsInHeaders) {
  auto request = get("http://127.0.0.1:1/");
  request.headers = {{"X", "a\r\nAuthorization: b"}};
  const auto response = http(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().fault, Fault::corrupt);
}

TEST(Http, ErrorsNameTheHostButNotTheQuery) {
  const auto response = http(get("http://127.0.0.1:1/path?token=canary"));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message(), HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(response.error().message(), testing::Not(HasSubstr("canary")));
}

TEST(Http, CanBeCancelled) {
  Server server([](const Received&) { return reply(503, "busy"); });
  auto request = get(server.url());
  request.retries = 6;
  request.cancelled = [] { return true; };
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(http(request));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

// In a child, because nothing takes the ban back.
TEST(HttpDeathTest, SendsNothingWhenOffline) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        Server server([](const Received&) { return reply(200, "leak"); });
        forbid_network();
        auto request = get(server.url());
        const bool refused = !http(request);
        request.unix_socket = "/var/run/docker.sock";
        const bool refused_too = !http(request);
        std::exit(refused && refused_too && server.requests().empty() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace boltseal
