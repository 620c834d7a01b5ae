#include "seal/revocation_fetch.h"

#include <gtest/gtest.h>

#include "crypto/authority_for_tests.h"
#include "net/test_server.h"

namespace boltseal {
namespace {

constexpr std::int64_t now = 1'800'000'000;

class Fetched : public testing::Test {
 protected:
  test::Authority authority;
  PrivateKey key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  std::map<std::string, std::string> answers;  // by path
  std::vector<std::string> asked;
  test::Server server{[this](const test::Received& request) {
    asked.push_back(request.method + " " + request.target);
    const auto found = answers.find(request.target);
    return found == answers.end() ? test::reply(404, "") : test::reply(200, found->second);
  }};
  RevocationFetcher fetcher;

  Certificate leaf(const std::string& lists, std::int64_t serial = 7) {
    return authority.issue({.extensions = {{"crlDistributionPoints", lists}}, .serial = serial},
                           key.public_key());
  }
  std::string at(const std::string& path) const { return "URI:http://" + server.host() + path; }
  std::string list(std::int64_t serial, const test::ListExtensions& more = {}) const {
    return test::make_revocation_list(authority.issuer, authority.issuer_key, {{serial, now - 9}},
                                      now - 10, now + 10, -1, more);
  }
  Revocation ask(const Certificate& certificate) {
    return fetcher.ask(certificate, authority.issuer, {}, now, std::nullopt).state;
  }
};

TEST_F(Fetched, IsAskedForOnce) {
  answers["/l"] = list(7);
  EXPECT_EQ(ask(leaf(at("/l"))), Revocation::revoked);
  EXPECT_EQ(ask(leaf(at("/l"), 8)), Revocation::good);
  EXPECT_EQ(asked, std::vector<std::string>{"GET /l"});
  EXPECT_EQ(ask(leaf(at("/gone"))), Revocation::revoked) << "the list is known already";
}

TEST_F(Fetched, ComesWithItsChanges) {
  answers["/l"] = list(9, {.list = {{"freshestCRL", at("/d")}}, .number = 5});
  EXPECT_EQ(ask(leaf(at("/l"))), Revocation::undecided);
  EXPECT_EQ(asked, (std::vector<std::string>{"GET /l", "GET /d"}));
  fetcher = {};
  answers["/d"] = list(7, {.list = {}, .number = 6, .base = 5});
  EXPECT_EQ(ask(leaf(at("/l"))), Revocation::revoked);
  EXPECT_EQ(ask(leaf(at("/l"), 8)), Revocation::good);
}

TEST_F(Fetched, IsNothingWhereNobodyAnswers) {
  EXPECT_EQ(ask(leaf(at("/gone"))), Revocation::undecided);
  ASSERT_EQ(fetcher.trouble().size(), 1U);
  EXPECT_NE(fetcher.trouble()[0].find("/gone: HTTP 404"), std::string::npos);
  EXPECT_EQ(ask(leaf(at("/gone"))), Revocation::undecided);
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(Fetched, IsAskedForSoOftenAndNoMore) {
  for (int i = 0; i < 50; ++i) (void)ask(leaf(at("/" + std::to_string(i))));
  EXPECT_EQ(asked.size(), 32U);
}

TEST_F(Fetched, AsksNobodyForWhatIsHere) {
  RevocationEvidence given;
  given.lists = RevocationList::all_from_file(list(8)).value();
  EXPECT_EQ(fetcher.ask(leaf(at("/l")), authority.issuer, given, now, std::nullopt).state,
            Revocation::good);
  EXPECT_TRUE(asked.empty());
}

}  // namespace
}  // namespace boltseal
