// Records for other streams and branches of an RPM distribution.
#include <gmock/gmock.h>

#include <array>

#include "match/match.h"
#include "match/sample_test.h"

namespace boltseal {
namespace {

using namespace match_sample;
using testing::ElementsAre;

// AlmaLinux, rpm `version` of the module nodejs:18, records of the flaw CVE-2024-1.
std::vector<std::string> nodejs_findings(const std::vector<std::array<const char*, 3>>& records,
                                         const std::string& version, const std::string& module) {
  Case c("almalinux", "9.6");
  for (const auto& [id, fix, modules] : records) {
    auto flaw = record(id, "AlmaLinux:9", "nodejs", until(fix));
    flaw.upstream = {"CVE-2024-1"};
    flaw.affected[0].module = modules;
    c.with(flaw);
  }
  auto installed = package(PackageType::rpm, "nodejs", version);
  installed.module = module;
  std::vector<std::string> out;
  for (const auto& f : c.with(installed).run().findings) out.emplace_back(f.record);
  return out;
}

TEST(RpmModules, OnlyRecordsOfThePackagesStreamCount) {
  const std::vector<std::array<const char*, 3>> records = {
      {"ALSA-18", "1:18.19.1-1.module_el9.3.0+90+1", "nodejs:18"},
      {"ALSA-20", "1:20.11.1-1.module_el9.3.0+89+1", "nodejs:20"}};
  EXPECT_TRUE(nodejs_findings(records, "1:18.20.8-1.module_el9.5.0+150+1", "nodejs:18").empty());
  EXPECT_THAT(nodejs_findings(records, "1:18.18.2-1.module_el9.3.0+70+1", "nodejs:18"),
              ElementsAre("ALSA-18"));
  EXPECT_THAT(nodejs_findings(records, "1:20.9.0-1.module_el9.3.0+70+1", "nodejs:20"),
              ElementsAre("ALSA-20"));
  // An unknown stream, of the record or of the package, is judged by all.
  EXPECT_THAT(nodejs_findings(records, "1:18.20.8-1.module_el9.5.0+150+1", ""),
              ElementsAre("ALSA-20"));
  EXPECT_THAT(nodejs_findings({{"ALSA-1", "1:20.11.1-1.module_el9.3.0+89+1", ""}},
                              "1:18.20.8-1.module_el9.5.0+150+1", "nodejs:18"),
              ElementsAre("ALSA-1"));
  // Advisories of a module list packages of its -devel, and some packages stand in several modules.
  EXPECT_THAT(nodejs_findings({{"ALSA-1", "1:20.11.1-1.module_el9.3.0+89+1", "nodejs:20"}},
                              "1:20.9.0-1.module_el9.3.0+70+1", "nodejs-devel:20"),
              ElementsAre("ALSA-1"));
  EXPECT_THAT(nodejs_findings(
                  {{"ALSA-1", "1:20.11.1-1.module_el9.3.0+89+1", "maven:3.6 javapackages-tools:1"}},
                  "1:20.9.0-1.module_el9.3.0+70+1", "nodejs:20"),
              ElementsAre("ALSA-1"));
}

TEST(RpmBuilds, ABuildNamedAsFixedHoldsAgainstOtherBranches) {
  // The next minor version gets a fix of its own.
  const std::vector<std::array<const char*, 3>> branches = {
      {"ALSA-1", "9.1-5.el9_4.1", ""}, {"ALSA-2", "9.1-6.el9", ""}, {"ALSA-3", "9.2-1.el9_5", ""}};
  EXPECT_TRUE(nodejs_findings(branches, "9.1-5.el9_4.1", "").empty());
  EXPECT_EQ(nodejs_findings(branches, "9.1-5.el9_4", "").size(), 1U);
  EXPECT_EQ(nodejs_findings(branches, "9.1-6.el9", "").size(), 1U)
      << "the main line goes on: the fix may have been completed";
  // A second fix in the same branch: the first was not enough.
  EXPECT_EQ(nodejs_findings({{"ALSA-1", "3.6-8.el9_4", ""}, {"ALSA-2", "3.6-8.el9_4.1", ""}},
                            "3.6-8.el9_4", "")
                .size(),
            1U);
  EXPECT_EQ(
      nodejs_findings({{"ALSA-1", "3.6-8.el9_4", ""}, {"ALSA-2", "3.6-9", ""}}, "3.6-8.el9_4", "")
          .size(),
      1U);
  // A stream goes on from one minor version to the next, and streams have each their own fix.
  EXPECT_EQ(nodejs_findings({{"ALSA-1", "1:18.1-1.module_el9.2.0+90+1", "nodejs:18"},
                             {"ALSA-2", "1:18.3-1.module_el9.3.0+91+1", "nodejs:18"}},
                            "1:18.1-1.module_el9.2.0+90+1", "nodejs:18")
                .size(),
            1U);
  EXPECT_TRUE(nodejs_findings({{"ALSA-1", "1:18.1-1.module_el9.3.0+90+1", "nodejs:18"},
                               {"ALSA-2", "1:20.1-1.module_el9.3.0+91+1", "nodejs:20"}},
                              "1:18.1-1.module_el9.3.0+90+1", "")
                  .empty());
}

TEST(RpmBuilds, RecordsOfSeveralBuildsAgree) {
  Case c("almalinux", "8.10");
  for (const auto* id : {"ALSA-1", "ALSA-2"}) {
    auto both = record(id, "AlmaLinux:8", "mod_md", until("1:2.0.8-8.module_el8.5.0+2609+1"));
    both.upstream = {"CVE-2021-1"};
    both.affected.push_back(both.affected[0]);
    both.affected[1].ranges = {until("1:2.0.8-8.module_el8.6.0+2872+1")};
    c.with(both);
  }
  c.with(package(PackageType::rpm, "mod_md", "1:2.0.8-8.module_el8.5.0+2609+1"))
      .with(package(PackageType::rpm, "mod_md", "1:2.0.8-8.module_el8.5.0+2610+1"));
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].package, 1U);
}

TEST(RpmBuilds, ABuildNamedAsFixedHoldsForRpmOnly) {
  Case c;
  for (const auto* fix : {"1.2.0", "1.4.0"}) {
    auto flaw = record(fmt::format("GHSA-{}", fix), "npm", "x", until(fix));
    flaw.aliases = {"CVE-2024-1"};
    c.with(flaw);
  }
  EXPECT_EQ(c.with(package(PackageType::npm, "x", "1.2.0")).run().findings.size(), 1U);
}

}  // namespace
}  // namespace boltseal
