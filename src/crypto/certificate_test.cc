#include "crypto/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/certificates_for_tests.h"

namespace boltseal {
namespace {

using test::authority_spec;
using test::day;
using test::issue;
using test::leaf_spec;
using test::noon;

TEST(Certificate, SaysWhatIsInIt) {
  const auto key = *PrivateKey::generate(KeyKind::ecdsa_p384);
  auto spec = leaf_spec("a, b", "codeSigning,1.2.3");
  spec.extensions.emplace_back("subjectAltName",
                               "email:a@example.org,URI:https://x.example/y,DNS:x.example,"
                               "otherName:1.3.6.1.4.1.57264.1.7;UTF8:user!x.example");
  spec.extensions.emplace_back("basicConstraints", "CA:FALSE");
  spec.raw.emplace_back("1.3.6.1.4.1.57264.1.1", "https://issuer.example");
  const Certificate made = issue(spec, key, nullptr, key);
  EXPECT_EQ(made.subject_text(), R"(CN=a\, b)");
  EXPECT_EQ(made.subject().at(0).oid, "2.5.4.3");
  EXPECT_EQ(made.serial(), "5");
  EXPECT_EQ(made.not_before(), noon - 300 * day);
  EXPECT_EQ(made.not_after(), noon + 300 * day);
  EXPECT_TRUE(made.valid_at(made.not_after()));
  EXPECT_FALSE(made.valid_at(made.not_after() + 1));
  EXPECT_TRUE(made.self_signed());
  EXPECT_FALSE(made.weakly_signed());
  EXPECT_EQ(made.signature_hash(), HashKind::sha256);
  const auto names = *made.alternative_names();
  EXPECT_THAT(names->emails, testing::ElementsAre("a@example.org"));
  EXPECT_THAT(names->uris, testing::ElementsAre("https://x.example/y"));
  EXPECT_THAT(names->dns, testing::ElementsAre("x.example"));
  EXPECT_THAT(names->others, testing::ElementsAre(testing::Pair(std::string(oid_fulcio_user_name),
                                                                "user!x.example")));
  EXPECT_TRUE((*made.key_usage())->critical);
  EXPECT_TRUE((*made.key_usage())->digital_signature);
  EXPECT_FALSE((*made.key_usage())->certificate_sign);
  EXPECT_THAT((*made.extended_key_usage())->oids,
              testing::ElementsAre(std::string(oid_code_signing), "1.2.3"));
  EXPECT_FALSE((*made.basic_constraints())->ca);
  EXPECT_EQ(made.extension("1.3.6.1.4.1.57264.1.1"), "https://issuer.example");
  EXPECT_FALSE(made.extension("1.3.6.1.4.1.57264.1.2"));
  EXPECT_EQ(Certificate::all_from_file(made.pem())->front(), made);
  EXPECT_EQ(Certificate::all_from_file(made.der())->front(), made);
}

TEST(Certificate, RefusesBytesThatAreNone) {
  const auto key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  const std::string der = issue(authority_spec("x"), key, nullptr, key).der();
  EXPECT_TRUE(Certificate::from_der(der));
  EXPECT_FALSE(Certificate::from_der(der + "x"));
  EXPECT_FALSE(Certificate::from_der(der.substr(1)));
  EXPECT_FALSE(Certificate::from_der(""));
  EXPECT_EQ(Certificate::from_der(std::string(max_certificate + 1, 'x')).error().fault,
            Fault::too_large);
  EXPECT_EQ(Certificate::all_from_pem(key.public_key().pem()).error().fault, Fault::not_found);
  auto twice = leaf_spec("x", "codeSigning");
  twice.raw.emplace_back("2.5.29.17", std::string("\x30\x03\x82\x01x", 5));
  twice.raw.emplace_back("2.5.29.17", std::string("\x30\x03\x82\x01y", 5));
  EXPECT_FALSE(issue(twice, key, nullptr, key).alternative_names());
  auto nul = leaf_spec("x", "codeSigning");
  nul.raw.emplace_back("2.5.29.17", std::string("\x30\x05\x82\x03x\0y", 7));
  EXPECT_FALSE(issue(nul, key, nullptr, key).alternative_names());
}

class Chain : public testing::Test {
 protected:
  using Spec = test::CertificateSpec;
  std::string verdict(const Spec& spec, CertificatePurpose purpose, std::int64_t moment = noon) {
    const Certificate top = issue(root, root_key, nullptr, root_key);
    const Certificate below = issue(middle, middle_key, &top, root_key);
    const Certificate last = issue(spec, leaf_key, &below, middle_key);
    const std::vector anchors{top}, others{below};
    const auto chain = verify_chain(
        last, {anchors, with_middle ? std::span(others) : std::span<const Certificate>(), moment,
               purpose});
    if (!chain) return std::string(name_of(chain.error().fault));
    EXPECT_EQ(chain->size(), 3U);
    EXPECT_EQ(chain->front(), last);
    EXPECT_EQ(chain->back(), top);
    return "good";
  }
  PrivateKey root_key = *PrivateKey::generate(KeyKind::ecdsa_p384);
  PrivateKey middle_key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey leaf_key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  Spec root = authority_spec("root"), middle = authority_spec("middle");
  Spec leaf = leaf_spec("leaf", "codeSigning");
  bool with_middle = true;
  static constexpr auto code = CertificatePurpose::code_signing;
  static constexpr auto time = CertificatePurpose::time_stamping;
};

TEST_F(Chain, LeadsToAnAnchorAtAMoment) {
  EXPECT_EQ(verdict(leaf, code), "good");
  EXPECT_EQ(verdict(leaf, CertificatePurpose::any), "good");
  EXPECT_EQ(verdict(leaf, code, leaf.to), "good");
  EXPECT_EQ(verdict(leaf, code, leaf.to + 1), "expired");
  EXPECT_EQ(verdict(leaf, code, leaf.from - 1), "expired");
  middle.to = noon - 1;  // an issuer that is over at the moment, though the leaf is not
  EXPECT_EQ(verdict(leaf, code), "expired");
  EXPECT_EQ(verdict(leaf, code, noon - 1), "good");
}

TEST_F(Chain, NeedsEveryLink) {
  with_middle = false;
  EXPECT_EQ(verdict(leaf, code), "untrusted");
}

TEST_F(Chain, IsForItsPurpose) {
  EXPECT_EQ(verdict(leaf_spec("l", "serverAuth"), code), "purpose");
  EXPECT_EQ(verdict(leaf_spec("l", "anyExtendedKeyUsage"), code), "purpose");
  EXPECT_EQ(verdict(leaf_spec("l", "critical,timeStamping"), time), "good");
  EXPECT_EQ(verdict(leaf_spec("l", "timeStamping"), time), "purpose");
  EXPECT_EQ(verdict(leaf_spec("l", "critical,timeStamping,codeSigning"), time), "purpose");
  EXPECT_EQ(verdict(leaf, time), "purpose");
  leaf.extensions = {{"keyUsage", "critical,keyAgreement"}, {"extendedKeyUsage", "codeSigning"}};
  EXPECT_EQ(verdict(leaf, code), "purpose");
  leaf.extensions = {{"keyUsage", "critical,digitalSignature"}};  // no extended usage at all
  EXPECT_EQ(verdict(leaf, code), "purpose");
  EXPECT_EQ(verdict(authority_spec("l"), code), "purpose");
}

TEST_F(Chain, HasCasForIssuers) {
  middle.extensions = {{"keyUsage", "critical,keyCertSign"}};
  EXPECT_NE(verdict(leaf, code), "good");
  middle.extensions = {{"basicConstraints", "critical,CA:FALSE"}};
  EXPECT_NE(verdict(leaf, code), "good");
  middle.extensions = {{"basicConstraints", "critical,CA:TRUE"},
                       {"keyUsage", "critical,digitalSignature"}};
  EXPECT_NE(verdict(leaf, code), "good");
  middle = authority_spec("middle");
  middle.extensions.emplace_back("extendedKeyUsage", "timeStamping");
  EXPECT_EQ(verdict(leaf, code), "purpose");
  middle = authority_spec("middle");
  root.extensions[0].second = "critical,CA:TRUE,pathlen:0";
  EXPECT_EQ(verdict(leaf, code), "purpose");
}

TEST_F(Chain, IsNotSignedOverAWeakHash) {
  leaf.hash = "SHA1";
  EXPECT_EQ(verdict(leaf, code), "signature");
}

TEST_F(Chain, ALoneAnchorIsAChainOfOne) {
  const Certificate lone = issue(leaf, leaf_key, nullptr, leaf_key);
  const std::vector anchors{lone};
  const auto chain = verify_chain(lone, {anchors, {}, noon, code});
  ASSERT_TRUE(chain) << chain.error().what;
  EXPECT_EQ(chain->size(), 1U);
  EXPECT_FALSE(verify_chain(lone, {{}, anchors, noon, code}));
}

}  // namespace
}  // namespace boltseal
