#include "crypto/key_file.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "codec/pem.h"

namespace boltseal {
namespace {

PasswordSource word(std::string text) {
  return [text](const std::string&) -> Result<Secret> { return Secret(std::string_view(text)); };
}

PasswordSource never() {
  return [](const std::string&) -> Result<Secret> {
    ADD_FAILURE() << "asked for a password";
    return Secret();
  };
}

// A cosign file with one part of its JSON replaced.
std::string altered(const std::string& pem, std::string_view from, std::string_view to) {
  const auto block = parse_pem(pem).value().front();
  EXPECT_NE(block.bytes.find(from), std::string::npos) << from;
  return write_pem(block.label, replace_all(block.bytes, from, to));
}

class EveryKindAsFile : public testing::TestWithParam<KeyKind> {};

TEST_P(EveryKindAsFile, ComesBack) {
  const auto key = PrivateKey::generate(GetParam(), 2048);
  ASSERT_TRUE(key);
  for (const std::string password : {"", "correct horse"}) {
    const auto file = write_key_file(*key, password);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_TRUE(file->starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    const auto back = read_private_key(*file, "k", word(password));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->public_key(), key->public_key());
    EXPECT_FALSE(read_private_key(*file, "k", word("wrong")));
  }
  const auto plain = write_pem("PRIVATE KEY", key->pkcs8()->view());
  EXPECT_EQ(read_private_key(plain, "k", never())->public_key(), key->public_key());
  EXPECT_EQ(read_public_key(plain).value(), key->public_key());
  EXPECT_EQ(read_public_key(key->public_key().spki()).value(), key->public_key());
}

INSTANTIATE_TEST_SUITE_P(Keys, EveryKindAsFile,
                         testing::Values(KeyKind::ecdsa_p256, KeyKind::ecdsa_p384,
                                         KeyKind::ecdsa_p521, KeyKind::ed25519, KeyKind::rsa));

class CosignFile : public testing::Test {
 protected:
  PrivateKey key_ = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  std::string file_ = write_key_file(key_, "pw").value();
};

TEST_F(CosignFile, HasASaltOfItsOwn) { EXPECT_NE(file_, write_key_file(key_, "pw").value()); }

TEST_F(CosignFile, IsReadUnderItsOldLabel) {
  const auto old = replace_all(file_, "SIGSTORE", "COSIGN");
  EXPECT_EQ(read_private_key(old, "k", word("pw"))->public_key(), key_.public_key());
}

TEST_F(CosignFile, AsksForThePasswordOfThatFile) {
  std::string asked;
  (void)read_private_key(file_, "release.key", [&](const std::string& what) -> Result<Secret> {
    asked = what;
    return Secret(std::string_view("pw"));
  });
  EXPECT_EQ(asked, "release.key");
}

TEST_F(CosignFile, PassesOnWhyThereIsNoPassword) {
  const auto key = read_private_key(file_, "k", [](const std::string&) -> Result<Secret> {
    return fail(Fault::not_found, "no terminal");
  });
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().what, "no terminal");
}

TEST_F(CosignFile, SaysThatThePasswordIsWrong) {
  const auto key = read_private_key(file_, "k", word("other"));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().fault, Fault::corrupt);
  EXPECT_NE(key.error().what.find("password is wrong"), std::string::npos);
}

TEST_F(CosignFile, IsRefusedWhenItAsksForOtherCosts) {
  for (const auto& [from, to] : {std::pair{"65536", "1073741824"},
                                 {"65536", "16384"},
                                 {"65536", "65536.0"},
                                 {"\"r\":8", "\"r\":16"},
                                 {"\"p\":1", "\"p\":2"},
                                 {"scrypt", "pbkdf2"},
                                 {"nacl/secretbox", "aes"}}) {
    const auto key = read_private_key(altered(file_, from, to), "k", word("pw"));
    ASSERT_FALSE(key) << to;
    EXPECT_EQ(key.error().fault, Fault::unsupported) << to;
  }
}

TEST_F(CosignFile, IsRefusedWhenAMemberStandsTwice) {
  for (const auto& [from, to] :
       {std::pair{"\"N\":65536", "\"N\":65536,\"N\":65536"},
        {"\"N\":65536", "\"N\":65536,\"n\":32768"},
        {"\"cipher\":", "\"cipher\":{\"name\":\"nacl/secretbox\"},\"cipher\":"},
        {"{\"kdf\"", "{\"kdf\":{},\"kdf\""}}) {
    const auto key = read_private_key(altered(file_, from, to), "k", word("pw"));
    ASSERT_FALSE(key) << to;
    EXPECT_EQ(key.error().fault, Fault::corrupt) << to;
  }
}

TEST_F(CosignFile, IsRefusedWhenPartsAreMissingOrShort) {
  for (const auto& [from, to] : {std::pair{"\"salt\":\"", "\"salt\":\"AAAA"},
                                 {"\"salt\":\"", "\"salt\":\"*"},
                                 {"\"nonce\":\"", "\"nonce\":\"AAAA"},
                                 {"\"nonce\":", "\"once\":"},
                                 {"\"ciphertext\":\"", "\"ciphertext\":\"AAAA"},
                                 {"\"params\":{", "\"params\":[{"},
                                 {"\"ciphertext\":", "\"text\":"}})
    EXPECT_FALSE(read_private_key(altered(file_, from, to), "k", word("pw"))) << to;
}

// openssl pkcs8 -topk8 -passout pass:pw on a P-256 key, with PBKDF2 and with scrypt
constexpr std::string_view openssl_pbkdf2 = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgctE/+atJJowICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEHqNjF2GuWlsOFZ5yFEG4DsEgZBs
rRNOD9Bt2AgJsUO8frw2H9Z1KkaQtRK05tuvj2q7Ihab+zRb7RrrLrAc1aNPevDr
llEsBFJxuxiR9uaVPP6mRj5yjRJpf17VLcOcfkZJ5KcEC6u4DD8ehuDzRNvxO5cL
uFHZGV39HlU7AkCMay9J/gaRvirMm72lvbhZCwCM6GOo+lMNUNPqHdHFuwyWvWc=
-----END ENCRYPTED PRIVATE KEY-----
)";
constexpr std::string_view openssl_scrypt = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAgxvB14W2qOKQICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBD0s1GGSRXNgEQ0f/TY5/CHBIGQUjf7re7Jwdiz
EzQqqFxtQhlH0Buv19rftoDvXbWU/WPHcE96qe9EUAx7EghUlvdFO9FklwZ2M4Xl
wZIj9lIXs3UK4GT6A2AZNhrZDiSrBLNb/3VjCqmxDD+sRwG/pol/Sn5xhYmzYKwG
3uDm8xogq8LYmDH2o57mfwnVrxAG8q2dYUQcILiuLyDeweZSQ3Fs
-----END ENCRYPTED PRIVATE KEY-----
)";

TEST(OpensslFile, IsReadWithItsPassword) {
  for (const auto pem : {openssl_pbkdf2, openssl_scrypt}) {
    const auto key = read_private_key(pem, "k", word("pw"));
    ASSERT_TRUE(key) << key.error().message();
    EXPECT_EQ(key->public_key().kind(), KeyKind::ecdsa_p256);
    const auto wrong = read_private_key(pem, "k", word("other"));
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().what.find("password is wrong"), std::string::npos);
    const auto half = read_public_key(pem);
    ASSERT_FALSE(half);
    EXPECT_NE(half.error().what.find("key public"), std::string::npos);
  }
}

// An Ed25519 key in version 2 of PKCS#8, with its public key, under the password "pw".
constexpr std::string_view second_version_pbkdf2 = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIG7MFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjkDZgB9Rfs+gICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJT8dOXcSDyt60lrumMP3YwEYMjQ
IHJq1HRH8nR/GzABqUoiE0BpbHIS4nnycqENQ4eoJHUhEBBzyKssB3ErHpAZqcd3
QNYWwegPfwgjaDq+u6ZWacQJPOc7LiEh7tYudeldDqScvYI5QYF4lwgDAC/exQ==
-----END ENCRYPTED PRIVATE KEY-----
)";

TEST(OpensslFile, MayHoldAPublicKeyToo) {
  const auto key = read_private_key(second_version_pbkdf2, "k", word("pw"));
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->public_key().kind(), KeyKind::ed25519);
  const auto wrong = read_private_key(second_version_pbkdf2, "k", word("other"));
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("password is wrong"), std::string::npos);
}

// The same with -iter 16777216.
constexpr std::string_view openssl_slow = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHuMFkGCSqGSIb3DQEFDTBMMCsGCSqGSIb3DQEFDDAeBAjcmTWV+9k+8gIEAQAA
ADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ6vuLmXt0E1UU/+4PEN2WTgSB
kBovmaSsqN72jMOlWfWUDbQN+UwLwqzUrtyqzX3fs0OwMxXGtNh57v5ayITMIgWI
nMpjf4VYPS1sDBYZfbxmfXn5hMM0wx6ZHGAH71HboPetNtNau5EqAyFwuqe4CnIz
AOkbnfFpdNR3fizV6So9/B3fAMwTIM57tc5Sswt0LsktFQm0e3NvyrnbWls89t/5
Fw==
-----END ENCRYPTED PRIVATE KEY-----
)";

TEST(OpensslFile, MayNotAskForMinutesOfPbkdf2) {
  const auto key = read_private_key(openssl_slow, "k", word("pw"));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().fault, Fault::too_large);
  EXPECT_NE(key.error().what.find("16777216"), std::string::npos) << key.error().what;
  EXPECT_NE(key.error().what.find("10000000"), std::string::npos) << key.error().what;
}

// N, r and p of openssl_scrypt in place of 16384, 8 and 1.
Error scrypt_asking_for(const std::string& cost) {
  std::string der = parse_pem(openssl_scrypt)->front().bytes;
  const std::string usual("\x02\x02\x40\x00\x02\x01\x08\x02\x01\x01", 10);
  der = replace_all(der, usual, cost);
  const auto key = read_private_key(write_pem("ENCRYPTED PRIVATE KEY", der), "k", word("pw"));
  return key ? Error{} : key.error();
}

TEST(OpensslFile, MayNotAskForMuchOfScrypt) {
  using namespace std::string_literals;
  const auto memory = scrypt_asking_for("\x02\x02\x40\x00\x02\x01\x7f\x02\x01\x01"s);
  EXPECT_EQ(memory.fault, Fault::too_large);
  EXPECT_NE(memory.what.find("254 MiB"), std::string::npos) << memory.what;
  EXPECT_NE(memory.what.find("32 MiB"), std::string::npos) << memory.what;
  const auto time = scrypt_asking_for("\x02\x02\x40\x00\x02\x01\x0f\x02\x01\x7f"s);
  EXPECT_EQ(time.fault, Fault::too_large);
  EXPECT_NE(time.what.find("31211520"), std::string::npos) << time.what;  // N * r * p
  EXPECT_NE(time.what.find("16777216"), std::string::npos) << time.what;
  const auto none = scrypt_asking_for("\x02\x02\x40\x01\x02\x01\x08\x02\x01\x01"s);
  EXPECT_EQ(none.fault, Fault::corrupt);
  EXPECT_NE(none.what.find("N 16385"), std::string::npos) << none.what;
}

TEST(KeyFile, IsRefusedWhenItHoldsNoKey) {
  EXPECT_FALSE(read_private_key("", "k", never()));
  EXPECT_FALSE(read_private_key("no key", "k", never()));
  EXPECT_FALSE(read_private_key(std::string(70'000, 'x'), "k", never()));
  const auto half = PrivateKey::generate(KeyKind::ed25519)->public_key().pem();
  EXPECT_FALSE(read_private_key(half, "k", never()));
}

}  // namespace
}  // namespace boltseal
