#include "seal/key_reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"

namespace boltseal {
namespace {

PasswordSource word(const std::string& text) {
  return [text](const std::string&) -> Result<Secret> { return Secret(std::string_view(text)); };
}

class KeyReference : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "key-reference";
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name, std::string_view bytes) const {
    EXPECT_TRUE(write_file_atomically(folder_ + "/" + name, bytes));
    return folder_ + "/" + name;
  }

  std::string folder_;
  PrivateKey key_ = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  std::string encrypted_ = write_key_file(key_, "pw").value();
};

TEST_F(KeyReference, OpensFiles) {
  const auto signer = open_signer(file("cosign.key", encrypted_), word("pw"));
  ASSERT_TRUE(signer) << signer.error().message();
  EXPECT_EQ((*signer)->public_key(), key_.public_key());
  const auto half = key_.public_key();
  EXPECT_EQ(open_public_key(file("pem", half.pem())).value(), half);
  EXPECT_EQ(open_public_key(file("der", half.spki())).value(), half);
}

TEST_F(KeyReference, OpensVariables) {
  ::setenv("BOLTSEAL_TEST_KEY", encrypted_.c_str(), 1);
  EXPECT_EQ((*open_signer("env://BOLTSEAL_TEST_KEY", word("pw")))->public_key(), key_.public_key());
  ::setenv("BOLTSEAL_TEST_KEY", key_.public_key().pem().c_str(), 1);
  EXPECT_EQ(open_public_key("env://BOLTSEAL_TEST_KEY").value(), key_.public_key());
  ::unsetenv("BOLTSEAL_TEST_KEY");
  EXPECT_EQ(open_public_key("env://BOLTSEAL_TEST_KEY").error().fault, Fault::not_found);
}

TEST_F(KeyReference, NamesWhatItCouldNotOpen) {
  const auto name = file("cosign.key", encrypted_);
  EXPECT_EQ(open_signer(name, word("other")).error().where, name);
  EXPECT_EQ(open_signer(folder_ + "/none", word("")).error().where, folder_ + "/none");
  EXPECT_EQ(open_signer("awskms://alias/key", word("")).error().fault, Fault::unsupported);
  EXPECT_EQ(open_public_key("hashivault://key").error().fault, Fault::unsupported);
}

}  // namespace
}  // namespace boltseal
