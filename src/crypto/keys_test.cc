#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include "crypto/public_key.h"
#include "crypto/signer.h"

namespace boltseal {
namespace {

class EveryKind : public testing::TestWithParam<KeyKind> {};

TEST_P(EveryKind, SignsAndVerifies) {
  const auto key = PrivateKey::generate(GetParam(), 2048);
  ASSERT_TRUE(key) << key.error().message();
  const PublicKey& half = key->public_key();
  EXPECT_EQ(half.kind(), GetParam());
  for (const HashKind kind : {HashKind::sha256, HashKind::sha384, HashKind::sha512}) {
    for (const Padding padding : {Padding::pkcs1, Padding::pss}) {
      const SignatureScheme scheme{kind, padding, false};
      const auto signature = key->sign("message", scheme);
      ASSERT_TRUE(signature) << signature.error().message();
      EXPECT_TRUE(half.verify("message", *signature, scheme));
      EXPECT_FALSE(half.verify("massage", *signature, scheme));
      EXPECT_FALSE(half.verify("message", signature->substr(1), scheme));
      EXPECT_FALSE(half.verify("message", {}, scheme));
      EXPECT_EQ(half.verify_hash(hash(kind, "message"), *signature, scheme),
                GetParam() != KeyKind::ed25519);
      EXPECT_FALSE(half.verify_hash("message", *signature, scheme));
    }
  }
  EXPECT_FALSE(key->sign("message", {HashKind::sha1, Padding::pkcs1, false}) &&
               GetParam() != KeyKind::ed25519);
}

// One signature in 256 begins with a zero.
TEST(Rsa, HasSignaturesOfOneLength) {
  const auto key = PrivateKey::generate(KeyKind::rsa, 2048);
  ASSERT_TRUE(key) << key.error().message();
  for (const Padding padding : {Padding::pkcs1, Padding::pss}) {
    const SignatureScheme scheme{HashKind::sha256, padding, false};
    std::string message, signature = "x";
    for (int i = 0; signature[0] != '\0'; ++i) {
      ASSERT_LT(i, 10'000);
      message = "message " + std::to_string(i);
      const auto made = key->sign(message, scheme);
      ASSERT_TRUE(made) << made.error().message();
      signature = *made;
    }
    EXPECT_TRUE(key->public_key().verify(message, signature, scheme));
    EXPECT_FALSE(key->public_key().verify(message, signature.substr(1), scheme));
    EXPECT_FALSE(key->public_key().verify(message, '\0' + signature, scheme));
  }
}

TEST_P(EveryKind, ComesBackFromItsFiles) {
  const auto key = PrivateKey::generate(GetParam(), 2048);
  ASSERT_TRUE(key);
  const auto again = PrivateKey::from_pkcs8(key->pkcs8()->view());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->public_key(), key->public_key());
  const auto half = PublicKey::from_pem(key->public_key().pem());
  ASSERT_TRUE(half) << half.error().message();
  EXPECT_EQ(*half, key->public_key());
  EXPECT_EQ(half->id().size(), 64U);
  EXPECT_FALSE(PublicKey::from_der(half->spki() + "x"));
  EXPECT_FALSE(PublicKey::from_der(half->spki().substr(0, 20)));
}

TEST_P(EveryKind, HasItsSecretInLockedMemory) {
  const auto warm_up = PrivateKey::generate(GetParam(), 2048);
  const std::string der(warm_up->pkcs8()->view());
  const std::size_t before = CRYPTO_secure_used();
  const auto key = PrivateKey::from_pkcs8(der);
  ASSERT_TRUE(key);
  EXPECT_GT(CRYPTO_secure_used(), before);
}

INSTANTIATE_TEST_SUITE_P(Keys, EveryKind,
                         testing::Values(KeyKind::ecdsa_p256, KeyKind::ecdsa_p384,
                                         KeyKind::ecdsa_p521, KeyKind::ed25519, KeyKind::rsa));

// Version 2 of PKCS#8 (RFC 5958) as Rust's libraries write it, attributes too where they are asked
// for (RFC 8410, 10.3): `half` is the public key that stands behind the private one.
std::string second_version(const PrivateKey& key, const std::string& half, bool attributes) {
  const std::string first(key.pkcs8()->view());
  std::string body = std::string("\x02\x01\x01", 3) + first.substr(5);
  if (attributes)  // friendlyName "ci"
    body += std::string(
        "\xa0\x19\x30\x17\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14\x31\x0a\x1e\x08\x00\x63\x00"
        "\x69\x00"
        "\x20\x00\x31",
        27);
  body += std::string("\x81\x21\x00", 3) + half;
  return std::string("\x30") + static_cast<char>(body.size()) + body;
}

TEST(Ed25519, IsReadWithItsPublicKeyBesideIt) {
  const auto key = PrivateKey::generate(KeyKind::ed25519);
  const std::string half = key->public_key().raw_ed25519();
  for (const bool attributes : {false, true}) {
    const std::string der = second_version(*key, half, attributes);
    const auto read = PrivateKey::from_pkcs8(der);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->public_key(), key->public_key());
    EXPECT_FALSE(PrivateKey::from_pkcs8(der + "x"));
    for (std::size_t size = 0; size < der.size(); ++size)
      EXPECT_FALSE(PrivateKey::from_pkcs8(der.substr(0, size)));
  }
  const auto other = PrivateKey::generate(KeyKind::ed25519)->public_key().raw_ed25519();
  EXPECT_FALSE(PrivateKey::from_pkcs8(second_version(*key, other, false)));
}

TEST(Ed25519, HasAPrehashedFormOfItsOwn) {
  const auto key = PrivateKey::generate(KeyKind::ed25519);
  const SignatureScheme prehashed{HashKind::sha512, Padding::pkcs1, true};
  const auto signature = key->sign("message", prehashed);
  ASSERT_TRUE(signature);
  EXPECT_TRUE(key->public_key().verify("message", *signature, prehashed));
  EXPECT_FALSE(key->public_key().verify("message", *signature));
  EXPECT_FALSE(key->public_key().verify("massage", *signature, prehashed));
}

TEST(Keys, RefusesWeakOnes) {
  const auto weak = PrivateKey::generate(KeyKind::rsa, 1024);
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().fault, Fault::unsupported);
}

TEST(EcdsaForms, TurnIntoEachOther) {
  const auto key = PrivateKey::generate(KeyKind::ecdsa_p384);
  const auto der = key->sign("m", {HashKind::sha384, Padding::pkcs1, false});
  const auto raw = ecdsa_raw_of_der(*der, KeyKind::ecdsa_p384);
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->size(), 96U);
  EXPECT_EQ(ecdsa_der_of_raw(*raw).value(), *der);
  EXPECT_FALSE(ecdsa_raw_of_der(*der, KeyKind::ecdsa_p256));
  EXPECT_FALSE(ecdsa_der_of_raw("short"));
}

}  // namespace
}  // namespace boltseal
