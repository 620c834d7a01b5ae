#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "net/registry.h"
#include "net/test_server.h"

namespace boltseal {
namespace {

using test::Received;
using test::reply;
using test::Server;
using testing::HasSubstr;

Registry open(const std::string& host, const std::string& actions = "pull,push") {
  RegistryOptions options;
  options.plain_http = true;
  options.actions = actions;
  return *Registry::open(host, "team/app", std::move(options));
}

TEST(RegistryWrite, UploadsInTwoStepsAndOnlyWhatIsMissing) {
  bool there = false;
  Server server([&](const Received& request) {
    if (request.method == "HEAD") return reply(there ? 200 : 404, "");
    if (request.method == "POST") return reply(202, "", "Location: /up/1?state=a%2Fb\r\n");
    return reply(201, "");
  });
  auto registry = open(server.host());
  ASSERT_TRUE(registry.put_blob("hello"));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[1].target, "/v2/team/app/blobs/uploads/");
  EXPECT_EQ(requests[2].method, "PUT");
  EXPECT_THAT(requests[2].target, HasSubstr("/up/1?state=a%2Fb&digest=sha256%3A"));
  EXPECT_EQ(requests[2].body, "hello");
  there = true;
  ASSERT_TRUE(registry.put_blob("hello"));
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST(RegistryWrite, BytesOfAnotherDigestAreNotStored) {
  Server server([](const Received& request) {
    if (request.method == "HEAD") return reply(404, "");
    return reply(request.method == "POST" ? 202 : 201, "", "Location: /up/1\r\n");
  });
  auto registry = open(server.host());
  const auto put = [&](std::string_view bytes, std::uint64_t size) {
    return registry.put_blob(
        sha256_digest("hello"), size,
        [&](const std::function<Result<>(std::string_view)>& sink) { return sink(bytes); });
  };
  EXPECT_FALSE(put("jello", 5));
  EXPECT_FALSE(put("hello and more", 5));
  EXPECT_FALSE(put("hel", 5));
  for (const Received& request : server.requests()) EXPECT_NE(request.method, "PUT");
}

// Row 14 of the security record.
TEST(RegistryWrite, AnUploadElsewhereIsRefused) {
  Server trap([](const Received&) { return reply(201, ""); });
  Server server([&](const Received& request) {
    if (request.method == "HEAD") return reply(404, "");
    return reply(202, "", fmt::format("Location: {}\r\n", trap.url("/up")));
  });
  auto registry = open(server.host());
  const auto done = registry.put_blob("hello");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("BOLTSEAL_UPLOAD_HOSTS"));
  EXPECT_TRUE(trap.requests().empty());
}

TEST(RegistryWrite, MountsWhereItCan) {
  bool mounts = true;
  Server server([&](const Received& request) {
    if (request.method == "HEAD") return reply(404, "");
    if (request.method == "POST" && request.target.contains("mount") && mounts)
      return reply(201, "");
    return reply(request.method == "POST" ? 202 : 201, "", "Location: /up/1\r\n");
  });
  auto registry = open(server.host());
  const auto put = [&] {
    return registry.put_blob(
        sha256_digest("hello"), 5,
        [](const std::function<Result<>(std::string_view)>& sink) { return sink("hello"); },
        "team/other");
  };
  ASSERT_TRUE(put());
  EXPECT_EQ(server.requests().size(), 2U);
  mounts = false;
  ASSERT_TRUE(put());
  EXPECT_EQ(server.requests().back().method, "PUT");
}

TEST(RegistryWrite, SaysWhetherTheSubjectWasNoted) {
  Server server([](const Received& request) {
    if (request.header("if-match") == "\"old\"") return reply(412, "");
    return reply(201, "", request.target.ends_with("/a") ? "OCI-Subject: sha256:x\r\n" : "");
  });
  auto registry = open(server.host());
  EXPECT_EQ(registry.put_manifest("a", "t", "{}"), true);
  EXPECT_EQ(registry.put_manifest("b", "t", "{}"), false);
  const auto changed = registry.put_manifest("a", "t", "{}", "\"old\"");
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().fault, Fault::unsupported);
}

std::string page_of(const std::string& type, int count, std::string_view link = {}) {
  Manifest page;
  page.media_type = oci_index_type;
  page.is_index = true;
  for (int i = 0; i < count; ++i) {
    Descriptor entry;
    entry.digest = sha256_digest(fmt::format("{}{}", type, i));
    entry.artifact_type = type;
    page.manifests.push_back(entry);
  }
  return reply(200, write_manifest(page),
               fmt::format("Content-Type: {}\r\n{}", oci_index_type,
                           link.empty() ? "" : fmt::format("Link: <{}>; rel=\"next\"\r\n", link)));
}

TEST(Referrers, ArePagedAndFilteredHere) {
  Server server([](const Received& request) {
    if (request.target.contains("last=1")) return page_of("b", 2);
    return page_of("a", 3, "?last=1");
  });
  auto registry = open(server.host(), "pull");
  const auto digest = sha256_digest("x");
  EXPECT_EQ((*registry.referrers(digest, ""))->size(), 5U);
  EXPECT_EQ((*registry.referrers(digest, "a"))->size(), 3U);
  EXPECT_EQ((*registry.referrers(digest, "b*"))->size(), 2U);
}

TEST(Referrers, AreNotThereInOldRegistries) {
  Server server([](const Received&) { return reply(404, ""); });
  const auto found = open(server.host(), "pull").referrers(sha256_digest("x"), "");
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

// Row 24.
TEST(Referrers, ThatNeverEndAreRefused) {
  int pages = 0;
  Server endless(
      [&](const Received&) { return page_of("a", 3000, fmt::format("?last={}", ++pages)); });
  const auto many = open(endless.host(), "pull").referrers(sha256_digest("x"), "a");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().fault, Fault::too_large);
  EXPECT_LT(pages, 8);
  Server ring([&](const Received& request) { return page_of("a", 1, request.target); });
  EXPECT_FALSE(open(ring.host(), "pull").referrers(sha256_digest("x"), "a"));
}

TEST(Tags, AreTakenByPrefix) {
  Server server([](const Received& request) {
    if (request.target.contains("last")) return reply(200, R"({"tags":["b2","a3"]})");
    return reply(200, R"({"tags":["a2","b1","a1"]})",
                 "Link: </v2/team/app/tags/list?last=b1>; rel=\"next\"\r\n");
  });
  EXPECT_EQ(open(server.host(), "pull").tags("a"), (std::vector<std::string>{"a1", "a2", "a3"}));
}

TEST(Artifact, IsReadAsItIsWritten) {
  Manifest manifest;
  manifest.media_type = oci_manifest_type;
  manifest.artifact_type = "application/x.y";
  manifest.config = empty_config();
  Descriptor subject;
  subject.media_type = oci_manifest_type;
  subject.digest = sha256_digest("s");
  subject.size = 1;
  manifest.subject = subject;
  manifest.annotations = {{"k", "v\"\n"}};
  const auto read = parse_artifact(write_manifest(manifest), oci_manifest_type, "a");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->artifact_type, "application/x.y");
  EXPECT_EQ(read->subject->digest, subject.digest);
  EXPECT_EQ(read->annotations, manifest.annotations);
  EXPECT_FALSE(parse_manifest(write_manifest(manifest), "", "a"));
}

}  // namespace
}  // namespace boltseal
