#include "net/mirrors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"

namespace boltseal {
namespace {

// "host/repository" of each endpoint, "!" behind plain http, "?" where http may be tried, "@" for
// digests and ":" for tags only.
std::string show(const Result<std::vector<Endpoint>>& endpoints) {
  if (!endpoints) return "error: " + endpoints.error().what;
  std::string out;
  for (const Endpoint& e : *endpoints) {
    out += fmt::format("{}{}/{}{}{}{}{}", out.empty() ? "" : " ", e.host, e.repository,
                       e.plain_http ? "!" : "", e.may_be_http ? "?" : "", e.for_tags ? "" : "@",
                       e.for_digests ? "" : ":");
  }
  return out;
}

class RegistriesConf : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "boltseal-mirrors-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  MirrorFiles conf(std::string_view text) const {
    EXPECT_TRUE(write_file_atomically(folder_ + "/registries.conf", text));
    return {"", {folder_ + "/missing.conf", folder_ + "/registries.conf"}};
  }
  std::string folder_;
};

TEST(Mirrors, AreReadFromTheVariable) {
  EXPECT_EQ(show(endpoints_of("docker.io", "library/a", {"", {}})),
            "registry-1.docker.io/library/a");
  const MirrorFiles two{"docker.io=mirror.local:5000, quay.io=q, docker.io=http://m2/proxy/hub/",
                        {}};
  EXPECT_EQ(show(endpoints_of("docker.io", "library/a", two)),
            "mirror.local:5000/library/a m2/proxy/hub/library/a! registry-1.docker.io/library/a");
  EXPECT_EQ(show(endpoints_of("ghcr.io", "a", two)), "ghcr.io/a");
}

TEST_F(RegistriesConf, RewritesMirrorsAndBlocks) {
  const auto files = conf(R"(
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "docker.io"
[[registry.mirror]]
location = "m.example/hub"
insecure = true
[[registry]]
prefix = "docker.io/team"
location = "other.example/t"
[[registry]]
location = "bad.example"
blocked = true
[[registry]]
prefix = "*.corp.example"
insecure = true
)");
  EXPECT_EQ(show(endpoints_of("docker.io", "library/a", files)),
            "m.example/hub/library/a? registry-1.docker.io/library/a");
  EXPECT_EQ(show(endpoints_of("docker.io", "team/a", files)), "other.example/t/a");
  EXPECT_EQ(show(endpoints_of("docker.io", "teams/a", files)),
            "m.example/hub/teams/a? registry-1.docker.io/teams/a");
  EXPECT_THAT(show(endpoints_of("bad.example", "a", files)), testing::HasSubstr("blocked"));
  EXPECT_EQ(show(endpoints_of("bad.example.org", "a", files)), "bad.example.org/a");
  EXPECT_EQ(show(endpoints_of("r.corp.example", "a", files)), "r.corp.example/a?");
}

TEST_F(RegistriesConf, KnowsMirrorsForDigestsAndForTags) {
  const auto files = conf(R"(
[[registry]]
location = "r.example"
[[registry.mirror]]
location = "d.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "t.example"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "a.example"
pull-from-mirror = "all"
[[registry]]
location = "s.example"
mirror-by-digest-only = true
[[registry.mirror]]
location = "d.example"
)");
  EXPECT_EQ(show(endpoints_of("r.example", "a", files)),
            "d.example/a@ t.example/a: a.example/a r.example/a");
  EXPECT_EQ(show(endpoints_of("s.example", "a", files)), "d.example/a@ s.example/a");
}

// The user's folder counts without the user's file.
TEST_F(RegistriesConf, AreTheSystemsAndTheUsers) {
  const std::string home = std::getenv("HOME");
  const auto own = folder_ + "/.config/containers/registries.conf";
  ASSERT_TRUE(make_directories(own + ".d"));
  ASSERT_TRUE(write_file_atomically(own + ".d/x.conf", ""));
  ::setenv("HOME", folder_.c_str(), 1);
  ::unsetenv("CONTAINERS_REGISTRIES_CONF");
  auto files = mirrors_from_environment().files;
  EXPECT_EQ(files.front(), "/etc/containers/registries.conf");
  EXPECT_EQ(files.back(), own + ".d/x.conf");
  ASSERT_TRUE(write_file_atomically(own, ""));
  EXPECT_THAT(mirrors_from_environment().files, testing::ElementsAre(own, own + ".d/x.conf"));
  ::setenv("CONTAINERS_REGISTRIES_CONF", (folder_ + "/own.conf").c_str(), 1);
  EXPECT_THAT(mirrors_from_environment().files, testing::ElementsAre(folder_ + "/own.conf"));
  ::unsetenv("CONTAINERS_REGISTRIES_CONF");
  ::setenv("HOME", home.c_str(), 1);
}

TEST_F(RegistriesConf, RefusesABrokenFile) {
  EXPECT_THAT(show(endpoints_of("a.example", "b", conf("[[registry"))),
              testing::HasSubstr("error"));
}

}  // namespace
}  // namespace boltseal
