#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "crypto/digest.h"
#include "net/test_server.h"
#include "source/openers.h"

namespace boltseal {
namespace {

using test::Received;
using test::reply;
using test::Server;
using testing::HasSubstr;

class DaemonSource : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "boltseal-daemon-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    options_.spool_directory = folder_;
    for (const char* name : {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "CONTAINER_HOST",
                             "XDG_RUNTIME_DIR"})
      ::unsetenv(name);
    ::setenv("HOME", folder_.c_str(), 1);
    ::setenv("DOCKER_CONFIG", (folder_ + "/docker").c_str(), 1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string refusal(const std::string& name, const std::string& scheme = "docker") const {
    const auto opened = open_daemon(scheme, name, options_);
    return opened ? "opened" : opened.error().message();
  }
  std::string folder_;
  SourceOptions options_;
};

TEST_F(DaemonSource, AsksTheSocketOfDockerHost) {
  Server daemon([](const Received&) { return reply(404, R"({"message":"No such image"})"); },
                folder_ + "/d.sock");
  ::setenv("DOCKER_HOST", ("unix://" + folder_ + "/d.sock").c_str(), 1);
  EXPECT_THAT(refusal("team/app:1"), HasSubstr("docker pull team/app:1"));
  EXPECT_EQ(daemon.requests().at(0).target, "/images/team/app:1/json");
}

TEST_F(DaemonSource, FindsTheSocketOfADockerContext) {
  Server daemon([](const Received&) { return reply(404, "{}"); }, folder_ + "/c.sock");
  const std::string meta = folder_ + "/docker/contexts/meta/" + sha256_hex("mine");
  ASSERT_TRUE(make_directories(meta));
  ASSERT_TRUE(
      write_file_atomically(folder_ + "/docker/config.json", R"({"currentContext":"mine"})"));
  ASSERT_TRUE(write_file_atomically(
      meta + "/meta.json",
      R"({"Name":"mine","Endpoints":{"docker":{"Host":"unix://)" + folder_ + R"(/c.sock"}}})"));
  EXPECT_THAT(refusal("a"), HasSubstr("no such image"));
  EXPECT_EQ(daemon.requests().size(), 1U);
}

// What the user chose is not there: another daemon would be asked for an image of that name.
TEST_F(DaemonSource, AsksNobodyForAContextThatItCannotRead) {
  ::setenv("DOCKER_CONTEXT", "production", 1);
  EXPECT_THAT(refusal("a"), HasSubstr("docker context production: there is no such context"));
  const std::string folder = folder_ + "/docker/contexts/";
  ASSERT_TRUE(make_directories(folder + "meta/" + sha256_hex("production")));
  ASSERT_TRUE(make_directories(folder + "tls/" + sha256_hex("production") + "/docker"));
  ASSERT_TRUE(write_file_atomically(folder + "meta/" + sha256_hex("production") + "/meta.json",
                                    R"({"Endpoints":{"docker":{"Host":"tcp://127.0.0.1:9"}}})"));
  EXPECT_THAT(refusal("a"), HasSubstr("certificates of its own"));
}

TEST_F(DaemonSource, KnowsDockersPorts) {
  for (const auto& [host, asked] :
       {std::pair("tcp://127.0.0.1", "127.0.0.1:2375"), std::pair("tcp://[::1]/", "[::1]:2375"),
        std::pair("tcp://127.0.0.1/base", "127.0.0.1:2375/base"),
        std::pair("tcp://127.0.0.1:9", "127.0.0.1:9/images")}) {
    ::setenv("DOCKER_HOST", host, 1);
    EXPECT_THAT(refusal("a"), HasSubstr(asked));
  }
}

TEST_F(DaemonSource, FindsPodmanInTheRuntimeFolder) {
  ASSERT_TRUE(make_directories(folder_ + "/podman"));
  Server daemon([](const Received&) { return reply(500, R"({"message":"broken \u001b[1m"})"); },
                folder_ + "/podman/podman.sock");
  ::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
  const std::string said = refusal("a", "podman");
  EXPECT_THAT(said, HasSubstr("status 500"));
  EXPECT_THAT(said, testing::Not(HasSubstr("\x1b")));
}

TEST_F(DaemonSource, LeavesNoSpoolFileBehind) {
  Server daemon(
      [](const Received& r) {
        return r.target.ends_with("/json") ? reply(200, "{}") : reply(200, "no tar at all");
      },
      folder_ + "/d.sock");
  ::setenv("DOCKER_HOST", ("unix://" + folder_ + "/d.sock").c_str(), 1);
  EXPECT_NE(refusal("a"), "opened");
  EXPECT_EQ(daemon.requests().at(1).target, "/images/a/get");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);  // the socket
}

TEST_F(DaemonSource, RefusesNamesThatLeaveThePath) {
  Server daemon([](const Received&) { return reply(200, "{}"); }, folder_ + "/d.sock");
  ::setenv("DOCKER_HOST", ("unix://" + folder_ + "/d.sock").c_str(), 1);
  for (const char* name : {"", "../../containers", "a/../b", "a?b", "a b", "-x", "a\nb", "a%2e"}) {
    EXPECT_THAT(refusal(name), HasSubstr("not the name")) << name;
  }
  EXPECT_TRUE(daemon.requests().empty());
}

TEST_F(DaemonSource, SaysWhatToDoInstead) {
  ::setenv("DOCKER_HOST", "ssh://host", 1);
  EXPECT_THAT(refusal("a"), HasSubstr("docker save"));
  ::setenv("DOCKER_HOST", "unix:///nonexistent.sock", 1);
  EXPECT_THAT(refusal("a"), HasSubstr("is the daemon running"));
}

}  // namespace
}  // namespace boltseal
