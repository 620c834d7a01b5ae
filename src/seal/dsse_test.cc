#include "seal/dsse.h"

#include <gtest/gtest.h>

#include "seal/statement.h"

namespace boltseal {
namespace {

constexpr std::string_view subject_digest =
    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

TEST(Dsse, SignsTheBytesOfTheSpecification) {
  EXPECT_EQ(pre_authentication("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

class DsseOfTwo : public testing::Test {
 protected:
  PrivateKey one = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey two = *PrivateKey::generate(KeyKind::ed25519);
  std::vector<PublicKey> both{one.public_key(), two.public_key()};
  DsseEnvelope signed_with(std::vector<const Signer*> signers) {
    return *sign_dsse(in_toto_payload, "payload", signers);
  }
};

TEST_F(DsseOfTwo, CountsDifferentKeysOnly) {
  const auto read = parse_dsse(write_dsse(signed_with({&one, &two})));
  ASSERT_TRUE(read) << read.error().message();
  const auto verified = verify_dsse(*read, both, 2);
  ASSERT_TRUE(verified) << verified.error().message();
  EXPECT_EQ(verified->bytes(), "payload");
  EXPECT_EQ(verified->keys().size(), 2U);

  const auto twice = verify_dsse(signed_with({&one, &one}), both, 2);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, "threshold-not-met");
  EXPECT_TRUE(verify_dsse(signed_with({&one, &one}), both, 1));
  const std::vector<PublicKey> same{one.public_key(), one.public_key()};
  EXPECT_FALSE(verify_dsse(signed_with({&one}), same, 2));
}

TEST_F(DsseOfTwo, RefusesWithAReason) {
  const auto code = [&](const DsseEnvelope& envelope, std::span<const PublicKey> keys,
                        std::size_t threshold) {
    const auto verified = verify_dsse(envelope, keys, threshold);
    return verified ? std::string("verified") : verified.error().code;
  };
  const auto good = signed_with({&one});
  EXPECT_EQ(code(good, both, 0), "threshold-invalid");
  EXPECT_EQ(code(good, {}, 1), "signature-invalid");
  EXPECT_EQ(code(good, std::span(both).last(1), 1), "signature-invalid");
  auto other = good;
  other.payload += "x";
  EXPECT_EQ(code(other, both, 1), "signature-invalid");
  other = good;
  other.payload_type = "application/json";
  EXPECT_EQ(code(other, both, 1), "payload-type-mismatch");
  other = good;
  other.signatures.clear();
  EXPECT_EQ(code(other, both, 1), "signature-missing");
}

TEST(DsseJson, RefusesWhatCouldBeReadInTwoWays) {
  EXPECT_FALSE(parse_dsse("[]"));
  EXPECT_FALSE(parse_dsse(R"({"payload":"","signatures":[]})"));
  EXPECT_FALSE(parse_dsse(R"({"payloadType":"a","payload":"*","signatures":[]})"));
  EXPECT_FALSE(parse_dsse(R"({"payloadType":"a","payload":"","payload":"","signatures":[]})"));
  EXPECT_FALSE(parse_dsse(R"({"payloadType":"a","payload":"","Payload":"","signatures":[]})"));
  EXPECT_FALSE(parse_dsse(R"({"payloadType":"a","payload":"","signatures":[{"keyid":"x"}]})"));
  EXPECT_TRUE(parse_dsse(R"({"payloadType":"a","payload":"-_8","signatures":[{"sig":""}]})"));
}

TEST_F(DsseOfTwo, TimestampsStandBesideTheirSignature) {
  auto envelope = signed_with({&one, &two});
  envelope.signatures[1].timestamps = {"first", std::string("\0\xff", 2)};
  const std::string json = write_dsse(envelope);
  auto read = parse_dsse(json);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->signatures[0].timestamps.empty());
  EXPECT_EQ(read->signatures[1].timestamps, envelope.signatures[1].timestamps);
  EXPECT_EQ(write_dsse(*read), json);
  // What is no timestamp is passed over, and so are more than eight.
  const auto odd = [&](std::string_view timestamps) {
    auto text = json;
    const auto at = text.find("\"timestamps\":");
    text.replace(at, text.find(']', at) + 1 - at, "\"timestamps\":" + std::string(timestamps));
    return parse_dsse(text)->signatures[1].timestamps.size();
  };
  EXPECT_EQ(odd(R"("tsp")"), 0U);
  EXPECT_EQ(odd(R"([{"type":"other","data":"AAAA"},{"type":"tsp","data":"!"},{"type":"tsp"}])"),
            0U);
  std::string many = R"([{"type":"tsp","data":"AAAA"})";
  for (int i = 0; i < 20; ++i) many += R"(,{"type":"tsp","data":"AAAA"})";
  EXPECT_EQ(odd(many + "]"), 8U);
}

TEST(Statement, ComesBackAsWritten) {
  const Subject subject{"image", {{"sha256", std::string(64, 'a')}}};
  const auto read = parse_statement(write_statement({subject}, "https://t", R"({"k":1})"));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->predicate()["k"].integer(), 1);
  EXPECT_TRUE(subject_of(*read, subject_digest));
  const auto other = subject_of(*read, "sha256:" + std::string(64, 'b'));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "subject-mismatch");
  EXPECT_EQ(other.error().found, subject_digest);
  EXPECT_EQ(subject_of(*read, "sha256:x").error().code, "digest-invalid");
}

TEST(Statement, RefusesWhatIsNone) {
  for (
      const char* text :
      {"{}", R"({"_type":"https://in-toto.io/Statement/v2","predicateType":"t","subject":[]})",
       R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[]})",
       R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[{"name":"x"}]})",
       R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[{"digest":{"sha256":"XX"}}]})",
       R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"aa"}}]})"})
    EXPECT_FALSE(parse_statement(text)) << text;
}

}  // namespace
}  // namespace boltseal
