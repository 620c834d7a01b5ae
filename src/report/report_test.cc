#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/fd.h"
#include "base/text.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "report/advice.h"
#include "report/canvas.h"
#include "report/common.h"
#include "report/sample.h"

namespace boltseal {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string written(std::string_view format, const Report& report, RenderOptions options = {}) {
  std::string out;
  report_format(format)->write(report, options, [&](std::string_view piece) { out += piece; });
  return out;
}

TEST(Formats, AreFoundByNameOnly) {
  for (const char* name : {"table", "json", "html", "sarif", "cyclonedx", "spdx", "purls"}) {
    ASSERT_NE(report_format(name), nullptr) << name;
    EXPECT_FALSE(report_format(name)->what.empty());
  }
  EXPECT_EQ(report_format("pdf"), nullptr);
  EXPECT_TRUE(report_format("sarif")->needs_findings);
}

TEST(Formats, GiveTheSameBytesForTheSameReport) {
  const Report report = sample::webapp(), again = sample::webapp();
  for (const ReportFormat& format : report_formats())
    EXPECT_EQ(written(format.name, report), written(format.name, again)) << format.name;
}

TEST(Json, IsTheSameWhicheverThreadWritesWhatWasDropped) {
  Report report = sample::large(2000);
  report.dropped = report.findings;
  ASSERT_GT(report.dropped.size(), 500U);
  RenderOptions options;
  const auto one = written("json", report, options);
  options.threads = 2;
  EXPECT_EQ(written("json", report, options), one);
}

TEST(Formats, SurviveAnEmptyReport) {
  for (const ReportFormat& format : report_formats())
    for (const bool findings : {true, false}) {
      RenderOptions options;
      options.findings = findings;
      const std::string text = written(format.name, Report{}, options);
      if (format.name != "purls") {
        EXPECT_FALSE(text.empty()) << format.name;
      }
    }
}

TEST(Formats, AreJsonWhatEverTheStringsAre) {
  for (const Report& report : {sample::webapp(), sample::hostile()})
    for (const char* name : {"json", "sarif", "cyclonedx", "spdx"})
      EXPECT_TRUE(parse_json(written(name, report))) << name;
}

TEST(Formats, AreWrittenForOtherToolsToJudge) {
  const char* directory = std::getenv("BOLTSEAL_SAMPLES");
  if (!directory) GTEST_SKIP() << "set BOLTSEAL_SAMPLES=DIR to get the samples as files";
  const std::pair<const char*, Report> reports[] = {{"webapp", sample::webapp()},
                                                    {"hostile", sample::hostile()},
                                                    {"large", sample::large(5000)},
                                                    {"empty", Report{}}};
  for (const auto& [name, report] : reports)
    for (const ReportFormat& format : report_formats())
      for (const bool findings : {true, false}) {
        RenderOptions options;
        options.findings = findings;
        const auto path =
            fmt::format("{}/{}{}.{}", directory, name, findings ? "" : "-sbom", format.name);
        EXPECT_TRUE(write_file_atomically(path, written(format.name, report, options)));
      }
}

TEST(Advice, PutsWhatIsExploitedFirstAndThenTheWorst) {
  const Report report = sample::webapp();
  const Advice advice = advise(report);
  std::vector<std::string> names;
  for (const Step& step : advice.upgrades) names.push_back(step.name);
  EXPECT_THAT(names,
              ElementsAre("org.apache.logging.log4j:log4j-core", "org.springframework:spring-beans",
                          "Django", "stdlib", "@babel/traverse", "lodash", "openssl", "curl"));
  EXPECT_EQ(advice.exploited, 3U);
  EXPECT_EQ(advice.undecided.size(), 1U);
}

TEST(Advice, TakesTheVersionThatRemovesAllOfThem) {
  const Report report = sample::webapp();
  const Advice advice = advise(report);
  EXPECT_EQ(advice.upgrades[0].target, "2.17.1");
  EXPECT_EQ(advice.upgrades[6].target, "3.0.15-1~deb12u1");
}

// The highest of the lowest fixes may lie in a branch in which another flaw was fixed later.
TEST(Advice, ClaimsNothingThatItsTargetDoesNotRemove) {
  using Fixes = std::vector<std::string_view>;
  const auto target = [](PackageType type, const std::vector<Fixes>& findings) {
    Report report;
    report.inventory.packages = {sample::package(type, "x", "1.0.0", "", "a", 0, "")};
    for (const auto& fixes : findings)
      report.findings.push_back(sample::finding("CVE-2026-1", 0, Severity::high, fixes, "F"));
    return advise(report).upgrades.at(0).target;
  };
  const auto go = [&](const std::vector<Fixes>& findings) {
    return target(PackageType::golang, findings);
  };
  EXPECT_EQ(go({{"1.22.0"}, {"1.18.20", "1.20.8", "1.22.5"}}), "1.22.5");
  EXPECT_EQ(go({{"1.18.20", "1.20.8", "1.22.5"}, {"1.22.0"}}), "1.22.5");
  EXPECT_EQ(go({{"1.22.0"}, {"1.18.20", "1.22.5"}, {"1.18.1", "1.22.6"}}), "1.22.6");
  // Between two branches with a fix: nobody says that this one has it.
  EXPECT_EQ(go({{"1.21.0"}, {"1.20.8", "1.22.5"}}), "1.22.5");
  EXPECT_EQ(go({{"5.0.1"}, {"4.0.5", "6.0.3"}}), "6.0.3");
  EXPECT_EQ(go({{"5.0.1"}, {"4.19.2", "5.1.0"}}), "5.1.0");
  // Past the fix of its own branch, or of its major version, it has the fix.
  EXPECT_EQ(go({{"1.20.9"}, {"1.20.8", "1.22.5"}}), "1.20.9");
  EXPECT_EQ(go({{"4.20.0"}, {"4.19.2", "5.0.0-beta.3"}}), "4.20.0");
  EXPECT_EQ(go({{"1.18.20", "1.20.8"}}), "1.18.20");
  EXPECT_EQ(go({{"v1.22.0"}, {"v1.20.8", "v1.22.5"}}), "v1.22.5");
  EXPECT_EQ(target(PackageType::generic, {{"1.2"}, {"1.4"}}), "1.2") << "who knows its order";
  // A distribution has no branches: whoever is past the fix has it.
  EXPECT_EQ(target(PackageType::rpm, {{"1.22-1"}, {"1.20-1", "1.22-5"}}), "1.22-1");
}

TEST(Advice, OrdersPackagesThatOnlyTheirEcosystemNames) {
  Report report;
  report.inventory.packages = {
      sample::package(PackageType::generic, "hex:phoenix", "1.0.0", "", "mix.lock", 0, "")};
  report.findings = {sample::finding("CVE-2026-1", 0, Severity::high, {"1.2.0"}, "Hex"),
                     sample::finding("CVE-2026-2", 0, Severity::high, {"1.10.0"}, "Hex")};
  EXPECT_EQ(advise(report).upgrades.at(0).target, "1.10.0");
}

TEST(Advice, CountsAVulnerabilityOncePerSourcePackage) {
  const Advice advice = advise(sample::webapp());
  const Step& openssl = advice.upgrades[6];
  EXPECT_THAT(openssl.packages, ElementsAre(4, 5));
  EXPECT_EQ(openssl.findings.size(), 6U);
  EXPECT_EQ(openssl.counts.total(), 3U);
}

TEST(Table, KeepsToTheWidthItIsGiven) {
  for (const Report& report : {sample::webapp(), sample::hostile()})
    for (const std::size_t width : {40, 60, 80, 132})
      for (const bool findings : {true, false}) {
        RenderOptions options;
        options.width = width;
        options.findings = findings;
        options.colour = true;
        each_line(written("table", report, options),
                  [&](std::string_view line) { EXPECT_LE(shown_columns(line), width) << line; });
      }
}

TEST(Table, SaysWhatToDoNext) {
  const std::string text = written("table", sample::webapp());
  EXPECT_THAT(text, HasSubstr("2.14.1 → 2.17.1"));
  EXPECT_THAT(text, HasSubstr("exploited maven · CVE-2021-44228, CVE-2021-45046"));
  EXPECT_THAT(text, HasSubstr("NO FIX YET"));
  EXPECT_THAT(text, HasSubstr("zlib CVE-2023-45853"));
  EXPECT_THAT(text, HasSubstr("1 generic package: no advisory feed"));
  EXPECT_THAT(text, HasSubstr("corrupt: the central directory points outside of the file (at b"));
  EXPECT_THAT(text,
              HasSubstr("boltseal why CVE-2021-44228 registry.example.org/shop/webapp:1.4.2"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Table, SaysCleanOnlyWhenEverythingWasJudged) {
  Report report = sample::webapp();
  report.findings.clear();
  EXPECT_THAT(written("table", report), HasSubstr("in what could be judged"));
  report.uncovered.clear();
  report.inventory.unknowns.clear();
  report.dropped.clear();
  EXPECT_THAT(written("table", report), HasSubstr("✔ No known vulnerability"));
  report.dropped = {sample::webapp().findings.front()};
  report.dropped.front().verdict = Verdict::suppressed;
  report.dropped.front().proof = {{"severity", "severity critical was not asked for"}};
  EXPECT_THAT(written("table", report), HasSubstr("of those asked for"));
  EXPECT_THAT(written("cyclonedx", report), Not(HasSubstr("\"severity\"")));
  report.dropped.clear();
  report.inventory.packages.clear();
  EXPECT_THAT(written("table", report), HasSubstr("No package was recognised"));
}

TEST(Spdx, SaysOnlyWhatItsVersionKnows) {
  Report report = sample::webapp();
  report.inventory.packages.front().licence = "MIT AND DocumentRef-x:LicenseRef-y";
  report.inventory.packages.front().licence_text.clear();
  const std::string text = written("spdx", report);
  EXPECT_THAT(text, HasSubstr("\"as declared: MIT AND DocumentRef-x:LicenseRef-y\""));
  EXPECT_THAT(text, Not(HasSubstr("\"licenseDeclared\":\"MIT AND Doc")));
}

TEST(Table, LetsNoEscapeThrough) {
  for (const bool findings : {true, false}) {
    RenderOptions options;
    options.findings = findings;
    const std::string text = written("table", sample::hostile(), options);
    EXPECT_EQ(text, printable(text, true));
  }
}

TEST(Html, HoldsHostileTextAsDataOnly) {
  const std::string page = written("html", sample::hostile());
  const auto data = page.find("<script type=\"application/json\"");
  ASSERT_NE(data, std::string::npos);
  const auto begin = page.find('>', data) + 1, end = page.find("</script>", begin);
  const std::string json = page.substr(begin, end - begin);
  EXPECT_EQ(json.find_first_of("<>&"), std::string::npos);
  const auto parsed = parse_json(json);
  ASSERT_TRUE(parsed);
  EXPECT_EQ((*parsed)["notices"][1].text(), valid_or_replaced_utf8(sample::attack));
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
}

TEST(Html, AllowsItsOwnScriptAndStyleOnly) {
  const std::string page = written("html", sample::webapp());
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe")));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
  for (const char* loads :
       {"src=", "@import", "url(", "innerHTML", "insertAdjacentHTML", "document.write", "eval("})
    EXPECT_THAT(page, Not(HasSubstr(loads)));
}

TEST(CycloneDx, HasASerialNumberOfItsContent) {
  const auto serial = [](const Report& report) {
    const auto doc = parse_json(written("cyclonedx", report));
    return (*doc)["serialNumber"].string();
  };
  Report other = sample::webapp();
  other.inventory.packages[0].version += "x";
  EXPECT_THAT(serial(sample::webapp()),
              AllOf(StartsWith("urn:uuid:"), Not(HasSubstr("00000000-0000"))));
  EXPECT_NE(serial(sample::webapp()), serial(other));
}

TEST(CycloneDx, NamesEveryReferenceOnceAndOnlyThose) {
  const auto doc = parse_json(written("cyclonedx", sample::webapp()));
  ASSERT_TRUE(doc);
  std::set<std::string> refs{(*doc)["metadata"]["component"]["bom-ref"].string()};
  for (const Value& c : (*doc)["components"].items())
    EXPECT_TRUE(refs.insert(c["bom-ref"].string()).second);
  for (const Value& d : (*doc)["dependencies"].items()) {
    EXPECT_TRUE(refs.contains(d["ref"].string()));
    for (const Value& on : d["dependsOn"].items())
      EXPECT_TRUE(refs.contains(on.string())) << on.text();
  }
  for (const Value& v : (*doc)["vulnerabilities"].items())
    for (const Value& a : v["affects"].items()) EXPECT_TRUE(refs.contains(a["ref"].string()));
}

TEST(CycloneDx, WritesALicenceAsIdOnlyWhereItsSchemaKnowsTheId) {
  Report report;
  for (const char* licence : {"MIT", "MVT-1.1", "MIT OR Zlib", "no expression at all"})
    report.inventory.packages.push_back(
        sample::package(PackageType::npm, licence, "1.0.0", licence, "a/package.json", 0, ""));
  const auto doc = parse_json(written("cyclonedx", report));
  const auto licence = [&](std::size_t i) -> const Value& {
    return (*doc)["components"][i]["licenses"][0];
  };
  EXPECT_EQ(licence(0)["license"]["id"].text(), "MIT");
  EXPECT_EQ(licence(1)["expression"].text(), "MVT-1.1");
  EXPECT_EQ(licence(2)["expression"].text(), "MIT OR Zlib");
  EXPECT_EQ(licence(3)["license"]["name"].text(), "no expression at all");
}

TEST(CycloneDx, TellsAcceptedFromNotAffected) {
  const auto doc = parse_json(written("cyclonedx", sample::webapp()));
  std::map<std::string, std::string> states;
  for (const Value& v : (*doc)["vulnerabilities"].items())
    states[v["id"].string()] = v["analysis"]["state"].string();
  EXPECT_EQ(states["CVE-2021-44228"], "");
  EXPECT_EQ(states["CVE-2020-14343"], "not_affected");
  EXPECT_EQ(states["CVE-2024-2961"], "exploitable");
  EXPECT_EQ(states["GHSA-xxxx-yyyy-zzzz"], "in_triage");
  EXPECT_FALSE(states.contains("CVE-2020-1747"));
}

TEST(CycloneDx, SaysOfASuppressedFindingWhatSuppressedIt) {
  Report report = sample::webapp();
  report.findings.clear();
  report.dropped.clear();
  const auto drop = [&](std::uint32_t package, std::string_view rule, std::string_view status = "",
                        std::string_view justification = "") {
    Finding f = sample::finding("CVE-2026-1", package, Severity::high, {"9"}, "PyPI");
    f.verdict = Verdict::suppressed;
    f.vex_status = status;
    f.vex_justification = justification;
    f.proof.push_back({rule, "why"});
    report.dropped.push_back(std::move(f));
  };
  drop(0, "vex", "not_affected", "vulnerable_code_not_in_execute_path");
  drop(1, "vex", "not_affected", "vulnerable_code_cannot_be_controlled_by_adversary");
  drop(2, "vex", "fixed");
  drop(3, "ignore");
  drop(4, "severity");
  const auto doc = parse_json(written("cyclonedx", report));
  ASSERT_TRUE(doc);
  std::set<std::string> refs;
  std::map<std::string, std::string> said;
  for (const Value& v : (*doc)["vulnerabilities"].items()) {
    EXPECT_TRUE(refs.insert(v["bom-ref"].string()).second) << v["bom-ref"].text();
    ASSERT_EQ(v["affects"].items().size(), 1U);
    const Value& is = v["analysis"];
    said[v["affects"][0]["ref"].string()] =
        fmt::format("{} {} {} {}", is["state"].text(), is["justification"].text(),
                    is["response"][0].text(), v["affects"][0]["versions"][0]["status"].text());
  }
  const auto of = [&](std::size_t i) { return said[purls_of(report.inventory)[i]]; };
  EXPECT_EQ(of(0), "not_affected code_not_reachable  unaffected");
  EXPECT_EQ(of(1), "not_affected   unaffected") << "CycloneDX has no word for this one";
  EXPECT_EQ(of(2), "resolved   unaffected");
  EXPECT_EQ(of(3), "exploitable  will_not_fix affected");
  EXPECT_EQ(of(4), "") << "it was not asked for";
}

TEST(CycloneDx, RecommendsWhatHelpsEachPackage) {
  Report report = sample::webapp();
  report.dropped.clear();
  report.findings = {sample::finding("CVE-2026-1", 0, Severity::high, {"41.0.0"}, "PyPI"),
                     sample::finding("CVE-2026-1", 1, Severity::high, {"3.7.99-1"}, "Debian"),
                     sample::finding("CVE-2026-1", 1, Severity::high, {"3.7.99-1"}, "Debian")};
  const auto doc = parse_json(written("cyclonedx", report));
  EXPECT_EQ((*doc)["vulnerabilities"][0]["recommendation"].text(),
            fmt::format("Upgrade {} to 41.0.0. Upgrade {} to 3.7.99-1.",
                        report.inventory.packages[0].name, report.inventory.packages[1].name));
}

TEST(Spdx, ExplainsEveryLicenceReference) {
  const auto doc = parse_json(written("spdx", sample::webapp()));
  const Value& extracted = (*doc)["hasExtractedLicensingInfos"];
  ASSERT_EQ(extracted.items().size(), 1U);
  EXPECT_EQ(extracted[0]["licenseId"].text(), "LicenseRef-Vendor-EULA");
  EXPECT_THAT(extracted[0]["extractedText"].string(), HasSubstr("see http://vendor.example"));
}

TEST(Spdx, TakesItsTimeFromOutside) {
  RenderOptions options;
  EXPECT_THAT(written("spdx", sample::webapp(), options), HasSubstr("1970-01-01T00:00:00Z"));
  options.timestamp = "2026-11-20T08:00:00.5Z";
  EXPECT_THAT(written("spdx", sample::webapp(), options),
              HasSubstr("\"created\": \"2026-11-20T08:00:00Z\""));
}

TEST(Sarif, HoldsOnlyWhatCodeScanningTakes) {
  const auto doc = parse_json(written("sarif", sample::webapp()));
  const Value& results = (*doc)["runs"][0]["results"];
  std::size_t suppressed = 0;
  for (const Value& r : results.items()) {
    const Value& rules = (*doc)["runs"][0]["tool"]["driver"]["rules"];
    EXPECT_EQ(rules[static_cast<std::size_t>(*r["ruleIndex"].integer())]["id"].text(),
              r["ruleId"].text());
    suppressed += r["properties"]["verdict"].text() == "suppressed" ? 1 : 0;
    // What GitHub's code scanning refuses a file for.
    EXPECT_FALSE(r["locations"].items().empty());
    EXPECT_LE(r["locations"].items().size(), 1000U);
    EXPECT_FALSE(r["partialFingerprints"]["primaryLocationLineHash"].text().empty());
    EXPECT_TRUE(r["properties"]["security-severity"].is_text());
  }
  EXPECT_EQ(suppressed, 0U) << "GitHub would show it as an open alert";
}

TEST(Sarif, NamesFilesOfAFolderAsTheyAreReachedFromOutside) {
  Report report = sample::webapp();
  report.inventory.image.kind = "directory";
  report.inventory.packages[report.findings.front().package].evidence = {{"a b/x.json", 0, {}}};
  for (const auto& [reference, uri] : {std::pair("dir:./sub/app/", "sub/app/a%20b/x.json"),
                                       {"dir:.", "a%20b/x.json"},
                                       {"dir:/srv/app", "file:///srv/app/a%20b/x.json"}}) {
    report.inventory.image.reference = reference;
    EXPECT_THAT(written("sarif", report), HasSubstr(fmt::format("\"uri\": \"{}\"", uri)));
  }
}

TEST(Sarif, KeepsForeignTextFromBecomingALink) {
  Report report = sample::webapp();
  report.inventory.packages[0].name = "x";
  report.inventory.packages[0].version = "1 [Fix](https://evil.example) {0} \\[";
  report.findings = {sample::finding("CVE-2026-1", 0, Severity::high, {}, "PyPI")};
  report.inventory.unknowns = {{"a[b](c)", 0, "r", Fault::corrupt, "{0}", std::nullopt}};
  const auto doc = parse_json(written("sarif", report));
  const Value& run = (*doc)["runs"][0];
  EXPECT_THAT(run["results"][0]["message"]["text"].string(),
              StartsWith("x 1 \\[Fix\\](https://evil.example) {{0}} \\\\\\[ is affected by"));
  EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].text(),
            "could not read a\\[b\\](c): {{0}}");
}

TEST(Sarif, TellsTwoVersionsInOneLockFileApart) {
  Report report = sample::webapp();
  auto& packages = report.inventory.packages;
  packages = {
      sample::package(PackageType::npm, "minimatch", "3.0.4", "", "a/package-lock.json", 0, ""),
      sample::package(PackageType::npm, "minimatch", "5.0.1", "", "a/package-lock.json", 0, "")};
  report.inventory.dependencies.clear();
  report.findings = {sample::finding("CVE-2026-1", 0, Severity::high, {"3.0.5"}, "npm"),
                     sample::finding("CVE-2026-1", 1, Severity::high, {"5.1.0"}, "npm")};
  const auto prints = [&] {
    std::vector<std::string> out;
    const auto doc = parse_json(written("sarif", report));
    for (const Value& r : (*doc)["runs"][0]["results"].items())
      for (const auto& [name, value] : r["partialFingerprints"].members())
        out.push_back(value.string());
    return out;
  };
  const auto two = prints();
  ASSERT_EQ(two.size(), 4U);
  EXPECT_NE(two[0], two[2]);
  EXPECT_NE(two[1], two[3]);
  packages[0].version = "3.0.3";
  EXPECT_EQ(prints(), two) << "another version of it is the same alert";
  report.findings.pop_back();
  EXPECT_THAT(prints(), ElementsAre(two[0], two[1]));
}

TEST(Sarif, ScoresInsideTheBandOfTheSeverity) {
  Finding f;
  f.severity = Severity::low;
  f.cvss = {{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "NVD"}};
  EXPECT_DOUBLE_EQ(security_score(f), 3.9);
  f.severity = Severity::critical;
  EXPECT_DOUBLE_EQ(security_score(f), 9.8);
  f.cvss.clear();
  EXPECT_DOUBLE_EQ(security_score(f), 9.5);
}

TEST(Purls, AreSortedAndEachOnce) {
  std::vector<std::string> lines;
  each_line(written("purls", sample::webapp()),
            [&](std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(lines.size(), 17U);  // 18 packages, one of them twice
  EXPECT_TRUE(std::ranges::is_sorted(lines));
}

TEST(WebAddress, IsPlainHttpOnly) {
  for (const char* good : {"https://example.org/a?b=c#d", "http://x"})
    EXPECT_TRUE(is_web_address(good)) << good;
  for (const char* bad : {"", "javascript:alert(1)", "https://", "https:///x", "https://a b",
                          "https://a\"b", "https://a/%zz", "https://a/%4", "https://a/#b#c",
                          "HTTPS://a", "data:text/html,x", "https://a/[x]"})
    EXPECT_FALSE(is_web_address(bad)) << bad;
}

}  // namespace
}  // namespace boltseal
