#include "net/credentials.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include "codec/base64.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"

namespace boltseal {
namespace {

using testing::HasSubstr;
using testing::Not;

class CredentialsFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "boltseal-auth-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, std::string_view text) const {
    EXPECT_TRUE(write_file_atomically(folder_ + "/" + name, text));
    return folder_ + "/" + name;
  }
  // "user:password", "token …" or "none".
  static std::string ask(const std::vector<std::string>& files, std::string_view host,
                         std::string_view repository = "a/b",
                         const HelperRunner& run = run_credential_helper) {
    const auto found = find_credentials(host, repository, files, run);
    if (!found) return "error";
    if (!*found) return "none";
    return (*found)->identity_token.empty() ? (*found)->user + ":" + (*found)->password
                                            : "token " + (*found)->identity_token;
  }
  std::string folder_;
};

TEST_F(CredentialsFile, AreForTheirHostOnly) {
  const auto file = write(
      "config.json",
      fmt::format(
          R"({{"auths":{{"reg.example":{{"auth":"{}"}},"https://old.example/v1/":{{"auth":"{}"}},"reg.example:5000":{{"auth":"{}"}}}}}})",
          base64("u:p:q"), base64("o:ld"), base64("w:port")));
  EXPECT_EQ(ask({file}, "reg.example"), "u:p:q");
  EXPECT_EQ(ask({file}, "reg.example:5000"), "w:port");
  EXPECT_EQ(ask({file}, "old.example"), "o:ld");
  for (const char* host :
       {"evil.example", "reg.example.evil.com", "xreg.example", "reg.example:443", "example",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com", "evil.azurecr.io", "gcr.io"}) {
    EXPECT_EQ(ask({file}, host), "none") << host;
  }
}

TEST_F(CredentialsFile, KnowTheNamesOfDockerHub) {
  const auto file = write(
      "config.json", fmt::format(R"({{"auths":{{"https://index.docker.io/v1/":{{"auth":"{}"}}}}}})",
                                 base64("h:ub")));
  EXPECT_EQ(ask({file}, "docker.io"), "h:ub");
  EXPECT_EQ(ask({file}, "registry-1.docker.io"), "h:ub");
  EXPECT_EQ(ask({file}, "docker.io.evil.com"), "none");
}

TEST_F(CredentialsFile, PreferTheLongestPath) {
  const auto file = write(
      "auth.json",
      fmt::format(
          R"({{"auths":{{"r.example":{{"auth":"{}"}},"r.example/team":{{"auth":"{}"}},"r.example/team/app":{{"auth":"{}"}}}}}})",
          base64("all:1"), base64("team:2"), base64("app:3")));
  EXPECT_EQ(ask({file}, "r.example", "other/x"), "all:1");
  EXPECT_EQ(ask({file}, "r.example", "team/x"), "team:2");
  EXPECT_EQ(ask({file}, "r.example", "teams/x"), "all:1");
  EXPECT_EQ(ask({file}, "r.example", "team/app"), "app:3");
}

TEST_F(CredentialsFile, ReadIdentityTokensAndPassOverWhatIsMissing) {
  const auto file = write(
      "config.json",
      fmt::format(
          R"({{"auths":{{"a.example":{{"auth":"{}","identitytoken":"t0"}},"b.example":{{}},"c.example":{{"auth":"!!"}}}}}})",
          base64("u:")));
  EXPECT_EQ(ask({folder_ + "/missing.json", file}, "a.example"), "token t0");
  EXPECT_EQ(ask({file}, "b.example"), "none");
  EXPECT_EQ(ask({file}, "c.example"), "none");
  EXPECT_EQ(ask({write("broken.json", "{\"auths\":")}, "a.example"), "error");
}

TEST_F(CredentialsFile, AskTheHelperOfThatHost) {
  const auto file =
      write("config.json", R"({"credHelpers":{"h.example":"vault"},"credsStore":"desktop"})");
  std::vector<std::string> asked;
  const HelperRunner run = [&](const std::string& program,
                               const std::string& server) -> Result<std::string> {
    asked.push_back(program + " " + server);
    if (server == "none.example") return "credentials not found in native keychain\n";
    if (server == "https://index.docker.io/v1/") return R"({"Username":"<token>","Secret":"s3"})";
    return R"({"ServerURL":"x","Username":"u","Secret":"s"})";
  };
  EXPECT_EQ(ask({file}, "h.example", "a", run), "u:s");
  EXPECT_EQ(ask({file}, "none.example", "a", run), "none");
  EXPECT_EQ(ask({file}, "docker.io", "a", run), "token s3");
  EXPECT_THAT(asked, testing::ElementsAre("docker-credential-vault h.example",
                                          "docker-credential-desktop none.example",
                                          "docker-credential-desktop https://index.docker.io/v1/"));
}

// https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
TEST_F(CredentialsFile, AskTheHubsHelperByTheNameOfItsFile) {
  const HelperRunner run = [](const std::string&,
                              const std::string& server) -> Result<std::string> {
    return R"({"Username":"u","Secret":")" + server + R"("})";
  };
  EXPECT_EQ(
      ask({write("auth.json", R"({"credHelpers":{"docker.io":"t"}})")}, "docker.io", "a", run),
      "u:docker.io");
  EXPECT_EQ(ask({write("config.json", R"({"credHelpers":{"https://index.docker.io/v1/":"t"}})")},
                "docker.io", "a", run),
            "u:https://index.docker.io/v1/");
}

TEST_F(CredentialsFile, NeverRunAHelperWithAnOddName) {
  for (const char* name : {"../../bin/sh", "a b", "x;id", ".x", "a/b", "ä", "a\\u0000b"}) {
    const auto file =
        write("config.json", fmt::format(R"({{"credHelpers":{{"h.example":"{}"}}}})", name));
    const HelperRunner run = [](const std::string&, const std::string&) -> Result<std::string> {
      ADD_FAILURE() << "it was run";
      return "";
    };
    EXPECT_EQ(ask({file}, "h.example", "a", run), "error") << name;
  }
}

// Docker Desktop and Rancher Desktop write these on WSL.
TEST_F(CredentialsFile, KnowHelpersThatArePrograms) {
  const HelperRunner run = [](const std::string& program,
                              const std::string&) -> Result<std::string> {
    return fmt::format(R"({{"Username":"u","Secret":"{}"}})", program);
  };
  for (const char* name : {"desktop.exe", "wincred.exe", "my_helper", "ECR-login"}) {
    EXPECT_EQ(ask({write("store.json", fmt::format(R"({{"credsStore":"{}"}})", name))}, "h.example",
                  "a", run),
              fmt::format("u:docker-credential-{}", name));
    const auto file =
        write("host.json", fmt::format(R"({{"credHelpers":{{"h.example":"{}"}}}})", name));
    EXPECT_EQ(ask({file}, "h.example", "a", run), fmt::format("u:docker-credential-{}", name));
  }
}

TEST_F(CredentialsFile, AnEmptyHelperMeansTheFileItself) {
  const HelperRunner run = [](const std::string& program,
                              const std::string&) -> Result<std::string> {
    return fmt::format(R"({{"Username":"u","Secret":"{}"}})", program);
  };
  const auto file = write(
      "config.json",
      fmt::format(
          R"({{"auths":{{"h.example":{{"auth":"{}"}}}},"credHelpers":{{"h.example":"","g.example":""}},"credsStore":"x"}})",
          base64("in:file")));
  EXPECT_EQ(ask({file}, "h.example", "a", run), "in:file");
  EXPECT_EQ(ask({file}, "g.example", "a", run), "none");
  EXPECT_EQ(ask({file}, "f.example", "a", run), "u:docker-credential-x");
  EXPECT_EQ(ask({write("none.json", R"({"credsStore":""})")}, "f.example", "a", run), "none");
}

TEST_F(CredentialsFile, MayBeEmpty) {
  const auto full = write(
      "full.json", fmt::format(R"({{"auths":{{"h.example":{{"auth":"{}"}}}}}})", base64("u:p")));
  EXPECT_EQ(ask({write("empty.json", ""), full}, "h.example"), "u:p");
  EXPECT_EQ(ask({write("blank.json", "\n")}, "h.example"), "none");
}

TEST(CredentialFiles, ArePodmansAlsoWithoutARuntimeFolder) {
  const char* before = std::getenv("XDG_RUNTIME_DIR");
  const std::string kept = before == nullptr ? "" : before;
  const std::string place = fmt::format("/run/containers/{}/auth.json", ::getuid());
  ::setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  EXPECT_THAT(credential_files(), testing::Contains("/run/user/7/containers/auth.json"));
  EXPECT_THAT(credential_files(), Not(testing::Contains(place)));
  ::unsetenv("XDG_RUNTIME_DIR");
  if (::access("/run/containers", X_OK) == 0 || errno == ENOENT) {
    EXPECT_THAT(credential_files(), testing::Contains(place));
  }
  if (before != nullptr) ::setenv("XDG_RUNTIME_DIR", kept.c_str(), 1);
}

TEST_F(CredentialsFile, RunARealHelperWithoutAShell) {
  const auto script = write("docker-credential-boltseal-test",
                            "#!/bin/sh\nread server\n[ \"$1\" = get ] || exit 1\n"
                            "[ \"$server\" = fail.example ] && { echo 'secret-canary'; exit 1; }\n"
                            "printf '{\"Username\":\"%s\",\"Secret\":\"s\"}' \"$server\"\n");
  ASSERT_EQ(::chmod(script.c_str(), 0755), 0);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (folder_ + ":" + path).c_str(), 1);
  const auto file =
      write("config.json",
            R"({"credHelpers":{"h.example":"boltseal-test","fail.example":"boltseal-test"}})");
  EXPECT_EQ(ask({file}, "h.example"), "h.example:s");
  const auto failed = find_credentials("fail.example", "a", {file});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), Not(HasSubstr("canary")));
  EXPECT_FALSE(run_credential_helper("docker-credential-is-not-there", "h"));
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace boltseal
