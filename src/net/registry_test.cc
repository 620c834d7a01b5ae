#include "net/registry.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "crypto/digest.h"
#include "net/test_server.h"

namespace boltseal {
namespace {

using test::Received;
using test::reply;
using test::Server;
using testing::HasSubstr;

constexpr std::string_view image_type = "application/vnd.oci.image.manifest.v1+json";

std::string image_manifest() {
  const std::string digest = sha256_digest("x");
  return fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json",
    "digest":"{}","size":1}},"layers":[]}})",
      image_type, digest);
}

RegistryOptions plain() {
  RegistryOptions options;
  options.plain_http = true;
  return options;
}

Registry open(const Server& server, RegistryOptions options = plain()) {
  return *Registry::open(server.host(), "team/app", std::move(options));
}

Result<std::string> read_blob(Registry& registry, const std::string& content,
                              std::string digest = {}) {
  if (digest.empty()) digest = sha256_digest(content);
  std::string out;
  auto done = registry.stream({{}, digest, content.size(), {}, {}, false},
                              [&](std::string_view chunk) -> Result<> {
                                out += chunk;
                                return {};
                              },
                              {});
  if (!done) return std::unexpected(done.error());
  return out;
}

TEST(Registry, FetchesAManifestAndKnowsItsDigest) {
  Server server([](const Received&) {
    return reply(200, image_manifest(), fmt::format("Content-Type: {}\r\n", image_type));
  });
  auto registry = open(server);
  const auto found = registry.manifest("1.0");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->digest, sha256_digest(image_manifest()));
  EXPECT_EQ(server.requests().at(0).target, "/v2/team/app/manifests/1.0");
  EXPECT_THAT(server.requests().at(0).header("accept"), HasSubstr("manifest.list.v2+json"));
  EXPECT_TRUE(registry.manifest(sha256_digest(image_manifest())));
}

TEST(Registry, RefusesAManifestWithAnotherDigest) {
  Server server([](const Received& r) {
    const bool tag = r.target.ends_with("/tag");
    return reply(200, image_manifest(),
                 tag ? "Docker-Content-Digest: " + sha256_digest("other") + "\r\n" : "");
  });
  auto registry = open(server);
  for (const std::string& reference : {std::string("tag"), sha256_digest("else")}) {
    const auto found = registry.manifest(reference);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().fault, Fault::corrupt);
  }
}

TEST(Registry, CapsAManifest) {
  Server server([](const Received&) { return reply(200, std::string((4U << 20) + 1, ' ')); });
  const auto found = open(server).manifest("1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::too_large);
}

TEST(Registry, SaysWhatIsMissing) {
  Server server([](const Received&) {
    return reply(404,
                 R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest \u001b[31m"}]})");
  });
  const auto found = open(server).manifest("9");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::not_found);
  EXPECT_THAT(found.error().message(), HasSubstr("team/app:9"));
  EXPECT_THAT(found.error().message(), testing::Not(HasSubstr("\x1b")));
}

TEST(Registry, LogsInOnceAndAgainWhenTheTokenIsOld) {
  std::string self;
  int tokens = 0;
  Server server([&](const Received& r) {
    if (r.target.starts_with("/token"))
      return reply(200, fmt::format(R"({{"token":"t{}"}})", ++tokens));
    if (r.header("authorization") != fmt::format("Bearer t{}", tokens)) {
      return reply(
          401, "",
          fmt::format("WWW-Authenticate: Bearer realm=\"{}/token\",service=\"s\"\r\n", self));
    }
    return reply(200, image_manifest());
  });
  self = "http://" + server.host();
  auto registry = open(server);
  ASSERT_TRUE(registry.manifest("1"));
  ASSERT_TRUE(registry.manifest("2"));
  EXPECT_EQ(tokens, 1);
  tokens = 7;  // the server forgets t1
  ASSERT_TRUE(registry.manifest("3"));
  EXPECT_EQ(tokens, 8);
}

TEST(Registry, GoesOnWhereABlobBrokeOff) {
  std::string content;
  for (int i = 0; i < 50'000; ++i) content += fmt::format("{:06}", i);
  Server server([&](const Received& r) {
    const std::string range = r.header("range");
    if (range.empty()) {
      return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", content.size(),
                         content.substr(0, 100'000));
    }
    const std::size_t from = std::stoul(range.substr(6));
    const std::string part = content.substr(from, from < 200'000 ? 100'000 : std::string::npos);
    return fmt::format(
        "HTTP/1.1 206 X\r\nContent-Length: {}\r\nContent-Range: bytes {}-{}/{}\r\n\r\n{}",
        content.size() - from, from, content.size() - 1, content.size(), part);
  });
  auto registry = open(server);
  const auto got = read_blob(registry, content);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(*got, content);
  EXPECT_EQ(server.requests().at(1).header("range"), "bytes=100000-");
}

TEST(Registry, ResumesWithAServerThatKnowsNoRanges) {
  const std::string content(200'000, 'q');
  int calls = 0;
  Server server([&](const Received&) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", content.size(),
                       content.substr(0, ++calls == 1 ? 70'000 : std::string::npos));
  });
  auto registry = open(server);
  const auto got = read_blob(registry, content);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->size(), content.size());
}

TEST(Registry, RefusesAnotherRangeAndMoreBytesThanPromised) {
  Server wrong([&](const Received& r) {
    if (r.header("range").empty())
      return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    return reply(206, "123", "Content-Range: bytes 0-2/10\r\n");
  });
  auto first = open(wrong);
  const auto shifted = read_blob(first, "1234567890");
  ASSERT_FALSE(shifted);
  EXPECT_EQ(shifted.error().fault, Fault::corrupt);
  Server longer([](const Received&) { return reply(200, "12345678901"); });
  auto second = open(longer);
  const auto more = read_blob(second, "1234567890");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().fault, Fault::corrupt);
  EXPECT_EQ(longer.requests().size(), 1U);
}

TEST(Registry, VerifiesSmallBlobs) {
  Server server([](const Received&) { return reply(200, "forged"); });
  auto registry = open(server);
  EXPECT_FALSE(registry.blob({{}, sha256_digest("config"), 6, {}, {}, false}, 100));
  EXPECT_TRUE(registry.blob({{}, sha256_digest("forged"), 6, {}, {}, false}, 100));
  const auto large = registry.blob({{}, sha256_digest("forged"), 1ULL << 60, {}, {}, false}, 100);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().fault, Fault::too_large);
}

TEST(Registry, DropsCredentialsOnTheWayToABlobStore) {
  Server store([](const Received&) { return reply(200, "blob"); });
  std::string self;
  Server server([&](const Received& r) {
    if (r.target.starts_with("/token")) return reply(200, R"({"token":"canary"})");
    if (r.header("authorization").empty())
      return reply(401, "", "WWW-Authenticate: Bearer realm=\"" + self + "/token\"\r\n");
    return reply(307, "", "Location: " + store.url("/s") + "\r\n");
  });
  self = "http://" + server.host();
  auto registry = open(server);
  EXPECT_EQ(read_blob(registry, "blob"), "blob");
  EXPECT_EQ(store.requests().at(0).header("authorization"), "");
}

TEST(Registry, PrefersTheMirrorAndFallsBack) {
  Server upstream([](const Received&) { return reply(200, image_manifest()); });
  Server mirror([](const Received& r) {
    return r.target.ends_with("/here") ? reply(200, image_manifest()) : reply(404, "");
  });
  auto options = plain();
  options.mirrors.variable = fmt::format("{}=http://{}/cache", upstream.host(), mirror.host());
  auto registry = *Registry::open(upstream.host(), "team/app", options);
  ASSERT_TRUE(registry.manifest("here"));
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(mirror.requests().at(0).target, "/v2/cache/team/app/manifests/here");
  ASSERT_TRUE(registry.manifest("there"));
  EXPECT_EQ(upstream.requests().size(), 1U);
}

TEST(Registry, AsksAMirrorOnlyForWhatItIsMeantFor) {
  const auto serve = [](const Received& r) {
    return reply(200, r.target.contains("/blobs/") ? "blob" : image_manifest());
  };
  const std::string digest = sha256_digest(image_manifest());
  const auto asked = [&](std::string_view pulls, const std::string& reference) {
    Server upstream(serve), mirror(serve);
    std::string conf = std::filesystem::temp_directory_path() / "boltseal-conf-XXXXXX";
    EXPECT_NE(::mkdtemp(conf.data()), nullptr);
    EXPECT_TRUE(write_file_atomically(
        conf + "/a.conf",
        fmt::format("[[registry]]\nlocation = \"{}\"\ninsecure = true\n[[registry.mirror]]\n"
                    "location = \"{}\"\ninsecure = true\npull-from-mirror = \"{}\"\n",
                    upstream.host(), mirror.host(), pulls)));
    auto options = plain();
    options.mirrors.files = {conf + "/a.conf"};
    auto registry = *Registry::open(upstream.host(), "a", options);
    EXPECT_TRUE(registry.manifest(reference));
    EXPECT_TRUE(registry.manifest(digest));
    EXPECT_EQ(read_blob(registry, "blob"), "blob");
    std::filesystem::remove_all(conf);
    return std::pair(mirror.requests().size() > 0, upstream.requests().size() > 0);
  };
  using Asked = std::pair<bool, bool>;
  EXPECT_EQ(asked("digest-only", "tag"), Asked(false, true));
  EXPECT_EQ(asked("digest-only", digest), Asked(true, false));
  EXPECT_EQ(asked("tag-only", "tag"), Asked(true, false));  // and what the tag leads to
  EXPECT_EQ(asked("tag-only", digest), Asked(false, true));
}

TEST(Registry, SpeaksPlainHttpOnlyWhenAllowed) {
  Server server([](const Received&) { return reply(200, image_manifest()); });
  auto refused = open(server, {});
  EXPECT_FALSE(refused.manifest("1"));
  EXPECT_TRUE(server.requests().empty());
  RegistryOptions insecure;
  insecure.insecure_http = true;
  auto allowed = open(server, insecure);
  EXPECT_TRUE(allowed.manifest("1"));
}

TEST(Registry, KnowsTheSchemeByTheFirstLineOfAnAnswer) {
  RegistryOptions insecure;
  insecure.insecure_http = true;
  Server endless([](const Received& request) {
    return request.target == "/v2/" ? reply(200, std::string(80 << 20, 'x'))
                                    : reply(200, image_manifest());
  });
  EXPECT_TRUE(open(endless, insecure).manifest("1"));
  Server headers([](const Received&) {
    std::string out = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 100; ++i) out += fmt::format("X-{}: {}\r\n", i, std::string(4000, 'y'));
    return out;
  });
  const auto refused = open(headers, insecure).manifest("1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::too_large);
  EXPECT_EQ(headers.requests().size(), 1U) << "it is not asked again over TLS";
}

TEST(Registry, DoesNotWaitForLongForOneThatIsSilent) {
  // The kernel takes the connection, and nobody ever speaks.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener, 16), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  RegistryOptions options;
  options.insecure_http = true;
  options.ping_seconds = 2;
  const std::string host = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
  const auto begun = std::chrono::steady_clock::now();
  const auto refused = Registry::open(host, "team/app", options)->manifest("1");
  ::close(listener);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what,
              testing::AllOf(HasSubstr("does not answer as a registry"), HasSubstr("http: "),
                             HasSubstr("https: "), HasSubstr("whether it runs")));
}

TEST(Registry, StopsWhenTheSinkDoes) {
  Server server([](const Received&) { return reply(200, std::string(500'000, 'x')); });
  auto registry = open(server);
  int calls = 0;
  const auto done = registry.stream({{}, sha256_digest("x"), 500'000, {}, {}, false},
                                    [&](std::string_view) -> Result<> {
                                      ++calls;
                                      return fail(Fault::io, "enough");
                                    },
                                    {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what, "enough");
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace boltseal
