#include "crypto/timestamp.h"

#include <gtest/gtest.h>

#include "crypto/certificates_for_tests.h"

namespace boltseal {
namespace {

using test::day;
using test::noon;

class Stamped : public testing::Test {
 protected:
  std::string verdict(std::string_view der, std::string_view message = "signature") {
    const auto good = verify_timestamp(der, message, {anchors, others});
    if (good) return "good";
    if (good.error().fault != TimestampFault::chain)
      return std::string(name_of(good.error().fault));
    return "chain " + std::string(name_of(good.error().chain));
  }
  test::TimestampAuthority tsa;
  std::vector<Certificate> anchors{tsa.root}, others;
};

TEST_F(Stamped, HoldsWithAndWithoutEmbeddedCertificate) {
  const auto good = verify_timestamp(tsa.stamp("signature", noon), "signature", {anchors, others});
  ASSERT_TRUE(good) << good.error().what;
  EXPECT_EQ(good->time, noon);
  EXPECT_EQ(good->policy, "1.2.3.4");
  EXPECT_EQ(good->chain.front(), tsa.signer);
  EXPECT_EQ(verdict(tsa.stamp("signature", noon, false)), "signer");
  others = {tsa.signer};
  EXPECT_EQ(verdict(tsa.stamp("signature", noon, false)), "good");
}

TEST_F(Stamped, IsTheSameAsABareToken) {
  const std::string token = *timestamp_token(tsa.stamp("signature", noon));
  EXPECT_EQ(verdict(token), "good");
  EXPECT_EQ(*timestamp_token(token), token);
  EXPECT_EQ(*unverified_time(token), noon);
}

TEST_F(Stamped, IsOverTheMessageOnly) {
  EXPECT_EQ(verdict(tsa.stamp("signature", noon), "signaturf"), "mismatch");
}

TEST_F(Stamped, IsBySomebodyTrustedThen) {
  const test::TimestampAuthority stranger;
  EXPECT_EQ(verdict(stranger.stamp("signature", noon)), "chain untrusted");
  EXPECT_EQ(verdict(tsa.stamp("signature", noon + 300 * day)), "good");
  EXPECT_EQ(verdict(tsa.stamp("signature", noon + 300 * day + 1)), "chain expired");
  anchors.clear();
  EXPECT_EQ(verdict(tsa.stamp("signature", noon)), "chain untrusted");
}

TEST_F(Stamped, EveryByteCounts) {
  const std::string good = tsa.stamp("signature", noon, false);
  others = {tsa.signer};
  ASSERT_EQ(verdict(good), "good");
  std::size_t still_good = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    still_good += verdict(changed) == "good";
  }
  // Only what is outside of the signed parts may change: the version and the text of the answer's
  // head, and parameters that algorithms do not have.
  EXPECT_LT(still_good, good.size() / 20);
  for (std::size_t size = 0; size < good.size(); size += 7)
    EXPECT_EQ(verdict(good.substr(0, size)), "unreadable");
  EXPECT_EQ(verdict(good + "x"), "unreadable");
}

TEST_F(Stamped, AnswersTheQuestion) {
  const auto query = *timestamp_query("signature");
  const std::string answer = tsa.answer(query.der, noon);
  EXPECT_TRUE(check_answer(answer, query, "signature"));
  EXPECT_FALSE(check_answer(answer, query, "other"));
  EXPECT_FALSE(check_answer(tsa.stamp("signature", noon), query, "signature"));  // another nonce
  EXPECT_FALSE(check_answer("", query, "signature"));
}

}  // namespace
}  // namespace boltseal
