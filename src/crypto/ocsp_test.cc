#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "crypto/authority_for_tests.h"
#include "crypto/revocation.h"

namespace boltseal {
namespace {

constexpr std::int64_t now = 1'800'000'000;
constexpr int good = V_OCSP_CERTSTATUS_GOOD, revoked = V_OCSP_CERTSTATUS_REVOKED,
              unknown = V_OCSP_CERTSTATUS_UNKNOWN;

struct Wish {
  int status = good;
  std::int64_t from = now - 10, to = now + 10;  // 0: not said
  int reason = OCSP_REVOKED_STATUS_NOSTATUS;
  std::int64_t invalid_since = 0;
  const EVP_MD* hash = EVP_sha256();
};

class Ocsp : public testing::Test {
 protected:
  using Time = OpenSsl<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free>;

  test::Authority authority;
  PrivateKey key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  PrivateKey other_key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  Certificate leaf = authority.issue(
      {.extensions = {{"authorityInfoAccess", "OCSP;URI:http://ca.example/ocsp"}}, .serial = 7},
      key.public_key());
  test::CertificateWish delegate{
      .name = "responder",
      .extensions = {{"extendedKeyUsage", "OCSPSigning"}, {"noCheck", "ignored"}}};

  std::string response(const Wish& wish, const Certificate& signer, const PrivateKey& signing) {
    const OpenSsl<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(OCSP_BASICRESP_new());
    const OpenSsl<OCSP_CERTID, OCSP_CERTID_free> id(
        OCSP_cert_to_id(EVP_sha1(), leaf.handle(), authority.issuer.handle()));
    const Time from(ASN1_GENERALIZEDTIME_set(nullptr, wish.from)),
        to(wish.to ? ASN1_GENERALIZEDTIME_set(nullptr, wish.to) : nullptr),
        since(ASN1_GENERALIZEDTIME_set(nullptr, now - 50)),
        invalid(ASN1_GENERALIZEDTIME_set(nullptr, wish.invalid_since));
    OCSP_SINGLERESP* single = OCSP_basic_add1_status(
        basic.get(), id.get(), wish.status, wish.reason,
        wish.status == revoked ? since.get() : nullptr, from.get(), to.get());
    if (wish.invalid_since != 0)
      OCSP_SINGLERESP_add1_ext_i2d(single, NID_invalidity_date, invalid.get(), 0, 0);
    const auto openssl = test::openssl_key(signing);
    EXPECT_EQ(OCSP_basic_sign(basic.get(), signer.handle(), openssl, wish.hash, nullptr, 0), 1);
    EVP_PKEY_free(openssl);
    const OpenSsl<OCSP_RESPONSE, OCSP_RESPONSE_free> whole(
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    return der_of<i2d_OCSP_RESPONSE>(whole.get());
  }
  std::string by_issuer(const Wish& wish) {
    return response(wish, authority.issuer, authority.issuer_key);
  }
  RevocationAnswer answer(const std::string& der,
                          std::optional<std::int64_t> signing_time = std::nullopt) {
    auto read = OcspResponse::from_der(der);
    EXPECT_TRUE(read);
    RevocationEvidence evidence{lists, {}};
    if (read) evidence.responses.push_back(*read);
    return revocation_of(leaf, authority.issuer, evidence, now, signing_time);
  }
  std::vector<RevocationList> lists;
};

TEST_F(Ocsp, SaysWhatTheIssuerSays) {
  EXPECT_EQ(answer(by_issuer({})).state, Revocation::good);
  EXPECT_EQ(answer(by_issuer({.status = revoked})).state, Revocation::revoked);
  EXPECT_EQ(answer(by_issuer({.status = revoked})).since, now - 50);
  EXPECT_EQ(answer(by_issuer({.status = unknown})).state, Revocation::undecided);
}

TEST_F(Ocsp, HoldsForItsTimeOnly) {
  EXPECT_EQ(answer(by_issuer({.to = now - 1})).state, Revocation::undecided);
  EXPECT_EQ(answer(by_issuer({.to = 0})).state, Revocation::undecided);
  EXPECT_EQ(answer(by_issuer({.from = now + 1})).state, Revocation::undecided);
  EXPECT_EQ(answer(by_issuer({.status = revoked, .to = now - 1})).state, Revocation::revoked);
  constexpr int hold = OCSP_REVOKED_STATUS_CERTIFICATEHOLD;
  EXPECT_EQ(answer(by_issuer({.status = revoked, .reason = hold})).state, Revocation::revoked);
  EXPECT_EQ(answer(by_issuer({.status = revoked, .to = now - 1, .reason = hold})).state,
            Revocation::undecided);
}

TEST_F(Ocsp, SparesWhatWasSignedBeforeTheDistrust) {
  const auto dated = by_issuer({.status = revoked, .invalid_since = now - 50});
  EXPECT_EQ(answer(dated, now - 60).state, Revocation::good);
  EXPECT_EQ(answer(dated, now - 40).state, Revocation::revoked);
  EXPECT_EQ(answer(dated).state, Revocation::revoked);
}

TEST_F(Ocsp, MayBeGivenByADelegate) {
  const auto by = [&](const test::CertificateWish& wish) {
    return answer(response({}, authority.issue(wish, other_key.public_key()), other_key)).state;
  };
  EXPECT_EQ(by(delegate), Revocation::good);
  auto over = delegate;
  over.not_after = now - 1;
  EXPECT_EQ(by(over), Revocation::undecided);
  auto another = delegate;
  another.extensions[0].second = "codeSigning";
  EXPECT_EQ(by(another), Revocation::undecided);
}

// A delegate that can be revoked must be known not to be.
TEST_F(Ocsp, IsNotByADelegateOfUnknownState) {
  auto wish = delegate;
  wish.serial = 9;
  wish.extensions[1] = {"crlDistributionPoints", "URI:http://ca.example/list.crl"};
  const auto der = response({}, authority.issue(wish, other_key.public_key()), other_key);
  EXPECT_EQ(answer(der).state, Revocation::undecided);
  const auto list = [&](std::int64_t serial) {
    return *RevocationList::all_from_file(test::make_revocation_list(
        authority.issuer, authority.issuer_key, {{serial, now - 1}}, now - 10, now + 10));
  };
  lists = list(9);
  // The same list says by itself that the leaf is good; what counts is that the delegate is not.
  RevocationEvidence evidence{lists, {*OcspResponse::from_der(der)}};
  EXPECT_EQ(ocsp_answer(leaf, authority.issuer, evidence, now, {}).state, Revocation::undecided);
  evidence.lists = list(10);
  EXPECT_EQ(ocsp_answer(leaf, authority.issuer, evidence, now, {}).state, Revocation::good);
}

TEST_F(Ocsp, IsNothingByAnybodyElse) {
  const auto stranger = test::make_certificate(delegate, other_key.public_key(), other_key);
  EXPECT_EQ(answer(response({}, stranger, other_key)).state, Revocation::undecided);
  EXPECT_EQ(answer(response({}, authority.root, authority.root_key)).state, Revocation::undecided);
  EXPECT_EQ(answer(by_issuer({.hash = EVP_sha1()})).state, Revocation::undecided);
}

// Every byte that is signed. What lies behind it, certificates that come along, nobody has signed.
TEST_F(Ocsp, IsNothingWhenItWasChanged) {
  const std::string whole = by_issuer({});
  const auto read = OcspResponse::from_der(whole);
  ASSERT_TRUE(read);
  const std::string signed_part =
      der_of<i2d_OCSP_RESPDATA>(OCSP_resp_get0_respdata(read->handle()));
  const auto begin = whole.find(signed_part);
  ASSERT_NE(begin, std::string::npos);
  for (std::size_t at = begin; at < begin + signed_part.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    if (OcspResponse::from_der(changed)) {
      EXPECT_EQ(answer(changed).state, Revocation::undecided) << at - begin;
    }
  }
}

TEST_F(Ocsp, IsAboutOneCertificateOfOneIssuer) {
  const auto der = by_issuer({});
  leaf = authority.issue(
      {.extensions = {{"authorityInfoAccess", "OCSP;URI:http://ca.example/ocsp"}}, .serial = 8},
      key.public_key());
  EXPECT_EQ(answer(der).state, Revocation::undecided);
}

TEST_F(Ocsp, IsNotMadeOfWhatIsNone) {
  EXPECT_FALSE(OcspResponse::from_der("nothing"));
  EXPECT_FALSE(OcspResponse::from_der(std::string("\x30\x03\x0a\x01\x03", 5)));  // try later
  EXPECT_EQ(ocsp_urls(leaf), std::vector<std::string>{"http://ca.example/ocsp"});
  EXPECT_TRUE(ocsp_request(leaf, authority.issuer));
}

TEST_F(Ocsp, IsAskedOverPlainHttpOnly) {
  const auto other = authority.issue(
      {.extensions = {{"authorityInfoAccess",
                       "OCSP;URI:ldap://a,OCSP;URI:https://b/,OCSP;URI:http://c/ d"},
                      {"crlDistributionPoints", "URI:file:///etc/x,URI:http://ca.example/l"}}},
      key.public_key());
  EXPECT_TRUE(ocsp_urls(other).empty());
  EXPECT_EQ(revocation_list_urls(other), std::vector<std::string>{"http://ca.example/l"});
}

}  // namespace
}  // namespace boltseal
