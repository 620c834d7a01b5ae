#include "policy/licence_policy.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

Result<LicencePolicy> policy_of(std::string_view yaml) {
  TRY(const Document document, parse_yaml(yaml));
  return read_licence_policy(document.root());
}

LicenceVerdict verdict(const LicencePolicy& policy, std::string_view expression) {
  return judge_licence(policy, expression).verdict;
}

TEST(LicencePolicy, EmptyAllowsEverything) {
  EXPECT_EQ(verdict({}, "AGPL-3.0-only"), LicenceVerdict::allow);
  EXPECT_EQ(verdict({}, ""), LicenceVerdict::allow);
}

TEST(LicencePolicy, JudgesByCategoryAndId) {
  const auto policy = policy_of(
      "allow: [permissive, Notice, GPL-2.0]\nwarn: [weak_copyleft]\ndeny: [strong-copyleft, "
      "network-copyleft, ISC]\n");
  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_EQ(verdict(*policy, "MIT"), LicenceVerdict::allow);
  EXPECT_EQ(verdict(*policy, "ISC"), LicenceVerdict::deny) << "an id beats its category";
  EXPECT_EQ(verdict(*policy, "GPL-2.0-only"), LicenceVerdict::allow) << "GPL-2.0 is the old name";
  EXPECT_EQ(verdict(*policy, "GPL-3.0-only"), LicenceVerdict::deny);
  EXPECT_EQ(verdict(*policy, "GPL-3.0-only WITH GCC-exception-3.1"), LicenceVerdict::warn);
  EXPECT_EQ(verdict(*policy, "MIT OR GPL-3.0-only"), LicenceVerdict::allow);
  EXPECT_EQ(verdict(*policy, "MIT AND GPL-3.0-only"), LicenceVerdict::deny);
  EXPECT_EQ(verdict(*policy, "MIT AND (ISC OR MPL-2.0)"), LicenceVerdict::warn);
  EXPECT_EQ(verdict(*policy, "LicenseRef-x"), LicenceVerdict::warn) << "named by no rule";
  EXPECT_EQ(verdict(*policy, ""), LicenceVerdict::warn);
}

TEST(LicencePolicy, SaysWhy) {
  const auto policy = policy_of("deny: [strong-copyleft, WTFPL, unknown]\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(judge_licence(*policy, "GPL-3.0-only").reason,
            "GPL-3.0-only is strong-copyleft, which the policy denies");
  EXPECT_EQ(judge_licence(*policy, "MIT AND WTFPL").reason, "the policy denies WTFPL");
  EXPECT_EQ(judge_licence(*policy, "").reason,
            "no licence stated is unknown, which the policy denies");
}

TEST(LicencePolicy, OtherwiseIsForTheRest) {
  const auto policy = policy_of("allow: [MIT]\notherwise: deny\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(verdict(*policy, "ISC"), LicenceVerdict::deny);
}

TEST(LicencePolicy, RefusesWhatWouldMatchNothing) {
  for (const auto* bad :
       {"allow: [permisive]", "alow: [MIT]", "deny: MIT", "otherwise: maybe", "deny: [MIT OR ISC]",
        "deny", "{}", "[deny]", "deny: [MIT]\ndeny: [ISC]"}) {
    EXPECT_FALSE(policy_of(bad)) << bad;
  }
}

}  // namespace
}  // namespace boltseal
