// Against a real token in software. SoftHSM keeps its tokens in a folder, which is the test's own.
#include "crypto/pkcs11.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <unistd.h>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/text.h"

// There where the address sanitizer is linked in.
extern "C" __attribute__((weak)) void __lsan_disable();
extern "C" __attribute__((weak)) void __lsan_enable();

namespace boltseal {
namespace {

namespace fs = std::filesystem;

PasswordSource pin(const std::string& text) {
  return [text](const std::string& what) -> Result<Secret> {
    EXPECT_TRUE(what.starts_with(pin_of_token)) << what;
    return Secret(std::string_view(text));
  };
}

PasswordSource never() {
  return [](const std::string&) -> Result<Secret> {
    return fail(Fault::not_found, "asked for the PIN");
  };
}

std::string module_path() {
  for (const char* path :
       {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"}) {
    if (fs::exists(path)) return path;
  }
  return {};
}

class SoftHsm : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = testing::TempDir() + "boltseal-softhsm-" + std::to_string(::getpid());
    fs::create_directories(folder_ + "/tokens");
    std::ofstream(folder_ + "/conf") << "directories.tokendir = " << folder_
                                     << "/tokens\nobjectstore.backend = file\nlog.level = ERROR\n";
    ::setenv("SOFTHSM2_CONF", (folder_ + "/conf").c_str(), 1);
    for (const char* label : {"first", "second"}) make_token(label);
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }
  static void make_token(const std::string& label) {
    std::vector<std::string> words = {"softhsm2-util", "--init-token", "--free", "--label", label,
                                      "--so-pin",      "8765",         "--pin",  "1234"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    int status = -1;
    posix_spawn_file_actions_t quiet;
    ASSERT_EQ(::posix_spawn_file_actions_init(&quiet), 0);
    ASSERT_EQ(::posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0), 0);
    const int started =
        ::posix_spawnp(&child, words[0].c_str(), &quiet, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&quiet);
    ASSERT_EQ(started, 0) << "apt-get install softhsm2";
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  void SetUp() override { ASSERT_FALSE(module_path().empty()) << "apt-get install softhsm2"; }

  static std::string uri(const std::string& path, const std::string& query = {}) {
    return "pkcs11:" + path + "?module-path=" + module_path() + query;
  }
  static PublicKey made(const std::string& path, KeyKind kind = KeyKind::ecdsa_p256) {
    auto key = make_token_key(uri(path), kind, 2048, pin("1234"));
    EXPECT_TRUE(key) << key.error().message();
    return std::move(*key);
  }

  static inline std::string folder_;
};

TEST_F(SoftHsm, SignsWithEveryKindOfKey) {
  for (const KeyKind kind : {KeyKind::ecdsa_p256, KeyKind::ecdsa_p384, KeyKind::ecdsa_p521,
                             KeyKind::ed25519, KeyKind::rsa}) {
    const std::string path = "token=first;object=" + std::string(name_of(kind));
    // SoftHSM 2.6.1 loses a few bytes at each signature with such a key.
    const bool leaks = kind == KeyKind::ed25519 && __lsan_disable && __lsan_enable;
    if (leaks) __lsan_disable();
    const PublicKey half = made(path, kind);
    EXPECT_EQ(half.kind(), kind);
    const auto signer = open_token_signer(uri(path), pin("1234"));
    ASSERT_TRUE(signer) << signer.error().message();
    EXPECT_EQ((*signer)->public_key(), half);
    EXPECT_EQ(open_token_public_key(uri(path)).value(), half);
    for (const HashKind digest : {HashKind::sha256, HashKind::sha384, HashKind::sha512}) {
      for (const Padding padding : {Padding::pkcs1, Padding::pss}) {
        const SignatureScheme scheme{digest, padding, false};
        const auto signature = (*signer)->sign("message", scheme);
        ASSERT_TRUE(signature) << name_of(kind) << ": " << signature.error().message();
        EXPECT_TRUE(half.verify("message", *signature, scheme));
        EXPECT_FALSE(half.verify("massage", *signature, scheme));
      }
    }
    EXPECT_EQ((*signer)->sign("message", {HashKind::sha512, Padding::pkcs1, true}).error().fault,
              Fault::unsupported);
    if (leaks) __lsan_enable();
  }
}

TEST_F(SoftHsm, TakesThePinFromTheUri) {
  made("token=first;object=pins");
  const std::string path = "token=first;object=pins";
  std::ofstream(folder_ + "/pin") << "1234\n";
  EXPECT_TRUE(open_token_signer(uri(path, "&pin-value=1234"), never()));
  EXPECT_TRUE(open_token_signer(uri(path, "&pin-source=" + folder_ + "/pin"), never()));
  EXPECT_TRUE(open_token_signer(uri(path, "&pin-source=file://" + folder_ + "/pin"), never()));
  EXPECT_FALSE(open_token_signer(uri(path), never()));
  ::setenv("COSIGN_PKCS11_PIN", "1234", 1);
  EXPECT_TRUE(open_token_signer(uri(path), never()));
  ::unsetenv("COSIGN_PKCS11_PIN");
}

TEST_F(SoftHsm, SaysThatThePinIsWrong) {
  made("token=first;object=wrong-pin");
  const auto signer = open_token_signer(uri("token=first;object=wrong-pin"), pin("9999"));
  ASSERT_FALSE(signer);
  EXPECT_NE(signer.error().what.find("PIN is wrong"), std::string::npos);
}

TEST_F(SoftHsm, DoesNotChooseAmongTokens) {
  const auto key = open_token_signer(uri("object=x"), never());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().fault, Fault::unsupported);
  for (const char* label : {"token=first;serial=", "token=second;serial="})
    EXPECT_NE(key.error().what.find(label), std::string::npos) << key.error().what;
}

TEST_F(SoftHsm, DoesNotChooseAmongKeys) {
  made("token=second;object=one;id=%01");
  made("token=second;object=two;id=%02");
  const auto signer = open_token_signer(uri("token=second"), pin("1234"));
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().fault, Fault::unsupported);
  EXPECT_NE(signer.error().what.find("pkcs11:token=second;object=two;id=%02?module-path="),
            std::string::npos)
      << signer.error().what;
  EXPECT_FALSE(open_token_public_key(uri("token=second")));
  EXPECT_TRUE(open_token_public_key(uri("token=second;id=%02")));
}

TEST_F(SoftHsm, MakesNoSecondKeyOfAName) {
  made("token=first;object=once");
  const auto again =
      make_token_key(uri("token=first;object=once"), KeyKind::ecdsa_p256, 0, pin("1234"));
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().what.find("already"), std::string::npos);
  EXPECT_FALSE(make_token_key(uri("token=first"), KeyKind::ecdsa_p256, 0, pin("1234")));
}

TEST_F(SoftHsm, ListsKeysByUrisThatOpenThem) {
  const PublicKey half = made("token=first;object=a%20listed%20one", KeyKind::ecdsa_p384);
  const auto keys = list_token_keys(uri("token=first;object=a%20listed%20one"));
  ASSERT_TRUE(keys) << keys.error().message();
  ASSERT_EQ(keys->size(), 1U);
  EXPECT_EQ(keys->front().label, "a listed one");
  EXPECT_EQ(open_token_public_key(keys->front().uri).value(), half);
  EXPECT_TRUE(open_token_signer(keys->front().uri, pin("1234")));
}

TEST_F(SoftHsm, TellsWhatIsNotThere) {
  EXPECT_EQ(open_token_signer(uri("token=third;object=x"), never()).error().fault,
            Fault::not_found);
  EXPECT_EQ(open_token_signer(uri("token=first;object=none"), pin("1234")).error().fault,
            Fault::not_found);
  EXPECT_EQ(open_token_public_key(uri("token=first;object=none")).error().fault, Fault::not_found);
  const auto none = open_token_signer("pkcs11:token=first?module-path=/nonexistent.so", never());
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().what.find("module"), std::string::npos);
  EXPECT_FALSE(open_token_signer("pkcs11:token=first?module-path=libm.so.6", never()));
}

TEST_F(SoftHsm, IsThereAgainAfterTheLastUserLeft) {
  const PublicKey half = made("token=first;object=again");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(open_token_public_key(uri("token=first;object=again")).value(), half);
}

TEST_F(SoftHsm, IsSharedAmongThreads) {
  const PublicKey half = made("token=first;object=threads");
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        const auto signer = open_token_signer(uri("token=first;object=threads"), pin("1234"));
        const auto signature = signer ? (*signer)->sign("m") : std::unexpected(signer.error());
        if (signature && half.verify("m", *signature)) ++good;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
}

}  // namespace
}  // namespace boltseal
