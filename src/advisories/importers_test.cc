#include "advisories/importers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "advisories/find_for_tests.h"
#include "advisories/go_ranges.h"
#include "advisories/zip_for_tests.h"

namespace boltseal {
namespace {

std::string shown(const std::vector<std::vector<Event>>& ranges) {
  std::string out;
  for (const auto& range : ranges) {
    out += "[";
    for (const auto& event : range) {
      constexpr const char* signs[] = {">=", "<", "<=", "limit "};
      out += std::string(signs[static_cast<int>(event.kind)]) + event.version + " ";
    }
    out.back() = ']';
  }
  return out;
}

Advisory osv(std::string_view json, const std::string& feed = "X") {
  const auto document = parse_json(json);
  EXPECT_TRUE(document);
  auto advisory = read_osv(document->root(), feed);
  EXPECT_TRUE(advisory) << advisory.error().message();
  return advisory.value_or(Advisory{});
}

TEST(Osv, ReadsWhatMatters) {
  const auto a = osv(R"({"id":"GHSA-1","modified":"2024-01-02T03:04:05.678Z",
    "published":"0001-01-01T00:00:00Z","aliases":["CVE-2024-1"],"related":["CVE-2024-2"],
    "summary":" One line \nand another","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}],
    "database_specific":{"severity":"MODERATE"},
    "references":[{"type":"WEB","url":"https://e.org/a"},{"url":"javascript:x"}],
    "affected":[{"package":{"ecosystem":"PyPI","name":"Foo_Bar"},"versions":["1","2"],
      "ranges":[{"type":"GIT","events":[{"introduced":"0"},{"fixed":"abc"}]},
        {"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"2"},{"limit":"*"}]}]},
      {"ranges":[{"type":"GIT","repo":"x","events":[{"introduced":"0"}]}]}]
})",
                     "PyPI");
  EXPECT_EQ(a.id, "GHSA-1");
  EXPECT_EQ(a.feed, "PyPI");
  EXPECT_EQ(a.modified, "2024-01-02T03:04:05Z");
  EXPECT_EQ(a.published, "");
  EXPECT_EQ(a.aliases, std::vector<std::string>{"CVE-2024-1"});
  EXPECT_TRUE(a.upstream.empty());
  EXPECT_EQ(a.summary, "One line");
  EXPECT_EQ(a.severity, Severity::medium);
  EXPECT_EQ(a.references, std::vector<std::string>{"https://e.org/a"});
  ASSERT_EQ(a.severities.size(), 1U);
  ASSERT_EQ(a.affected.size(), 1U);
  EXPECT_EQ(shown(a.affected[0].ranges), "[>=0 <=2]");
  EXPECT_EQ(a.affected[0].versions.size(), 2U);
}

TEST(Osv, TakesADistributionsCvesAsUpstream) {
  const auto alma = osv(R"({"id":"ALSA-2024:1","summary":"Important: kernel update",
    "related":["CVE-2024-2","CVE-2024-1"],"affected":[{"package":{"ecosystem":"AlmaLinux:9",
    "name":"kernel"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"5"}]}]}]})");
  EXPECT_EQ(alma.upstream, (std::vector<std::string>{"CVE-2024-2", "CVE-2024-1"}));
  EXPECT_EQ(alma.severity, Severity::high);
  const auto debian = osv(R"({"id":"DEBIAN-CVE-1","upstream":["CVE-1"],"affected":[{"package":
    {"ecosystem":"Debian:12","name":"x"},"ecosystem_specific":{"urgency":"unimportant"}},
    {"package":{"ecosystem":"Debian:11","name":"x"},"ecosystem_specific":{"urgency":"low**"}},
    {"package":{"ecosystem":"Debian:10","name":"x"},"ecosystem_specific":{"urgency":"end-of-life"}}
    ]})");
  EXPECT_EQ(debian.upstream, std::vector<std::string>{"CVE-1"});
  EXPECT_EQ(debian.affected[0].severity, Severity::negligible);
  EXPECT_EQ(debian.affected[1].severity, Severity::low);
  EXPECT_EQ(debian.affected[2].fix_state, FixState::end_of_life);
  const auto many = osv(R"({"id":"USN-1","aliases":["CVE-1","CVE-2"],"affected":[{"package":
    {"ecosystem":"Ubuntu:22.04:LTS","name":"x"}}]})");
  EXPECT_TRUE(many.aliases.empty());
  EXPECT_EQ(many.upstream.size(), 2U);
}

TEST(Osv, TakesModuleStreamsOutOfTheTitle) {
  const auto alma = osv(
      R"({"id":"ALSA-2022:1","summary":"Moderate: python39:3.9 and python39-devel:3.9 security update",
    "related":["CVE-2022-1"],"affected":[{"package":{"ecosystem":"AlmaLinux:8","name":"python39"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},
      {"fixed":"3.9.7-1.module_el8.6.0+2780+a40f65e1"}]}]},
    {"package":{"ecosystem":"AlmaLinux:8","name":"plain"},"ranges":[{"type":"ECOSYSTEM",
      "events":[{"introduced":"0"},{"fixed":"1-1.el8"}]}]}]})");
  EXPECT_EQ(alma.affected[0].module, "python39:3.9 python39-devel:3.9");
  EXPECT_EQ(alma.affected[1].module, "");
}

// As in GHSA-32qq-m9fh-f74w and others that have no patched version.
TEST(Osv, EndsOpenRangesWhereGitHubDoes) {
  const auto a = osv(R"({"id":"X","affected":[
    {"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
     "database_specific":{"last_known_affected_version_range":"< 0.19.3"}},
    {"package":{"ecosystem":"npm","name":"y"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1"}]}],
     "database_specific":{"last_known_affected_version_range":"<= 1.2"}},
    {"package":{"ecosystem":"npm","name":"z"},
     "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"3"}]}],
     "database_specific":{"last_known_affected_version_range":"< 9"}}]})");
  EXPECT_EQ(a.affected[0].ranges[0].back().kind, Event::Kind::limit);
  EXPECT_EQ(a.affected[0].ranges[0].back().version, "0.19.3");
  EXPECT_EQ(a.affected[1].ranges[0].back().kind, Event::Kind::last_affected);
  EXPECT_EQ(a.affected[1].ranges[0].back().version, "1.2");
  EXPECT_EQ(a.affected[2].ranges[0].size(), 2U);
}

TEST(Osv, AsksARepositoryOfAnEcosystemLikeTheEcosystem) {
  const auto a = osv(R"({"id":"X","affected":[
    {"package":{"ecosystem":"Packagist:https://packages.drupal.org/8","name":"drupal/foo"},
     "versions":["1"]},
    {"package":{"ecosystem":"Debian:12","name":"y"},"versions":["1"]}]})");
  EXPECT_EQ(a.affected[0].ecosystem, "Packagist");
  EXPECT_EQ(a.affected[1].ecosystem, "Debian:12");
}

TEST(Osv, RatesAPackageByItsOwnVectors) {
  const auto a = osv(R"({"id":"X","affected":[{"package":{"ecosystem":"npm","name":"x"},
    "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]},
    {"package":{"ecosystem":"crates.io","name":"y"},
     "database_specific":{"informational":"unmaintained"}}]})");
  EXPECT_EQ(a.affected[0].severity, Severity::critical);
  EXPECT_EQ(a.affected[1].severity, Severity::negligible);
  EXPECT_TRUE(a.severities.empty());  // they would be shown for y, too
}

TEST(Osv, LeavesOutIntervalsThatHoldNothing) {
  const auto ranges = [](const std::string& events) {
    const auto a = osv(R"({"id":"X","affected":[{"package":{"ecosystem":"crates.io","name":"x"},
      "ranges":[{"type":"SEMVER","events":[)" +
                       events + "]}]}]}");
    return shown(a.affected[0].ranges);
  };
  EXPECT_EQ(ranges(R"({"introduced":"0.23.0"},{"fixed":"0.23.0"},{"introduced":"0.23.13"},
                      {"fixed":"0.23.18"})"),
            "[>=0.23.13 <0.23.18]");
  EXPECT_EQ(ranges(R"({"introduced":"0.10.0"},{"fixed":"0.10.0"})"), "");
  // Fixed, and at once broken again (PYSEC-2023-72); never affected (Wolfi).
  EXPECT_EQ(ranges(R"({"introduced":"0"},{"fixed":"2"},{"introduced":"2"},{"fixed":"3"})"),
            "[>=0 <2 >=2 <3]");
  EXPECT_EQ(ranges(R"({"introduced":"0"},{"fixed":"0"})"), "[>=0 <0]");
}

TEST(Osv, RatesMaliciousPackagesThatCarryNoRating) {
  const auto severity = [](const std::string& more) {
    return osv(R"({"id":"MAL-2026-1","affected":[{"package":{"ecosystem":"npm","name":"evil"}}])" +
               more + "}")
        .severity;
  };
  EXPECT_EQ(severity(""), Severity::critical);
  EXPECT_EQ(severity(R"(,"database_specific":{"severity":"LOW"})"), Severity::low);
  EXPECT_EQ(severity(R"(,"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}])"),
            Severity::unknown);
}

TEST(Osv, KeepsWithdrawnRecordsAndSaysSo) {
  EXPECT_EQ(osv(R"({"id":"X","withdrawn":"2024-01-01T00:00:00Z"})").withdrawn,
            "2024-01-01T00:00:00Z");
  EXPECT_EQ(osv(R"({"id":"X","modified":"2024-05-01T00:00:00Z","withdrawn":"sometime"})").withdrawn,
            "2024-05-01T00:00:00Z");
}

TEST(Osv, SkipsCountsAndNamesBadRecords) {
  DatabaseInput in;
  std::string deep(5000, '[');
  const auto zip = stored_zip({{"A.json", R"({"id":"A","modified":"2024-01-01T00:00:00Z",
      "affected":[{"package":{"ecosystem":"npm","name":"a"}}]})"},
                               {"B.json", "{\"id\": "},
                               {"C.json", R"({"id":5,"affected":{"a":1}})"},
                               {"D.json", deep},
                               {"E.json", R"({"id":"E","affected":[{"package":7}]})"},
                               {"F.json", R"({"id":"F\u0000\n"})"},
                               {"G.json", R"({"id":"G","affected":[{"package":{"ecosystem":"npm",
      "name":"g"},"ranges":[{"type":"SEMVER","events":[{"introduced":5}]}]}]})"},
                               {"ALBA-2024:1.json", R"({"id":"ALBA-2024:1","affected":[]})"},
                               {"readme.txt", "hello"}});
  const auto report = import_osv(zip, "npm", in);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 1U);
  EXPECT_EQ(report->skipped, 6U);
  EXPECT_EQ(report->ignored, 1U);
  EXPECT_EQ(report->newest, "2024-01-01T00:00:00Z");
  ASSERT_EQ(report->complaints.size(), 6U);
  EXPECT_TRUE(report->complaints[0].starts_with("B.json: "));
  EXPECT_EQ(in.advisories.size(), 1U);
}

TEST(Osv, SurvivesEveryTruncationOfItsZip) {
  const auto zip = stored_zip({{"A.json", R"({"id":"A","aliases":["B"]})"}, {"C.json", "{}"}});
  for (std::size_t n = 0; n < zip.size(); ++n) {
    DatabaseInput in;
    EXPECT_FALSE(import_osv(std::string_view(zip).substr(0, n), "npm", in)) << n;
  }
  for (std::size_t at = 0; at < zip.size(); ++at) {
    DatabaseInput in;
    std::string damaged = zip;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const auto report = import_osv(damaged, "npm", in);
    EXPECT_LE(report ? report->records : 0, 2U);
  }
}

TEST(GoRanges, UsesTheNumbersOfTheSourceAdvisory) {
  using K = Event::Kind;
  const auto from = [](const char* v) { return Event{K::introduced, v}; };
  const auto to = [](const char* v) { return Event{K::fixed, v}; };
  EXPECT_EQ(shown(with_custom_ranges({{from("0")}}, {{from("0"), to("2.0.1")}})), "[>=0 <2.0.1]");
  EXPECT_EQ(shown(with_custom_ranges({{from("0")}}, {{from("3.0.0"), to("3.0.11")}})),
            "[>=3.0.0 <3.0.11][>=0 <=0.0.0]");
  EXPECT_EQ(shown(with_custom_ranges({{from("0"), to("1.1.0")}}, {{from("1.5.0"), to("6.0.0")}})),
            "[>=0 <1.1.0][>=1.5.0 <6.0.0]");
  EXPECT_EQ(shown(with_custom_ranges({{from("0"), to("0.1.0"), from("0.2.0")}},
                                     {{from("0"), to("2.3.2")}})),
            "[>=0 <0.1.0 >=0.2.0 <2.3.2][>=0 <2.3.2]");
  EXPECT_EQ(shown(with_custom_ranges({{from("0")}}, {})), "[>=0]");
  EXPECT_EQ(shown(with_custom_ranges({{from("0")}}, {{from("weird"), to("???")}})), "[>=0]");
}

// An open range must not swallow the fixed versions between the branches of a module.
TEST(GoRanges, EndAtTheBranchThatHoldsTheirStart) {
  using K = Event::Kind;
  const auto from = [](const char* v) { return Event{K::introduced, v}; };
  const auto to = [](const char* v) { return Event{K::fixed, v}; };
  EXPECT_EQ(shown(with_custom_ranges({{from("2.0.0+incompatible")}},
                                     {{from("0"), to("2.4.16"), from("2.5.0"), to("2.5.9")},
                                      {from("2.2.0"), to("2.3.0")}})),
            "[>=2.0.0+incompatible <2.4.16][>=0 <2.4.16 >=2.5.0 <2.5.9][>=2.2.0 <2.3.0]");
  EXPECT_EQ(shown(with_custom_ranges({{from("0"), to("1.80.0"), from("1.83.4")}},
                                     {{from("4.0.0"), to("4.7.1")}, {from("3.0.0"), to("3.1.0")}})),
            "[>=0 <1.80.0 >=1.83.4 limit 3.0.0][>=4.0.0 <4.7.1][>=3.0.0 <3.1.0]");
  EXPECT_EQ(
      shown(with_custom_ranges({{from("1.0.0")}}, {{from("0"), {K::last_affected, "1.0.0"}}})),
      "[>=1.0.0 <=1.0.0][>=0 <=1.0.0]");
  // Past all that the custom ranges know, or in one without an end, the open one stays.
  EXPECT_EQ(shown(with_custom_ranges({{from("0.7.2")}}, {{from("0"), to("0.7.1")}})),
            "[>=0.7.2][>=0 <0.7.1]");
  EXPECT_EQ(
      shown(with_custom_ranges({{from("1.0.0")}}, {{from("0"), to("2.0.0")}, {from("0.5.0")}})),
      "[>=1.0.0][>=0 <2.0.0][>=0.5.0]");
}

TEST(Secdb, MakesOneRecordPerFlaw) {
  DatabaseInput in;
  const auto report = import_secdb(R"({"distroversion":"v3.11","reponame":"main","packages":[
    {"pkg":{"name":"a","secfixes":{"1.2-r0":["CVE-1","CVE_2019-2426 XSA-1"],"0":["CVE-3"],
            "1.10-r0":["CVE-1"]}}},
    {"pkg":{"name":"b","secfixes":{"2-r1":["CVE-1"],"3-r0":null}}},
    {"pkg":{"secfixes":{"1":["CVE-9"]}}}, 7]})",
                                   "main.json", in);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 3U);
  EXPECT_EQ(report->skipped, 2U);
  ASSERT_EQ(in.advisories.size(), 3U);
  EXPECT_EQ(in.advisories[0].id, "CVE-1");
  EXPECT_EQ(in.advisories[0].feed, "Alpine");
  ASSERT_EQ(in.advisories[0].affected.size(), 2U);
  EXPECT_EQ(in.advisories[0].affected[0].ecosystem, "Alpine:v3.11");
  EXPECT_EQ(shown(in.advisories[0].affected[0].ranges), "[>=0 <1.10-r0]");
  EXPECT_EQ(in.advisories[1].id, "CVE-2019-2426");
  EXPECT_EQ(in.advisories[2].id, "CVE-3");
  EXPECT_EQ(shown(in.advisories[2].affected[0].ranges), "[>=0 <0]");
  EXPECT_EQ(in.advisories[1].aliases, std::vector<std::string>{"XSA-1"});
}

// {id, aliases and upstream} of what a list of texts brings, and the number of complaints.
std::vector<std::string> flaws_of(const std::string& texts, std::size_t complaints = 0) {
  DatabaseInput in;
  const auto report = import_secdb(R"({"reponame":"os","packages":[{"pkg":{"name":"x","secfixes":{
    "1-r0":[)" + texts + "]}}}]}",
                                   "x", in);
  EXPECT_EQ(report->skipped, complaints) << texts;
  std::vector<std::string> out;
  for (const auto& a : in.advisories) {
    auto& line = out.emplace_back(a.id);
    for (const auto& alias : a.aliases) line += " =" + alias;
    for (const auto& flaw : a.upstream) line += " <" + flaw;
  }
  return out;
}

TEST(Secdb, FindsTheIdsInFreeText) {
  using List = std::vector<std::string>;
  EXPECT_EQ(flaws_of(R"_("CVE-2018-10103 (SMB - partially fixed, but SMB printing disabled)",
                         "CVE-2018-14879 (tcpdump -V)", "CVE-2018-16227 (802.11)")_"),
            (List{"CVE-2018-10103", "CVE-2018-14879", "CVE-2018-16227"}));
  EXPECT_EQ(flaws_of(R"("CVE-2017-8073.patch", "CVE-2017-17434-1", "CVE-2017-17434-2",
                        "CVE 2018-16859")"),
            (List{"CVE-2017-17434", "CVE-2017-8073", "CVE-2018-16859"}));
  EXPECT_EQ(flaws_of(R"("CVE-????-?????  XSA-284", "wnpa-sec-2017-18", "ZBX-11023", "VSV00001")"),
            (List{"VSV00001", "XSA-284", "ZBX-11023", "wnpa-sec-2017-18"}));
  EXPECT_EQ(flaws_of(R"("CVE-????-?????", "see the notes", "", 7)", 4), List{});
}

TEST(Secdb, MakesAliasesOfWhatStandsBesideOneCve) {
  using List = std::vector<std::string>;
  EXPECT_EQ(flaws_of(R"("CVE-2016-10013 XSA-204", "XSA-204")"),
            (List{"CVE-2016-10013 =XSA-204", "XSA-204"}));
  // One text of the file pairs it with another: it would join two flaws.
  EXPECT_EQ(flaws_of(R"("CVE-2016-9377 XSA-196", "CVE-2016-9378 XSA-196",
                        "CVE-2018-3620 CVE-2018-3646 XSA-273")"),
            (List{"CVE-2016-9377", "CVE-2016-9378", "CVE-2018-3620", "CVE-2018-3646"}));
}

TEST(Secdb, PairsGhsasWithCvesInListsThatAlternate) {
  using List = std::vector<std::string>;
  EXPECT_EQ(flaws_of(R"("CVE-2022-4203", "GHSA-w67w-mw4j-8qrv", "CVE-2023-0216",
                        "GHSA-29xx-hcv2-c4cp")"),
            (List{"CVE-2022-4203", "CVE-2023-0216", "GHSA-29xx-hcv2-c4cp <CVE-2023-0216",
                  "GHSA-w67w-mw4j-8qrv <CVE-2022-4203"}));
  for (const auto* texts : {R"("CVE-2022-4203", "CVE-2023-0216", "GHSA-29xx-hcv2-c4cp")",
                            R"("GHSA-29xx-hcv2-c4cp", "CVE-2022-4203", "CVE-2023-0216")"})
    EXPECT_EQ(flaws_of(texts), (List{"CVE-2022-4203", "CVE-2023-0216", "GHSA-29xx-hcv2-c4cp"}));
  EXPECT_EQ(flaws_of(R"("CVE-2022-4203", "GHSA-w67w-mw4j-8qrv"], "2-r0": ["CVE-2023-0216",
                        "GHSA-w67w-mw4j-8qrv")"),
            (List{"CVE-2022-4203", "CVE-2023-0216", "GHSA-w67w-mw4j-8qrv"}));
}

TEST(Secdb, TakesWolfisFileAndRefusesOthers) {
  DatabaseInput in;
  ASSERT_TRUE(import_secdb(
      R"({"reponame":"os","packages":[{"pkg":{"name":"a","secfixes":{"0":["CVE-1"],
      "1-r0":["CVE-1"]}}}]})",
      "security.json", in));
  EXPECT_EQ(in.advisories[0].affected[0].ecosystem, "Wolfi");
  EXPECT_EQ(shown(in.advisories[0].affected[0].ranges), "[>=0 <1-r0]");
  EXPECT_TRUE(import_secdb(R"({"distroversion":"v3.3","reponame":"x","packages":null})", "", in));
  for (const auto* bad : {"", "[]", "{}", "<html>", R"({"packages":5})"}) {
    EXPECT_FALSE(import_secdb(bad, "x", in)) << bad;
  }
}

TEST(Secdb, PutsTheReleasesOfOneFlawTogether) {
  DatabaseInput in;
  for (const auto* release : {"v3.10", "v3.11"}) {
    ASSERT_TRUE(
        import_secdb(std::string(R"({"distroversion":")") + release +
                         R"(","packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-1"]}}}]})",
                     "x", in));
  }
  const auto bytes = build_database(in);
  const auto db = Database::over(*bytes);
  EXPECT_EQ(db->records(), 1U);
  EXPECT_EQ(find(*db, "Alpine:v3.10", "a")->size(), 1U);
  EXPECT_EQ(find(*db, "Alpine:v3.11", "a")->size(), 1U);
}

TEST(Secdb, PutsTheAliasesOfAllReleasesTogether) {
  DatabaseInput in;
  for (const auto* text : {"CVE-2017-15591 XSA-238", "CVE-2017-15591 TALOS-1", "XSA-238"}) {
    ASSERT_TRUE(import_secdb(
        std::string(R"({"distroversion":"v3.)") + std::to_string(in.advisories.size()) +
            R"(","packages":[{"pkg":{"name":"xen","secfixes":{"1-r0":[")" + text + R"("]}}}]})",
        "x", in));
  }
  const auto bytes = build_database(in);
  const auto db = Database::over(*bytes);
  EXPECT_EQ(db->records(), 2U);
  EXPECT_EQ(db->head(0)->flaws, db->head(1)->flaws);
  EXPECT_EQ(db->alias_class(db->head(0)->flaws.at(0))->size(), 3U);
}

TEST(Kev, ReadsTheCatalogue) {
  DatabaseInput in;
  const auto report = import_kev(R"({"dateReleased":"2025-08-25T17:04:19.9Z","vulnerabilities":[
    {"cveID":"CVE-1","dateAdded":"2025-01-02","dueDate":"2025-02-03",
     "knownRansomwareCampaignUse":"Known"},{"cveID":"CVE-2","knownRansomwareCampaignUse":"Unknown"},
    {"cveID":7},{}]})",
                                 "kev", in);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 2U);
  EXPECT_EQ(report->skipped, 2U);
  EXPECT_EQ(report->newest, "2025-08-25T17:04:19Z");
  EXPECT_TRUE(in.exploited[0].ransomware);
  EXPECT_EQ(in.exploited[0].due, "2025-02-03");
  EXPECT_FALSE(in.exploited[1].ransomware);
  EXPECT_FALSE(import_kev("{}", "kev", in));
}

TEST(RubySec, TurnsRequirementsIntoRangesOfTheRest) {
  struct Row {
    std::vector<std::string> safe;
    const char* affected;
    std::vector<std::string> points;
  };
  const Row rows[] = {
      {{}, "[>=0]", {}},
      {{">= 1.53.1"}, "[>=0 <1.53.1]", {}},
      {{"~> 1.2.3", ">= 1.3.1"}, "[>=0 <1.2.3][>=1.3.a <1.3.1]", {}},
      {{"~> 2.3.17", "~> 3.1.11", ">= 3.2.2"},
       "[>=0 <2.3.17][>=2.4.a <3.1.11][>=3.2.a <3.2.2]",
       {}},
      {{"~> 4.2.5, >= 4.2.5.1", ">= 5.0.0.beta1.1"}, "[>=0 <4.2.5.1][>=4.3.a <5.0.0.beta1.1]", {}},
      {{">= 2.0", "< 1.0"}, "[>=1.0 <2.0]", {}},
      {{"> 1.5"}, "[>=0 <=1.5]", {}},
      {{"<= 1.5", ">= 2"}, "[>=1.5 <2]", {"= 1.5"}},
      {{"= 1.5"}, "[>=0 <1.5][>=1.5]", {"= 1.5"}},
      {{">= 1.0, < 2", "~> 3"}, "[>=0 <1.0][>=2 <3][>=4.a]", {}},
      {{">= 3, < 2"}, "[>=0]", {}},
      {{"~> 2.0.0.rc1"}, "[>=0 <2.0.0.rc1][>=2.1.a]", {}},
      {{">= 0"}, "", {}},
  };
  for (const auto& row : rows) {
    std::vector<std::string> points;
    const auto ranges = affected_gems(row.safe, points);
    ASSERT_TRUE(ranges) << row.affected;
    EXPECT_EQ(row.safe == std::vector<std::string>{">= 0"} ? "" : shown(*ranges), row.affected);
    EXPECT_EQ(points, row.points) << row.affected;
  }
  for (const auto* bad : {"", "!= 1", "~> ", ">= a b", "=> 1", "~> 99999999999999999999"}) {
    std::vector<std::string> points;
    EXPECT_FALSE(affected_gems({bad}, points)) << bad;
  }
}

TEST(RubySec, ReadsGemsAndRubies) {
  DatabaseInput in;
  const auto zip = stored_zip(
      {{"ruby-advisory-db-master/gems/grpc/CVE-2023-1.yml",
        "---\ngem: grpc\ncve: 2023-1\nghsa: aaaa-bbbb-cccc\nosvdb: 123\nurl: https://e.org/1\n"
        "title: T\ndate: 2023-07-05\ncvss_v3: 7.5\npatched_versions:\n  - \">= 1.53.1\"\n"
        "unaffected_versions:\n  - \"< 1.2\"\nrelated:\n  url:\n    - https://e.org/2\n"},
       {"rubies/ruby/CVE-2021-2.yml", "---\nengine: ruby\ncve: 2021-2\npatched_versions: []\n"},
       {"gems/x/BAD.yml", "a: &a [*a, *a\n"},
       {"gems/x/BAD2.yml", "gem: x\npatched_versions:\n  - nonsense here\n"},
       {"spec/gems.yml", "gem: no\n"},
       {"gems/readme.md", "no"}});
  const auto report = import_rubysec(zip, "ruby", in);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 2U);
  EXPECT_EQ(report->skipped, 2U);
  const auto& gem = in.advisories[0];
  EXPECT_EQ(gem.id, "CVE-2023-1");
  EXPECT_EQ(gem.aliases, (std::vector<std::string>{"GHSA-aaaa-bbbb-cccc", "OSVDB-123"}));
  EXPECT_EQ(gem.severity, Severity::high);
  EXPECT_EQ(gem.published, "2023-07-05T00:00:00Z");
  EXPECT_EQ(gem.references.size(), 2U);
  EXPECT_EQ(gem.affected[0].ecosystem, "RubyGems");
  EXPECT_EQ(shown(gem.affected[0].ranges), "[>=1.2 <1.53.1]");
  EXPECT_EQ(gem.affected[0].unaffected, std::vector<std::string>{"< 1.2"});
  EXPECT_EQ(in.advisories[1].affected[0].ecosystem, "Ruby");
  EXPECT_EQ(shown(in.advisories[1].affected[0].ranges), "[>=0]");
  EXPECT_FALSE(import_rubysec("not a zip", "ruby", in));
  EXPECT_FALSE(import_rubysec(stored_zip({{"a", "b"}}), "ruby", in));
}

}  // namespace
}  // namespace boltseal
