#include "seal/key_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"
#include "seal/key_reference.h"

namespace boltseal {
namespace {

PasswordSource word(const std::string& text) {
  return [text](const std::string&) -> Result<Secret> { return Secret(std::string_view(text)); };
}

unsigned mode_of(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

class KeyStoreTest : public testing::Test {
 protected:
  void SetUp() override { ::setenv("BOLTSEAL_KEYS", folder_.c_str(), 1); }
  void TearDown() override {
    ::unsetenv("BOLTSEAL_KEYS");
    std::filesystem::remove_all(folder_);
  }
  std::string folder_ = testing::TempDir() + "key-store-" + std::to_string(::getpid());
  KeyStore store_{folder_};
  PrivateKey key_ = PrivateKey::generate(KeyKind::ed25519).value();
};

TEST_F(KeyStoreTest, KeepsKeysToItself) {
  const auto kept = store_.add("release-1", key_, "pw", "release");
  ASSERT_TRUE(kept) << kept.error().message();
  EXPECT_EQ(mode_of(folder_), 0700U);
  EXPECT_EQ(mode_of(folder_ + "/release-1"), 0700U);
  for (const char* file : {"key.key", "key.pub", "record.json"})
    EXPECT_EQ(mode_of(folder_ + "/release-1/" + file), 0600U) << file;
  EXPECT_EQ(store_.names(), std::vector<std::string>{"release-1"});
  const auto found = store_.find("release-1");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->key, key_.public_key());
  EXPECT_EQ(found->purpose, "release");
  EXPECT_EQ(found->state, KeyState::active);
  EXPECT_EQ(store_.find_id(key_.public_key().id())->name, "release-1");
  EXPECT_FALSE(store_.open("release-1", word("other")));
}

TEST_F(KeyStoreTest, NeverReplacesAKey) {
  ASSERT_TRUE(store_.add("a", key_, "", ""));
  EXPECT_FALSE(store_.add("a", PrivateKey::generate(KeyKind::ed25519).value(), "", ""));
  EXPECT_EQ(store_.find("a")->key, key_.public_key());
}

TEST_F(KeyStoreTest, TakesSafeNamesOnly) {
  for (const char* name :
       {"", ".", "..", "../a", "a/b", ".hidden", "-o", "a b", "a\nb", "é", "records.jsonl"}) {
    EXPECT_FALSE(store_.add(name, key_, "", "")) << name;
    EXPECT_FALSE(store_.has(name)) << name;
    EXPECT_FALSE(store_.find(name)) << name;
  }
  EXPECT_FALSE(is_key_name(std::string(65, 'a')));
  EXPECT_TRUE(is_key_name("Release_2.a-b"));
}

TEST_F(KeyStoreTest, IsWhereBareNamesLead) {
  ASSERT_TRUE(store_.add("ci", key_, "pw", ""));
  for (const char* reference : {"ci", "store:ci"}) {
    EXPECT_EQ(open_public_key(reference).value(), key_.public_key());
    EXPECT_EQ((*open_signer(reference, word("pw")))->public_key(), key_.public_key());
  }
  EXPECT_EQ(open_public_key("store:none").error().fault, Fault::not_found);
  EXPECT_EQ(open_public_key("store:../ci").error().fault, Fault::not_found);
  EXPECT_EQ(open_public_key("none").error().fault, Fault::not_found);
}

TEST_F(KeyStoreTest, ALeaveTakenKeySignsNoMore) {
  auto kept = store_.add("old", key_, "pw", "").value();
  for (const KeyState state : {KeyState::superseded, KeyState::revoked}) {
    kept.state = state;
    kept.successor = "new";
    ASSERT_TRUE(store_.update(kept));
    const auto signer = open_signer("store:old", word("pw"));
    ASSERT_FALSE(signer);
    EXPECT_EQ(signer.error().fault, Fault::unsupported);
    EXPECT_TRUE(store_.open_any("old", word("pw")));
    EXPECT_TRUE(open_public_key("store:old"));
  }
}

TEST_F(KeyStoreTest, NoticesPartsOfTwoKeys) {
  ASSERT_TRUE(store_.add("a", key_, "", ""));
  const auto other = PrivateKey::generate(KeyKind::ed25519).value();
  ASSERT_TRUE(write_secret_file(folder_ + "/a/key.key", write_key_file(other, "").value()));
  EXPECT_EQ(store_.open("a", word("")).error().fault, Fault::corrupt);
  ASSERT_TRUE(write_secret_file(folder_ + "/a/key.pub", other.public_key().pem()));
  EXPECT_EQ(store_.find("a").error().fault, Fault::corrupt);
}

TEST_F(KeyStoreTest, CollectsRecords) {
  EXPECT_EQ(store_.records()->size(), 0U);
  const auto other = PrivateKey::generate(KeyKind::ed25519).value();
  const auto third = PrivateKey::generate(KeyKind::ed25519).value();
  const auto add = [&](const DsseEnvelope& record) {
    return store_.add_records({&record, 1}).has_value();
  };
  EXPECT_TRUE(add(sign_succession(key_, other, 1).value()));
  EXPECT_TRUE(add(sign_succession(key_, other, 1).value()));
  EXPECT_TRUE(add(sign_recovery(other, key_, 1).value()));
  EXPECT_FALSE(add(sign_succession(key_, third, 1).value()));
  EXPECT_EQ(store_.records()->size(), 2U);
  EXPECT_EQ(mode_of(store_.records_file()), 0600U);
}

}  // namespace
}  // namespace boltseal
