#include "match/match.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "match/evaluate.h"
#include "match/sample_test.h"

namespace boltseal {
namespace {

using namespace match_sample;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = Event::Kind;

Package deb(std::string name, std::string version, std::string source,
            std::string source_version = "") {
  auto out = package(PackageType::deb, std::move(name), std::move(version), "var/lib/dpkg/status");
  out.source_name = std::move(source);
  out.source_version = std::move(source_version);
  return out;
}

Verdict judge(std::vector<Event> range, std::string_view version, Scheme scheme = Scheme::semver) {
  Affected affected;
  affected.ranges = {std::move(range)};
  Texts texts;
  return evaluate(affected, scheme, version, true, texts).verdict;
}

TEST(Evaluate, EventsCountInTheOrderOfVersions) {
  const std::vector<Event> mixed = {{Kind::fixed, "2.1.0"},
                                    {Kind::introduced, "2.0.0"},
                                    {Kind::fixed, "1.1.0"},
                                    {Kind::introduced, "1.0.0"}};
  EXPECT_EQ(judge(mixed, "0.9.0"), Verdict::not_affected);
  EXPECT_EQ(judge(mixed, "1.0.0"), Verdict::affected);
  EXPECT_EQ(judge(mixed, "1.1.0"), Verdict::fixed);
  EXPECT_EQ(judge(mixed, "2.0.5"), Verdict::affected);
  EXPECT_EQ(judge(mixed, "2.1.0"), Verdict::fixed);
}

TEST(Evaluate, LastAffectedIsItselfAffected) {
  const std::vector<Event> range = {{Kind::introduced, "0"}, {Kind::last_affected, "1.5.1"}};
  EXPECT_EQ(judge(range, "1.5.1"), Verdict::affected);
  EXPECT_EQ(judge(range, "1.5.2"), Verdict::fixed);
}

TEST(Evaluate, LimitEndsTheRange) {
  const std::vector<Event> range = {{Kind::introduced, "1.0.0"}, {Kind::limit, "2.0.0"}};
  EXPECT_EQ(judge(range, "1.9.0"), Verdict::affected);
  EXPECT_EQ(judge(range, "2.0.0"), Verdict::not_affected);
}

TEST(Evaluate, FixZeroMeansNeverAffected) {
  EXPECT_EQ(judge(until("0"), "1.2.3-r0", Scheme::apk), Verdict::not_affected);
}

TEST(Evaluate, ARangeOfOneVersionEndsThere) {
  for (const auto& range :
       {std::vector<Event>{{Kind::introduced, "3.7.2"}, {Kind::last_affected, "3.7.2"}},
        std::vector<Event>{{Kind::last_affected, "3.7.2"}, {Kind::introduced, "3.7.2"}}}) {
    EXPECT_EQ(judge(range, "3.7.1"), Verdict::not_affected);
    EXPECT_EQ(judge(range, "3.7.2"), Verdict::affected);
    EXPECT_EQ(judge(range, "5.1.1"), Verdict::fixed);
  }
  const std::vector<Event> back = {
      {Kind::introduced, "1.0.0"}, {Kind::fixed, "2.0.0"}, {Kind::introduced, "2.0.0"}};
  EXPECT_EQ(judge(back, "2.0.0"), Verdict::affected);
}

TEST(Evaluate, ARangeThatEndsBeforeItBeginsHasAnEnd) {
  std::vector<Event> range = {{Event::Kind::introduced, "3.0"},
                              {Event::Kind::last_affected, "3.0.0.M2"}};
  for (int sorted = 0; sorted < 2; ++sorted) {
    EXPECT_EQ(judge(range, "5.3.7", Scheme::maven), Verdict::fixed) << sorted;
    EXPECT_EQ(judge(range, "3.0.0.M1", Scheme::maven), Verdict::undecided) << sorted;
    std::swap(range[0], range[1]);  // as the database keeps it
  }
}

TEST(Evaluate, WhatCannotBeComparedIsUndecided) {
  EXPECT_EQ(judge(until("1.2.0"), "not-a-version"), Verdict::undecided);
  EXPECT_EQ(judge(until("fixed-some-day"), "1.2.0"), Verdict::undecided);
  EXPECT_EQ(judge(unfixed(), "not-a-version"), Verdict::affected)
      << "all versions are: nothing to compare";
}

TEST(Evaluate, ListedVersionsAndExpressExceptions) {
  Affected affected;
  affected.versions = {"1.0", "1.1"};
  Texts texts;
  EXPECT_EQ(evaluate(affected, Scheme::pep440, "1.1.0", true, texts).verdict, Verdict::affected);
  EXPECT_EQ(evaluate(affected, Scheme::pep440, "1.2", true, texts).verdict, Verdict::not_affected);
  affected.versions.clear();
  affected.ranges = {until("5.0.0")};
  affected.unaffected = {"< 3.0", "= 4.0.1", "~> 4.2.1"};
  EXPECT_EQ(evaluate(affected, Scheme::rubygems, "2.9", true, texts).verdict,
            Verdict::not_affected);
  EXPECT_EQ(evaluate(affected, Scheme::rubygems, "4.0.1", true, texts).verdict,
            Verdict::not_affected);
  EXPECT_EQ(evaluate(affected, Scheme::rubygems, "4.2.9", true, texts).verdict,
            Verdict::not_affected);
  EXPECT_EQ(evaluate(affected, Scheme::rubygems, "4.3.0", true, texts).verdict, Verdict::affected);
}

TEST(Evaluate, AListDoesNotClearWhatHasNoVersion) {
  Affected affected;
  affected.versions = {"1.0.0"};
  Texts texts;
  const auto unversioned = evaluate(affected, Scheme::npm, "", false, texts);
  EXPECT_EQ(unversioned.verdict, Verdict::undecided);
  ASSERT_EQ(unversioned.steps.size(), 1U);
  EXPECT_THAT(unversioned.steps[0].text, HasSubstr("has no version"));
  EXPECT_EQ(evaluate(affected, Scheme::npm, "1.0.1", true, texts).verdict, Verdict::not_affected);
  affected.ranges = {unfixed()};
  EXPECT_EQ(evaluate(affected, Scheme::npm, "", true, texts).verdict, Verdict::affected);
}

// PEP 440 passes over the local part of a version where a requirement has none: 2.6.0+cu124 is
// 2.6.0, built for something.
TEST(Evaluate, ALocalVersionIsThatVersion) {
  const std::vector<Event> last = {{Kind::introduced, "0"}, {Kind::last_affected, "2.6.0"}};
  for (const std::string_view version : {"2.6.0", "2.6.0+cu124", "2.6+cpu"})
    EXPECT_EQ(judge(last, version, Scheme::pep440), Verdict::affected) << version;
  EXPECT_EQ(judge(last, "2.6.1+cu124", Scheme::pep440), Verdict::fixed);
  EXPECT_EQ(judge(until("2.6.0"), "2.6.0+cu124", Scheme::pep440), Verdict::fixed);
  // A bound with a local part is compared whole.
  EXPECT_EQ(judge(until("2.6.0+cu125"), "2.6.0+cu124", Scheme::pep440), Verdict::affected);
  EXPECT_EQ(judge(last, "2.6.0+1", Scheme::nuget), Verdict::affected) << "build metadata";
  Affected affected;
  affected.versions = {"2.5.0", "2.6.0"};
  Texts texts;
  EXPECT_EQ(evaluate(affected, Scheme::pep440, "2.6.0+cu124", true, texts).verdict,
            Verdict::affected);
  affected.versions = {"2.5.0", "2.6.0+cpu"};
  EXPECT_EQ(evaluate(affected, Scheme::pep440, "2.6.0+cu124", true, texts).verdict,
            Verdict::not_affected);
}

TEST(Evaluate, FixesThatHelpAreLowestFirst) {
  Affected affected;
  affected.ranges = {until("4.0.2", "4.0.0"), until("3.2.5", "3.0.0"), until("2.0.9", "2.0.0")};
  Texts texts;
  EXPECT_THAT(evaluate(affected, Scheme::pep440, "3.2.0", true, texts).fixed_versions,
              ElementsAre("3.2.5", "4.0.2"));
}

TEST(Evaluate, AFixThatAnotherRangeCoversIsNone) {
  Affected affected;
  affected.ranges = {until("12.0.7"), until("12.1.4", "12.1.0"), until("12.2.2")};
  Texts texts;
  const auto fixes = [&](std::string_view version) {
    return evaluate(affected, Scheme::go, version, true, texts).fixed_versions;
  };
  EXPECT_THAT(fixes("v11.0.0"), ElementsAre("12.2.2"));
  affected.ranges.back() = until("12.2.2", "12.2.0");
  EXPECT_THAT(fixes("v11.0.0"), ElementsAre("12.0.7", "12.1.4", "12.2.2"));
  affected.ranges.push_back(unfixed());
  EXPECT_THAT(fixes("v11.0.0"), ElementsAre());
}

TEST(Evaluate, ComposerVersionsAreNormalised) {
  EXPECT_EQ(judge(until("1.0.0"), "1.0", Scheme::packagist), Verdict::fixed);
  EXPECT_EQ(judge(until("2.0.0"), "v2.0.0-BETA1", Scheme::packagist), Verdict::affected);
  EXPECT_EQ(judge(until("2.0.0"), "dev-main", Scheme::packagist), Verdict::undecided);
}

// The specification of package URLs has them in lower case; the feeds have GitHub's spelling.
TEST(Match, FindsGoModulesInAnyCase) {
  Case c("debian", "12");
  c.with(record("GO-2024-1", "Go", "github.com/Azure/go-autorest", until("1.2.0")))
      .with(package(PackageType::golang, "github.com/azure/go-autorest", "v1.1.0", "a"))
      .with(package(PackageType::golang, "github.com/Azure/go-autorest", "v1.1.1", "b"));
  EXPECT_EQ(c.run().findings.size(), 2U);
}

TEST(Match, APackageOfOthersDecidesNothingOfItsFiles) {
  Case c("debian", "12");
  c.with(record("GO-2024-1", "Go", "example.org/x", until("1.2.0")))
      .with(record("DEBIAN-CVE-2024-8", "Debian:12", "other", until("1")))
      .with(deb("docker-ce-cli", "5:27.0.1-1", "docker-ce"))
      .with(package(PackageType::golang, "example.org/x", "v1.1.0", "usr/bin/docker"));
  c.report.inventory.packages[0].supplier = "Docker <support@docker.com>";
  c.report.inventory.packages[1].owner = 0;
  EXPECT_EQ(c.run().findings.size(), 1U);
}

TEST(Match, LeavesPackagesOfOthersToNoFeed) {
  Case c("debian", "12");
  c.with(record("DEBIAN-CVE-2024-7", "Debian:12", "nginx", until("1.22.1-9+deb12u1")))
      .with(deb("nginx", "1.20.0-1~bookworm", "nginx"))
      .with(deb("nginx-light", "1.20.0-1", "nginx"));
  c.report.inventory.packages[0].supplier = "NGINX Packaging <nginx-packaging@f5.com>";
  const Report& report = c.run();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].package, 1U);
  ASSERT_EQ(report.uncovered.size(), 1U);
  EXPECT_THAT(report.uncovered[0].what, HasSubstr("not debian's own: 1 deb package"));
  EXPECT_THAT(report.uncovered[0].reason, HasSubstr("f5.com"));
  EXPECT_THAT(report.uncovered[0].packages, ElementsAre(0U));
}

TEST(Match, DebianIsAskedBySourceNameAndVersion) {
  Case c("debian", "12");
  auto flaw = record("DEBIAN-CVE-2024-1", "Debian:12", "openssl", until("3.0.15-1"));
  flaw.upstream = {"CVE-2024-1"};
  // The binary is a rebuild whose own version is past the fix; the source version decides.
  const auto& r = c.with(flaw).with(deb("libssl3", "3.0.15-1+b1", "openssl", "3.0.14-1")).run();
  ASSERT_EQ(r.findings.size(), 1U);
  const Finding& f = r.findings[0];
  EXPECT_EQ(f.id, "CVE-2024-1");
  EXPECT_THAT(f.aliases, ElementsAre("DEBIAN-CVE-2024-1"));
  EXPECT_THAT(f.fixed_versions, ElementsAre("3.0.15-1"));
  EXPECT_EQ(f.fix_state, FixState::fixed);
  EXPECT_THAT(proof(f), HasSubstr("var/lib/dpkg/status"));
  EXPECT_THAT(proof(f), HasSubstr("built-from: deb libssl3 is built from source openssl 3.0.14-1"));
  EXPECT_THAT(proof(f), HasSubstr("3.0.14-1 < 3.0.15-1 (dpkg)"));
}

TEST(Match, ReleasesOfDistributionsPickTheirFeeds) {
  const std::vector<std::tuple<std::string, std::string, std::string, PackageType, std::string>>
      rows = {
          {"debian", "12", "Debian:12", PackageType::deb, "1.0-1"},
          {"ubuntu", "22.04", "Ubuntu:22.04:LTS", PackageType::deb, "1.0-1"},
          {"alpine", "3.18.4", "Alpine:v3.18", PackageType::apk, "1.0-r0"},
          {"wolfi", "20230201", "Wolfi", PackageType::apk, "1.0-r0"},
          {"chainguard", "20230214", "Chainguard", PackageType::apk, "1.0-r0"},
          {"almalinux", "9.4", "AlmaLinux:9", PackageType::rpm, "1.0-1.el9"},
          {"rocky", "9.4", "Rocky Linux:9", PackageType::rpm, "1.0-1.el9"},
          {"rhel", "9.4", "Red Hat:enterprise_linux:9::baseos", PackageType::rpm, "1.0-1.el9"},
          {"opensuse-leap", "15.5", "openSUSE:Leap 15.5", PackageType::rpm, "1.0-1"},
          {"opensuse-tumbleweed", "20250101", "openSUSE:Tumbleweed", PackageType::rpm, "1.0-1"},
          {"sles", "15.5", "SUSE:Linux Enterprise Server 15 SP5", PackageType::rpm, "1.0-1"},
          {"azurelinux", "3.0", "Azure Linux:3", PackageType::rpm, "1.0-1"},
          {"photon", "5.0", "Photon OS:5.0", PackageType::rpm, "1.0-1"},
      };
  for (const auto& [id, version, ecosystem, type, installed] : rows) {
    Case c(id, version);
    const auto& r = c.with(record("X-1", ecosystem, "tool", until("2.0-1")))
                        .with(package(type, "tool", installed))
                        .run();
    EXPECT_EQ(r.findings.size(), 1U) << ecosystem;
    EXPECT_TRUE(r.uncovered.empty()) << ecosystem;
  }
}

TEST(Match, UbuntuProFixesCountOnlyForItsPackages) {
  Case c("ubuntu", "20.04");
  c.with(record("X-1", "Ubuntu:20.04:LTS", "other", until("1-1")));
  c.with(
      record("UBUNTU-CVE-2024-1", "Ubuntu:Pro:20.04:LTS", "glibc", until("2.31-0ubuntu9.9+esm3")));
  c.with(deb("libc6", "2.31-0ubuntu9.9", "glibc"))
      .with(deb("libc-bin", "2.31-0ubuntu9.9+esm1", "glibc"));
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].package, 1U);
}

TEST(Match, RpmFeedsAreAskedByBinaryNameAndModule) {
  Case c("almalinux", "8.10");
  c.with(record("ALSA-1", "AlmaLinux:8", "nodejs", until("1:18.20.1-1.module_el8.9.0+3")));
  c.with(record("ALSA-2", "AlmaLinux:8", "curl", until("7.61.1-34.el8")));
  auto plain = package(PackageType::rpm, "nodejs", "1:18.0.0-1.el8");
  auto modular = package(PackageType::rpm, "nodejs", "1:18.0.0-1.module_el8.7.0+1");
  modular.module = "nodejs:18";
  auto library = package(PackageType::rpm, "libcurl", "7.61.1-30.el8");
  library.source_name = "curl";
  const auto& r = c.with(plain).with(modular).with(library).run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].package, 1U);
  ASSERT_EQ(r.dropped.size(), 1U);
  EXPECT_EQ(r.dropped[0].verdict, Verdict::not_affected);
  EXPECT_THAT(proof(r.dropped[0]), HasSubstr("module: the record is for a module"));
}

TEST(Match, ABuildNamedAsFixedIsFixed) {
  Case c("almalinux", "8.10");
  auto both = record("ALSA-1", "AlmaLinux:8", "runc", until("1.1-2.module_el8.5.0+119"));
  auto older = both.affected[0];
  older.ranges = {until("1.1-2.module_el8.4.0+24")};
  both.affected.push_back(older);
  auto installed = package(PackageType::rpm, "runc", "1.1-2.module_el8.4.0+24");
  installed.module = "container-tools:rhel8";
  const auto& r = c.with(both).with(installed).run();
  EXPECT_TRUE(r.findings.empty());
  ASSERT_EQ(r.dropped.size(), 1U);
  EXPECT_EQ(r.dropped[0].verdict, Verdict::fixed);
}

TEST(Match, ArchitectureOfTheRecordMustFit) {
  Case c("almalinux", "9");
  auto flaw = record("ALSA-1", "AlmaLinux:9", "x", until("2-1"));
  flaw.affected[0].arch = "aarch64";
  auto here = package(PackageType::rpm, "x", "1-1");
  here.arch = "x86_64";
  EXPECT_TRUE(c.with(flaw).with(here).run().findings.empty());
}

TEST(Match, OneFindingPerAliasClass) {
  Case c;
  auto pysec = record("PYSEC-2024-1", "PyPI", "django", until("3.2.5"));
  pysec.aliases = {"CVE-2024-9", "GHSA-aaaa-bbbb-cccc"};
  auto ghsa = record("GHSA-aaaa-bbbb-cccc", "PyPI", "django", until("3.2.5"));
  ghsa.aliases = {"CVE-2024-9"};
  const auto& r =
      c.with(pysec).with(ghsa).with(package(PackageType::pypi, "Django", "3.2.0")).run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].id, "CVE-2024-9");
  EXPECT_THAT(r.findings[0].aliases, ElementsAre("GHSA-aaaa-bbbb-cccc", "PYSEC-2024-1"));
  EXPECT_EQ(r.findings[0].record, "PYSEC-2024-1");
}

// Enough for several threads, with binaries of one source, findings and what is dropped.
TEST(Match, AnyNumberOfThreadsGivesTheSame) {
  const auto all_of = [](unsigned threads) {
    Case c("debian", "12");
    c.options.threads = threads;
    for (int i = 0; i < 900; ++i) {
      const auto source = fmt::format("s{}", i);
      c.with(record(fmt::format("CVE-2024-{:04}", i), "Debian:12", source, until("1.5")));
      for (const auto* version : {"1.4", "1.6"}) {
        Package p = package(PackageType::deb, fmt::format("p{}-{}", i, version), version);
        p.source_name = source;
        c.with(std::move(p));
      }
    }
    const Report& report = c.run();
    std::string out;
    for (const auto* list : {&report.findings, &report.dropped})
      for (const Finding& f : *list) out += fmt::format("{} {}\n{}", f.id, f.package, proof(f));
    return out;
  };
  const auto one = all_of(1);
  EXPECT_GT(std::ranges::count(one, '\n'), 1800 * 4);
  EXPECT_EQ(all_of(4), one);
}

TEST(Match, ARecordOfSeveralFlawsGivesOneFindingForEach) {
  Case c("almalinux", "9.4");
  auto bundle = record("ALSA-2024:1", "AlmaLinux:9", "podman", until("2:4.9.4-1.el9"));
  bundle.upstream = {"CVE-2023-1", "CVE-2023-2"};
  const auto& r = c.with(bundle).with(package(PackageType::rpm, "podman", "2:4.6.1-5.el9")).run();
  ASSERT_EQ(r.findings.size(), 2U);
  EXPECT_EQ(r.findings[0].id, "CVE-2023-1");
  EXPECT_EQ(r.findings[1].id, "CVE-2023-2");
  EXPECT_THAT(r.findings[0].aliases, ElementsAre("ALSA-2024:1"));
}

TEST(Match, TheNativeFeedDecidesWhereRecordsDiffer) {
  Case c;
  auto go = record("GO-2024-1", "Go", "example.org/m", until("1.2.0"));
  go.aliases = {"CVE-2024-1"};
  auto ghsa = record("GHSA-xxxx-yyyy-zzzz", "Go", "example.org/m", until("1.4.0"));
  ghsa.aliases = {"CVE-2024-1"};
  const auto& r =
      c.with(go).with(ghsa).with(package(PackageType::golang, "example.org/m", "v1.3.0")).run();
  EXPECT_TRUE(r.findings.empty());
  ASSERT_EQ(r.dropped.size(), 1U);
  EXPECT_EQ(r.dropped[0].verdict, Verdict::fixed);
  EXPECT_THAT(proof(r.dropped[0]), HasSubstr("precedence: GO-2024-1 judges Go natively"));
}

TEST(Match, WithdrawnRecordsNeverCount) {
  Case c;
  auto gone = record("PYSEC-1", "PyPI", "x", unfixed());
  gone.withdrawn = "2025-01-01T00:00:00Z";
  const auto& r = c.with(gone).with(package(PackageType::pypi, "x", "1")).run();
  EXPECT_TRUE(r.findings.empty());
  ASSERT_EQ(r.dropped.size(), 1U);
  EXPECT_EQ(r.dropped[0].verdict, Verdict::withdrawn);
  EXPECT_THAT(proof(r.dropped[0]), HasSubstr("withdrawn on 2025-01-01"));
}

TEST(Match, DevelopmentVersionsOfGoAreUndecidedAndShown) {
  Case c;
  const auto& r = c.with(record("GO-1", "Go", "example.org/m", until("1.2.0")))
                      .with(package(PackageType::golang, "example.org/m", "(devel)"))
                      .run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].verdict, Verdict::undecided);
  EXPECT_THAT(proof(r.findings[0]), HasSubstr("has no order with 1.2.0"));
}

TEST(Match, SeverityIsTheJudgingFeedsThenCvss) {
  Case c("debian", "12");
  auto flaw = record("DEBIAN-CVE-2024-1", "Debian:12", "x", unfixed());
  flaw.upstream = {"CVE-2024-1"};
  auto other = record("PYSEC-1", "PyPI", "y", until("1"));
  other.aliases = {"CVE-2024-1"};
  other.severities = {{"CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:P"},
                      {"CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}};
  c.exploited = {{"CVE-2024-1", "2024-02-01", "2024-02-20", false}};
  c.with(flaw).with(other).with(deb("x", "1-1", "x"));
  {
    const Finding& f = c.run().findings.at(0);
    EXPECT_EQ(f.severity, Severity::critical);
    EXPECT_EQ(f.severity_source, "CVSS 3.1 of PYSEC-1");
    ASSERT_EQ(f.cvss.size(), 2U);
    EXPECT_EQ(f.cvss[0].score, 9.8);
    EXPECT_TRUE(f.kev);
    EXPECT_EQ(f.kev_due, "2024-02-20");
    EXPECT_EQ(f.fix_state, FixState::not_fixed);
  }
  c.advisories[0].affected[0].severity = Severity::low;
  EXPECT_EQ(c.run().findings.at(0).severity, Severity::low);
  EXPECT_EQ(c.run().findings.at(0).severity_source, "Debian");
}

// A source rpm names no epoch: the version of the source of perl-Errno would be older than any fix.
TEST(Match, ASourceRpmOfAnotherVersionHasNoKnownEpoch) {
  Case c("rocky", "9.4");
  Package p = package(PackageType::rpm, "perl-Errno", "1.30-481.el9");
  p.source_name = "perl";
  p.source_version = "5.32.1-481.el9";
  c.with(record("RLSA-1", "Rocky Linux:9", "perl", until("4:5.32.1-480.el9"))).with(p);
  EXPECT_TRUE(c.run().findings.empty());
}

TEST(Match, PackagesOfOtherTypesHaveEcosystemsToo) {
  Case c;
  c.with(record("GHSA-1", "Hex", "phoenix", until("1.7.0")));
  c.with(package(PackageType::generic, "hex:phoenix", "1.6.0"))
      .with(package(PackageType::generic, "hex:phoenix", "1.7.0"))
      .with(package(PackageType::generic, "pub:http", "0.13.0"));
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].package, 0U);
  ASSERT_EQ(r.uncovered.size(), 1U);
  EXPECT_EQ(r.uncovered[0].what, "1 Pub package");
  EXPECT_EQ(r.uncovered[0].reason, "the database has no feed for Pub");
}

TEST(Match, BuildMetadataOfComposerDoesNotCount) {
  Case c;
  c.with(record("GHSA-1", "Packagist", "v/p", until("3.7.2.3")));
  c.with(package(PackageType::composer, "v/p", "3.7.2+180508"))
      .with(package(PackageType::composer, "v/p", "3.7.2.3-stable"));
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].package, 0U);
}

TEST(Match, WhatNoFeedJudgesIsNamed) {
  Case c("debian", "13");
  c.with(record("DEBIAN-CVE-2024-1", "Debian:12", "x", unfixed()));
  c.with(deb("x", "1-1", "x"))
      .with(package(PackageType::nuget, "N", "1.0"))
      .with(package(PackageType::nuget, "M", "1.0"));
  c.with(package(PackageType::generic, "busybox", "1.36"));
  const auto& r = c.run();
  ASSERT_EQ(r.uncovered.size(), 3U);
  EXPECT_EQ(r.uncovered[0].what, "debian 13: 1 deb package");
  EXPECT_EQ(r.uncovered[0].reason, "the database has no feed for Debian:13");
  EXPECT_EQ(r.uncovered[1].what, "2 nuget packages");
  EXPECT_THAT(r.uncovered[1].packages, ElementsAre(1U, 2U));
  EXPECT_EQ(r.uncovered[2].reason, "no feed names packages of this kind");
}

TEST(Match, AReleaseThatNothingNamesIsAskedFor) {
  Case c("debian", "");
  c.with(record("DEBIAN-CVE-2024-1", "Debian:12", "x", unfixed())).with(deb("x", "1-1", "x"));
  const auto& r = c.run();
  ASSERT_EQ(r.uncovered.size(), 1U);
  EXPECT_EQ(r.uncovered[0].reason,
            "feeds speak of releases, and nothing says which one of debian this is");
}

TEST(Match, MostUrgentFirst) {
  Case c;
  const auto add = [&](std::string id, Severity severity, std::vector<Event> range) {
    auto flaw = record(std::move(id), "PyPI", "x", std::move(range));
    flaw.severity = severity;
    c.with(flaw);
  };
  add("CVE-2024-1", Severity::low, until("2"));
  add("CVE-2024-2", Severity::high, unfixed());
  add("CVE-2024-3", Severity::high, until("2"));
  add("CVE-2024-4", Severity::critical, unfixed());
  c.exploited = {{"CVE-2024-1", "2024-01-01", "", false}};
  std::vector<std::string> ids;
  for (const auto& f : c.with(package(PackageType::pypi, "x", "1")).run().findings)
    ids.emplace_back(f.id);
  EXPECT_THAT(ids, ElementsAre("CVE-2024-1", "CVE-2024-4", "CVE-2024-3", "CVE-2024-2"));
}

}  // namespace
}  // namespace boltseal
