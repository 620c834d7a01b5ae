#include "crypto/revocation.h"

#include <gtest/gtest.h>

#include "crypto/authority_for_tests.h"

namespace boltseal {
namespace {

constexpr std::int64_t now = 1'800'000'000;

class Revoked : public testing::Test {
 protected:
  test::Authority authority;
  PrivateKey key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  Certificate leaf = authority.issue(
      {.extensions = {{"crlDistributionPoints", "URI:http://ca.example/list.crl"}}, .serial = 7},
      key.public_key());

  RevocationAnswer answer(const std::vector<std::string>& lists,
                          std::optional<std::int64_t> signing_time = std::nullopt) {
    std::vector<RevocationList> read;
    for (const std::string& der : lists) {
      auto some = RevocationList::all_from_file(der);
      EXPECT_TRUE(some) << some.error().message();
      read.insert(read.end(), some->begin(), some->end());
    }
    return revocation_of(leaf, authority.issuer, read, now, signing_time);
  }
  std::string list(std::int64_t serial, std::int64_t since, std::int64_t until = now + 100,
                   int reason = -1) {
    return test::make_revocation_list(authority.issuer, authority.issuer_key, {{serial, since}},
                                      now - 100, until, reason);
  }
};

TEST_F(Revoked, IsSaidByACurrentListOfTheIssuer) {
  EXPECT_EQ(answer({list(8, now - 50)}).state, Revocation::good);
  EXPECT_EQ(answer({list(7, now - 50)}).state, Revocation::revoked);
  EXPECT_EQ(answer({list(7, now - 50)}).since, now - 50);
}

TEST_F(Revoked, IsUndecidedWithoutOne) {
  EXPECT_EQ(answer({}).state, Revocation::undecided);
  EXPECT_EQ(answer({list(8, now - 50, now - 1)}).state, Revocation::undecided);
  const auto others =
      test::make_revocation_list(authority.root, authority.root_key, {}, now - 1, now + 1);
  EXPECT_EQ(answer({others}).state, Revocation::undecided);
  const auto forged =
      test::make_revocation_list(authority.issuer, authority.root_key, {}, now - 1, now + 1);
  EXPECT_EQ(answer({forged}).state, Revocation::undecided);
}

TEST_F(Revoked, StaysSoOnAnOldList) {
  EXPECT_EQ(answer({list(7, now - 50, now - 1), list(8, now)}).state, Revocation::revoked);
}

TEST_F(Revoked, AfterTheSignatureIsGoodUnlessTheKeyWasStolen) {
  EXPECT_EQ(answer({list(7, now - 50)}, now - 60).state, Revocation::good);
  EXPECT_EQ(answer({list(7, now - 50)}, now - 40).state, Revocation::revoked);
  EXPECT_EQ(answer({list(7, now - 50, now + 100, 1)}, now - 60).state, Revocation::revoked);
}

TEST_F(Revoked, IsNotAskedWhereNoPlaceIsNamed) {
  leaf = authority.issue({.extensions = {}, .serial = 7}, key.public_key());
  EXPECT_EQ(answer({}).state, Revocation::not_asked);
  EXPECT_EQ(answer({list(7, now - 50)}).state, Revocation::revoked);
  leaf = authority.issue({.extensions = {{"authorityInfoAccess", "OCSP;URI:http://ca.example"}}},
                         key.public_key());
  EXPECT_EQ(answer({}).state, Revocation::undecided);
}

TEST(RevocationList, RefusesWhatIsNone) {
  EXPECT_FALSE(RevocationList::all_from_file("nothing"));
  EXPECT_FALSE(
      RevocationList::all_from_file("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"));
  EXPECT_FALSE(RevocationList::all_from_file("-----BEGIN A-----\nAAAA\n-----END A-----\n"));
}

}  // namespace
}  // namespace boltseal
