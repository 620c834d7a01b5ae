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
    RevocationEvidence read;
    for (const std::string& der : lists) {
      auto some = RevocationList::all_from_file(der);
      EXPECT_TRUE(some) << some.error().message();
      read.lists.insert(read.lists.end(), some->begin(), some->end());
    }
    return revocation_of(leaf, authority.issuer, read, now, signing_time);
  }
  std::string list(std::int64_t serial, std::int64_t since, std::int64_t until = now + 100,
                   int reason = -1) {
    return test::make_revocation_list(authority.issuer, authority.issuer_key, {{serial, since}},
                                      now - 100, until, reason);
  }
  struct Wish {
    std::int64_t serial = 7;
    int reason = -1;
    std::int64_t invalid_since = 0, number = 0, base = 0;
    std::string changes{}, scope{};
  };
  std::string revoked_list(const Wish& wish) {
    test::ListExtensions more;
    more.number = wish.number;
    more.base = wish.base;
    if (!wish.changes.empty()) more.list.emplace_back("freshestCRL", "URI:" + wish.changes);
    if (!wish.scope.empty())
      more.list.emplace_back("issuingDistributionPoint", "critical," + wish.scope);
    more.invalid_since = wish.invalid_since;
    return test::make_revocation_list(authority.issuer, authority.issuer_key,
                                      {{wish.serial, now - 50}}, now - 100, now + 100, wish.reason,
                                      more);
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

// A date of the revocation alone spares nothing: it is when the issuer learned of it.
TEST_F(Revoked, AfterTheSignatureIsGoodOnlyByTheInvalidityDate) {
  EXPECT_EQ(answer({list(7, now - 50)}, now - 60).state, Revocation::revoked);
  const auto dated = revoked_list({.invalid_since = now - 50});
  EXPECT_EQ(answer({dated}, now - 60).state, Revocation::good);
  EXPECT_EQ(answer({dated}, now - 40).state, Revocation::revoked);
  EXPECT_EQ(answer({dated}).state, Revocation::revoked);
}

TEST_F(Revoked, OnHoldIsSoWhileTheListIsCurrent) {
  constexpr int hold = 6, off = 8;
  EXPECT_EQ(answer({list(7, now - 50, now + 100, hold)}).state, Revocation::revoked);
  EXPECT_EQ(answer({list(7, now - 50, now - 1, hold)}).state, Revocation::undecided);
  const auto base = revoked_list({.reason = hold, .number = 5});
  EXPECT_EQ(answer({base}).state, Revocation::revoked);
  EXPECT_EQ(answer({base, revoked_list({.reason = off, .number = 6, .base = 5})}).state,
            Revocation::good);
  EXPECT_EQ(answer({base, revoked_list({.reason = off, .number = 6, .base = 6})}).state,
            Revocation::revoked);
  EXPECT_EQ(answer({base, revoked_list({.reason = off, .number = 4, .base = 4})}).state,
            Revocation::revoked);
}

TEST_F(Revoked, IsSaidByAListOfChangesToo) {
  const auto base = revoked_list({.serial = 8, .number = 5});
  EXPECT_EQ(answer({base}).state, Revocation::good);
  EXPECT_EQ(answer({base, revoked_list({.number = 6, .base = 5})}).state, Revocation::revoked);
  EXPECT_EQ(answer({revoked_list({.serial = 8, .number = 6, .base = 5})}).state,
            Revocation::undecided);
  // A list that says where its changes are says nothing without them.
  const auto named = revoked_list({.serial = 8, .number = 5, .changes = "http://ca.example/d"});
  EXPECT_EQ(answer({named}).state, Revocation::undecided);
  EXPECT_EQ(answer({named, revoked_list({.serial = 9, .number = 6, .base = 5})}).state,
            Revocation::good);
}

TEST_F(Revoked, IsNotSaidByAListForOthers) {
  const auto part = [&](const std::string& scope) {
    return answer({revoked_list({.serial = 8, .scope = scope})}).state;
  };
  EXPECT_EQ(part("onlyuser:TRUE"), Revocation::good);
  EXPECT_EQ(part("onlyCA:TRUE"), Revocation::undecided);
  EXPECT_EQ(part("indirectCRL:TRUE"), Revocation::undecided);
  EXPECT_EQ(part("onlysomereasons:keyCompromise"), Revocation::undecided);
  EXPECT_EQ(part("fullname:URI:http://ca.example/list.crl"), Revocation::good);
  EXPECT_EQ(part("fullname:URI:http://ca.example/other.crl"), Revocation::undecided);
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
