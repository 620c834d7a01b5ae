// Several records of one flaw in one package, and one record of several flaws.
#include <gmock/gmock.h>

#include "match/match.h"
#include "match/sample_test.h"

namespace boltseal {
namespace {

using namespace match_sample;
using testing::ElementsAre;

Advisory of_flaw(std::string id, std::string ecosystem, std::string fix) {
  auto out = record(std::move(id), std::move(ecosystem), "x", until(std::move(fix)));
  out.aliases = {"CVE-2024-1"};
  return out;
}

TEST(Fixes, AreLateEnoughForEveryRecord) {
  Case c;
  c.with(of_flaw("GHSA-1", "npm", "1.1.0")).with(of_flaw("GHSA-2", "npm", "1.5.0"));
  c.with(package(PackageType::npm, "x", "1.0.0"));
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_THAT(r.findings[0].fixed_versions, ElementsAre("1.5.0"));
}

TEST(Fixes, AreLateEnoughForEveryEntryOfARecord) {
  Case c;
  auto flaw = of_flaw("GHSA-1", "npm", "12.0.7");
  flaw.affected.push_back(flaw.affected[0]);
  flaw.affected[1].ranges = {until("12.2.2")};
  c.with(flaw).with(package(PackageType::npm, "x", "11.0.0"));
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_THAT(r.findings[0].fixed_versions, ElementsAre("12.2.2"));
}

TEST(Fixes, MayStandInNoListOfTheRecord) {
  Case c;
  auto flaw = record("PYSEC-1", "PyPI", "q", until("2.0"));
  flaw.affected[0].versions = {"2.0"};
  flaw.affected[0].ranges.push_back(until("2.1", "2.0.5"));
  c.with(flaw).with(package(PackageType::pypi, "q", "1.0"));
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_THAT(r.findings[0].fixed_versions, ElementsAre("2.1"));
}

// The second fix of one minor release says that the first was not enough.
TEST(Fixes, OfAnRpmAreTheLatestOfItsBranch) {
  Case c("almalinux", "9.8");
  for (const auto& [id, fix] : {std::pair("ALSA-2026:1", "5.14.0-687.19.1.el9_8"),
                                std::pair("ALSA-2026:2", "5.14.0-687.22.1.el9_8")}) {
    auto flaw = record(id, "AlmaLinux:9", "kernel", until(fix));
    flaw.upstream = {"CVE-2026-1"};
    c.with(flaw);
  }
  const auto& r = c.with(package(PackageType::rpm, "kernel", "5.14.0-600.el9_8")).run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_THAT(r.findings[0].fixed_versions, ElementsAre("5.14.0-687.22.1.el9_8"));
}

TEST(Match, ABundleOfFlawsIsJudgedFlawByFlaw) {
  Case c;
  auto both = record("RUSTSEC-1", "crates.io", "other", until("1.0.0"));
  both.aliases = {"CVE-2021-1", "CVE-2021-2"};
  auto old = record("RUSTSEC-2", "crates.io", "y", until("1.1.0"));
  old.aliases = {"CVE-2021-1"};
  auto open = record("GHSA-2", "crates.io", "y", until("1.5.0"));
  open.aliases = {"CVE-2021-2"};
  c.exploited = {{"CVE-2021-1", "2024-02-01", "2024-02-20", false}};
  const auto& r =
      c.with(both).with(old).with(open).with(package(PackageType::cargo, "y", "1.2.0")).run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].id, "CVE-2021-2");
  EXPECT_FALSE(r.findings[0].kev);
}

TEST(Match, TheFixOfUbuntuProCountsWhereThePlainReleaseHasNone) {
  const auto verdicts = [](const std::string& version) {
    Case c("ubuntu", "20.04");
    auto flaw = record("UBUNTU-CVE-2024-1", "Ubuntu:20.04:LTS", "x", unfixed());
    flaw.upstream = {"CVE-2024-1"};
    flaw.affected.push_back(flaw.affected[0]);
    flaw.affected[1].ecosystem = "Ubuntu:Pro:20.04:LTS";
    flaw.affected[1].ranges = {until("1.0-1ubuntu1~esm1")};
    auto installed = package(PackageType::deb, "x", version);
    installed.source_name = "x";
    return c.with(flaw).with(installed).run().findings.size();
  };
  EXPECT_EQ(verdicts("1.0-1ubuntu1~esm1"), 0U);
  EXPECT_EQ(verdicts("1.0-1"), 1U);
}

}  // namespace
}  // namespace boltseal
