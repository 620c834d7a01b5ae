#include <gtest/gtest.h>

#include "crypto/signer.h"
#include "custody/intoto_rules.h"

namespace boltseal {
namespace {

TEST(InTotoRules, AreOneOfTheKnownForms) {
  EXPECT_TRUE(check_in_toto_rule({"allow", "*"}));
  EXPECT_TRUE(
      check_in_toto_rule({"MATCH", "*", "IN", "a", "WITH", "PRODUCTS", "IN", "b", "FROM", "s"}));
  EXPECT_TRUE(check_in_toto_rule({"MATCH", "*", "WITH", "MATERIALS", "IN", "b", "FROM", "s"}));
  for (const InTotoRule& rule :
       {InTotoRule{}, InTotoRule{"ALLOW"}, InTotoRule{"ALLOW", "a", "b"}, InTotoRule{"MATCH", "*"},
        InTotoRule{"MATCH", "*", "WITH", "ALL", "FROM", "s"},
        InTotoRule{"MATCH", "*", "WITH", "PRODUCTS", "FROM"}})
    EXPECT_FALSE(check_in_toto_rule(rule));
}

class InTotoKeys : public testing::TestWithParam<std::pair<KeyKind, std::string>> {};

TEST_P(InTotoKeys, GoByTheirScheme) {
  const auto& [kind, scheme] = GetParam();
  const PrivateKey own = PrivateKey::generate(kind, 2048).value();
  const auto key = in_toto_key_of(own.public_key());
  ASSERT_TRUE(key) << key.error().message();
  const auto document = parse_json(write_in_toto_key(*key));
  ASSERT_TRUE(document);
  EXPECT_EQ((*document)["scheme"].text(), scheme);
  const auto read = read_in_toto_key(document->root(), "");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->id, key->id);
  const auto signature = own.sign("link", read->scheme);
  ASSERT_TRUE(signature);
  EXPECT_TRUE(read->key.verify("link", *signature, key->scheme));
  // What the scheme calls for, whatever we use.
  if (kind != KeyKind::ecdsa_p521) return;
  EXPECT_TRUE(
      read->key.verify_hash(hash(HashKind::sha512, "link"), *signature, {HashKind::sha512}));
}

INSTANTIATE_TEST_SUITE_P(Kinds, InTotoKeys,
                         testing::Values(std::pair(KeyKind::ed25519, "ed25519"),
                                         std::pair(KeyKind::rsa, "rsassa-pss-sha256"),
                                         std::pair(KeyKind::ecdsa_p256, "ecdsa-sha2-nistp256"),
                                         std::pair(KeyKind::ecdsa_p384, "ecdsa-sha2-nistp384"),
                                         std::pair(KeyKind::ecdsa_p521, "ecdsa-sha2-nistp521")));

TEST(InTotoFiles, AreReadInOneWay) {
  for (
      const char* text :
      {"", "{}", "[]", R"({"signed":{"_type":"link"},"signatures":[]})",
       R"({"signed":{"_type":"other"},"signatures":[]})",
       R"({"signatures":[{"keyid":"a","sig":"zz"}],"signed":{"_type":"link","name":"a","command":[],"materials":{},"products":{}}})",
       R"({"signatures":[],"signed":{"_type":"link","name":"a","command":[],"materials":{},"products":{"x":{}}}})",
       R"({"signatures":[],"signed":{"_type":"layout","expires":"2030-01-01T00:00:00Z","keys":{},"inspect":[],"steps":[{"name":"../a","threshold":1,"pubkeys":[],"expected_command":[],"expected_materials":[],"expected_products":[]}]}})",
       R"({"signatures":[],"signed":{"_type":"layout","expires":"2030-01-01T00:00:00Z","keys":{},"inspect":[],"steps":[{"name":"a","threshold":0,"pubkeys":[],"expected_command":[],"expected_materials":[],"expected_products":[]}]}})",
       R"({"signatures":[],"signed":{"_type":"layout","expires":"soon","keys":{},"inspect":[],"steps":[]}})"})
    EXPECT_FALSE(parse_in_toto(text)) << text;
  EXPECT_TRUE(parse_in_toto(
      R"({"signatures":[],"signed":{"_type":"link","name":"a","command":[],"materials":{},"products":{"x":{"sha256":"aa"}}}})"));
}

}  // namespace
}  // namespace boltseal
