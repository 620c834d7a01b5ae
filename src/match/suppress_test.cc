#include "match/suppress.h"

#include <gmock/gmock.h>

#include "match/coverage.h"
#include "match/fail_on.h"
#include "match/sample_test.h"

namespace boltseal {
namespace {

using namespace match_sample;
using testing::ElementsAre;
using testing::HasSubstr;

Case two_flaws() {
  Case c;
  c.with(record("CVE-2024-1", "PyPI", "x", until("2")))
      .with(record("CVE-2024-2", "PyPI", "x", unfixed()));
  c.with(package(PackageType::pypi, "x", "1.0", "opt/app/x.dist-info/METADATA"));
  return c;
}

std::vector<IgnoreRule> rules(std::string_view text,
                              std::string_view name = ".boltsealignore.yaml") {
  auto out = read_ignore_file(text, name);
  EXPECT_TRUE(out) << out.error().message();
  return out ? *out : std::vector<IgnoreRule>{};
}

std::string refusal(std::string_view text, std::string_view name = "ignore.yaml") {
  const auto out = read_ignore_file(text, name);
  return out ? "" : out.error().message();
}

TEST(Ignore, OwnYamlIsRead) {
  const auto out = rules(
      "ignore:\n  - id: CVE-2024-1\n    packages: [\"pkg:pypi/x\"]\n    paths: [\"opt/**\"]\n    "
      "reason: not reachable\n"
      "    expires: 2026-03-01\n  - id: CVE-2024-2\n    reason: accepted\n");
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].where, ".boltsealignore.yaml:2");
  EXPECT_EQ(out[0].expires, "2026-03-01");
  EXPECT_THAT(out[0].packages, ElementsAre("pkg:pypi/x"));
  EXPECT_EQ(out[1].where, ".boltsealignore.yaml:7");
}

TEST(Ignore, FaultsNameFileAndLine) {
  EXPECT_THAT(refusal("ignore:\n  - id: CVE-1\n"),
              HasSubstr("ignore.yaml:2: the entry for CVE-1 gives no reason"));
  EXPECT_THAT(refusal("ignore:\n  - id: CVE-1\n    reason: r\n    expire: 2026-01-01\n"),
              HasSubstr("unknown key \"expire\""));
  EXPECT_THAT(refusal("ignored: []\n"), HasSubstr("unknown key \"ignored\""));
  EXPECT_THAT(refusal("ignore:\n  - id: CVE-1\n    reason: r\n    expires: soon\n"),
              HasSubstr("no date"));
  EXPECT_THAT(refusal("ignore:\n  - reason: r\n"), HasSubstr("without an id"));
  EXPECT_THAT(refusal("ignore:\n  - {id: CVE-1, reason: r, expires: }\n"),
              HasSubstr("\"expires\" has no value"));
  EXPECT_THAT(refusal("ignore:\n  - id: CVE-1\n    reason: r\n    id: CVE-2\n"),
              HasSubstr("\"id\" stands twice"));
  EXPECT_THAT(refusal("CVE-1 exp:soon\n", ".trivyignore"), HasSubstr(".trivyignore:1"));
}

TEST(Ignore, TrivyFilesAreRead) {
  const auto plain =
      rules("# accepted by Ann\nCVE-2024-1\n\nCVE-2024-2 exp:2026-02-01 # later\n", ".trivyignore");
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(plain[0].reason, "accepted by Ann");
  EXPECT_EQ(plain[1].expires, "2026-02-01");
  EXPECT_EQ(plain[1].where, ".trivyignore:4");
  EXPECT_EQ(rules("CVE-2024-1\t# because\n", ".trivyignore").size(), 1U);
  // Trivy passes over words that it does not know; a misspelt date must not ignore for ever.
  const auto more = rules("CVE-2024-1 exp:2026-02-01 owner:ann\n", ".trivyignore");
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].expires, "2026-02-01");
  EXPECT_FALSE(refusal("CVE-2024-1 expires:2026-02-01\n", ".trivyignore").empty());
  const auto yaml = rules(
      "vulnerabilities:\n  - id: CVE-2024-1\n    purls: [\"pkg:pypi/x@1.0\"]\n    statement: s\n   "
      " expired_at: 2026-05-01\n"
      "secrets:\n  - id: aws\n",
      ".trivyignore.yaml");
  ASSERT_EQ(yaml.size(), 1U);
  EXPECT_EQ(yaml[0].reason, "s");
  EXPECT_THAT(yaml[0].packages, ElementsAre("pkg:pypi/x@1.0"));
  EXPECT_EQ(yaml[0].expires, "2026-05-01");
}

TEST(Ignore, AByteOrderMarkIsNoPartOfTheFirstRule) {
  const auto out = rules(
      "\xef\xbb\xbf"
      "CVE-2024-1\r\n",
      ".trivyignore");
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].id, "CVE-2024-1");
  EXPECT_EQ(rules("\xef\xbb\xbf"
                  "ignore:\n  - {id: CVE-1, reason: r}\n")
                .size(),
            1U);
}

TEST(Ignore, RulesTakeTheirFindingsAway) {
  auto c = two_flaws();
  c.options.ignore =
      rules("ignore:\n  - {id: cve-2024-1, paths: [\"opt/**/METADATA\"], reason: not reachable}\n");
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].id, "CVE-2024-2");
  ASSERT_EQ(r.dropped.size(), 1U);
  EXPECT_EQ(r.dropped[0].verdict, Verdict::suppressed);
  EXPECT_THAT(proof(r.dropped[0]), HasSubstr("not reachable"));
  EXPECT_TRUE(r.notices.empty());
}

TEST(Ignore, ARuleOnOnePlaceJudgesNotTheOther) {
  auto c = two_flaws();
  c.report.inventory.packages.front().evidence.push_back({"srv/x.dist-info/METADATA", 0, {}});
  c.options.ignore = rules("ignore:\n  - {id: CVE-2024-1, paths: [\"opt/**\"], reason: r}\n");
  EXPECT_EQ(c.run().findings.size(), 2U);
  auto both = two_flaws();
  both.report.inventory.packages.front().evidence.push_back({"srv/x.dist-info/METADATA", 0, {}});
  both.options.ignore =
      rules("ignore:\n  - {id: CVE-2024-1, paths: [\"opt/**\", \"/srv/**\"], reason: r}\n");
  EXPECT_EQ(both.run().findings.size(), 1U);
}

TEST(Ignore, ExpiredAndUnusedRulesAreNoticed) {
  auto c = two_flaws();
  c.options.ignore = rules(
      "ignore:\n  - {id: CVE-2024-1, reason: r, expires: 2026-01-14}\n  - {id: CVE-2024-2, reason: "
      "r, expires: 2026-01-15}\n"
      "  - {id: CVE-2020-1, reason: r}\n  - {id: CVE-2024-1, packages: [\"pkg:npm/*\"], reason: "
      "r}\n");
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].id, "CVE-2024-1");
  ASSERT_EQ(r.notices.size(), 3U);
  EXPECT_THAT(r.notices[0], HasSubstr("expired on 2026-01-14"));
  EXPECT_THAT(r.notices[1], HasSubstr("CVE-2020-1 matched nothing"));
  EXPECT_THAT(r.notices[2], HasSubstr("CVE-2024-1 matched nothing"));
}

TEST(Vex, StatementsOfAMakerCount) {
  auto c = two_flaws();
  auto read = read_openvex(R"({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [
    {"vulnerability": {"name": "GHSA-1", "aliases": ["CVE-2024-1"]}, "products": [{"@id": "pkg:pypi/x"}],
     "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"},
    {"vulnerability": {"name": "CVE-2024-2"}, "products": [{"@id": "pkg:pypi/x@2.0"}], "status": "fixed"}]})",
                           "maker.json");
  ASSERT_TRUE(read);
  c.options.vex = *read;
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].id, "CVE-2024-2");
  EXPECT_THAT(
      proof(r.dropped.at(0)),
      HasSubstr("maker.json says not_affected for GHSA-1 (vulnerable_code_not_in_execute_path)"));
  ASSERT_EQ(r.notices.size(), 1U);
  EXPECT_THAT(r.notices[0], HasSubstr("CVE-2024-2 matched nothing"));
}

// A statement without a time is as old as its document, and times have zones.
TEST(Vex, TheLatestStatementCounts) {
  auto c = two_flaws();
  auto read = read_openvex(R"({"@context": "https://openvex.dev/ns/v0.2.0",
    "timestamp": "2024-01-09T09:00:00-06:00", "statements": [
    {"vulnerability": {"name": "CVE-2024-1"}, "products": [{"@id": "pkg:pypi/X"}], "status": "fixed"},
    {"timestamp": "2024-01-08T18:00:00Z", "vulnerability": {"name": "CVE-2024-1"},
     "products": [{"@id": "pkg:pypi/x"}], "status": "under_investigation"},
    {"timestamp": "2024-01-10T01:00:00+09:00", "status": "fixed", "products": [{"@id": "pkg:pypi/x"}],
     "vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2024-2"}},
    {"timestamp": "2024-01-09T17:00:00Z", "status": "affected", "products": [{"@id": "pkg:pypi/x"}],
     "vulnerability": {"name": "CVE-2024-2"}}]})",
                           "maker.json");
  ASSERT_TRUE(read);
  c.options.vex = *read;
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].id, "CVE-2024-2");
  EXPECT_TRUE(r.notices.empty());
}

TEST(Vex, OtherDocumentsAreNamed) {
  const auto kind = [](std::string_view json) {
    const auto read = read_openvex(json, "f.json");
    return read ? std::string("read") : read.error().message();
  };
  EXPECT_THAT(kind(R"({"document": {"csaf_version": "2.0"}})"), HasSubstr("a CSAF document"));
  EXPECT_THAT(kind(R"({"bomFormat": "CycloneDX"})"), HasSubstr("a CycloneDX document"));
  EXPECT_THAT(kind(R"({"payloadType": "x", "payload": "e30="})"), HasSubstr("OpenVEX"));
  EXPECT_EQ(kind(R"({"predicateType": "https://openvex.dev/ns/v0.2.0", "predicate":
    {"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}})"),
            "read");
}

TEST(Vex, ProductsMayBeImagesWithSubcomponents) {
  VexStatement s;
  s.products = {"pkg:oci/app?repository_url=example.org/app"};
  s.subcomponents = {"pkg:deb/debian/openssl"};
  ImageInfo image;
  image.reference = "example.org/app:1.2";
  image.manifest_digest = "sha256:" + std::string(64, 'a');
  EXPECT_TRUE(speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1?arch=amd64", image));
  EXPECT_FALSE(speaks_of(s, "pkg:deb/debian/zlib1g@1.2", image));
  image.reference = "example.org/other:1.2";
  EXPECT_FALSE(speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1", image));
  s.products = {"pkg:oci/any@sha256%3A" + std::string(64, 'a')};
  EXPECT_TRUE(speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1", image));
  // The digest of an index, by which the user asked for the image.
  s.products = {"pkg:oci/app@sha256%3A" + std::string(64, 'b')};
  image.kind = "image";
  EXPECT_FALSE(speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1", image));
  image.reference = "oci:app@sha256:" + std::string(64, 'b');
  EXPECT_TRUE(speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1", image));
  image.kind = "directory";
  EXPECT_FALSE(speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1", image));
  image.index_digests = {"sha256:" + std::string(64, 'c'), "sha256:" + std::string(64, 'b')};
  EXPECT_TRUE(speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1", image));
}

// A name is not enough where the product says whose it is.
TEST(Vex, AProductOfAnotherRepositoryIsAnother) {
  const auto speaks = [](std::string_view product, std::string_view reference) {
    VexStatement s;
    s.products = {std::string(product)};
    ImageInfo image;
    image.reference = reference;
    return speaks_of(s, "pkg:deb/debian/openssl@3.0.1-1", image);
  };
  constexpr std::string_view acme = "pkg:oci/app?repository_url=ghcr.io/acme/app";
  EXPECT_TRUE(speaks(acme, "ghcr.io/acme/app:1.2"));
  EXPECT_TRUE(speaks("pkg:oci/app?repository_url=ghcr.io%2Facme", "https://ghcr.io/acme/app"));
  EXPECT_FALSE(speaks(acme, "ghcr.io/other/app:1.2"));
  EXPECT_FALSE(speaks(acme, "app:1.2"));
  EXPECT_FALSE(speaks(acme, "oci:app"));
  EXPECT_TRUE(speaks("pkg:oci/app", "oci:app"));
  constexpr std::string_view debian =
      "pkg:oci/debian?repository_url=index.docker.io/library&arch=amd64";
  for (const auto* name : {"debian", "debian:12", "docker.io/library/debian:12", "docker:debian"})
    EXPECT_TRUE(speaks(debian, name)) << name;
  EXPECT_FALSE(speaks(debian, "quay.io/debian/debian"));
  EXPECT_FALSE(speaks("pkg:oci/debian?tag=11", "debian:12"));
  EXPECT_FALSE(speaks("pkg:oci/debian?tag=11", "debian"));
  EXPECT_TRUE(speaks("pkg:oci/debian?tag=12", "debian:12"));
}

TEST(Vex, ALaterStatementReplacesAnEarlierOne) {
  auto c = two_flaws();
  const auto read = read_openvex(R"({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [
    {"vulnerability": {"name": "CVE-2024-1"}, "products": [{"@id": "pkg:pypi/x"}], "status": "affected", "timestamp": "2026-01-02T00:00:00Z"},
    {"vulnerability": {"name": "CVE-2024-1"}, "products": [{"@id": "pkg:pypi/x"}], "status": "fixed", "timestamp": "2026-01-01T00:00:00Z"}]})",
                                 "v");
  ASSERT_TRUE(read);
  c.options.vex = *read;
  EXPECT_EQ(c.run().findings.size(), 2U);
}

TEST(Vex, TheLatestStatementCountsInWhicheverFile) {
  const auto file = [](std::string_view status, std::string_view time) {
    const auto read = read_openvex(
        fmt::format(R"({{"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "{}",
          "statements": [{{"vulnerability": {{"name": "CVE-2024-1"}}, "status": "{}",
          "products": [{{"@id": "pkg:pypi/x"}}], "impact_statement": "i"}}]}})",
                    time, status),
        "v");
    EXPECT_TRUE(read);
    return read.value_or(std::vector<VexStatement>{});
  };
  const auto older = file("not_affected", "2026-01-01T00:00:00Z");
  const auto newer = file("affected", "2026-03-01T00:00:00Z");
  for (const bool newer_first : {false, true}) {
    auto c = two_flaws();
    c.options.vex = newer_first ? newer : older;
    std::ranges::copy(newer_first ? older : newer, std::back_inserter(c.options.vex));
    EXPECT_EQ(c.run().findings.size(), 2U) << newer_first;
  }
  // Of one time: the one given last.
  auto c = two_flaws();
  c.options.vex = file("affected", "2026-01-01T00:00:00Z");
  std::ranges::copy(older, std::back_inserter(c.options.vex));
  const auto& r = c.run();
  EXPECT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.dropped.at(0).vex_status, "not_affected");
}

TEST(Vex, WhatIsNoOpenVexIsRefused) {
  EXPECT_FALSE(read_openvex("{", "v"));
  EXPECT_FALSE(read_openvex("{}", "v"));
  EXPECT_FALSE(read_openvex(
      R"({"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "CVE-1", "products": ["pkg:a/b"], "status": "fine"}]})",
      "v"));
  EXPECT_FALSE(read_openvex(
      R"({"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "CVE-1", "status": "fixed"}]})",
      "v"));
}

TEST(Suppress, OnlyFixedDropsTheRest) {
  auto c = two_flaws();
  c.options.only_fixed = true;
  const auto& r = c.run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].id, "CVE-2024-1");
}

TEST(Suppress, SeveritiesAndTypesThatWereNotAskedForAreSetAside) {
  auto c = two_flaws();
  c.options.severities = 1U << static_cast<unsigned>(Severity::critical);
  const auto& r = c.run();
  EXPECT_TRUE(r.findings.empty());
  ASSERT_EQ(r.dropped.size(), 2U);
  EXPECT_EQ(r.dropped[0].verdict, Verdict::suppressed);
  EXPECT_EQ(r.dropped[0].proof.back().rule, "severity");

  auto d = two_flaws();
  d.options.types = {PackageType::npm, PackageType::deb};
  EXPECT_TRUE(d.run().findings.empty());
  auto e = two_flaws();
  e.options.types = {PackageType::pypi};
  e.options.severities = 0x3f;
  EXPECT_EQ(e.run().findings.size(), 2U);
}

TEST(Suppress, PackagesForDevelopmentCanBePassedOver) {
  auto c = two_flaws();
  c.report.inventory.packages[0].development = true;
  c.options.development = false;
  const auto& r = c.run();
  EXPECT_TRUE(r.findings.empty());
  EXPECT_EQ(r.notices.size(), 1U);
}

TEST(Purl, CoversWhatItNames) {
  EXPECT_TRUE(purl_covers("pkg:npm/a", "pkg:npm/a@1"));
  EXPECT_TRUE(purl_covers("pkg:npm/%40s/a@1", "pkg:npm/%40s/a@1"));
  EXPECT_TRUE(purl_covers("pkg:npm/@s/a@1", "pkg:npm/%40s/a@1"));
  EXPECT_TRUE(purl_covers("pkg:pypi/Django_x", "pkg:pypi/django-x@1"));
  EXPECT_FALSE(purl_covers("pkg:npm/a@2", "pkg:npm/a@1"));
  EXPECT_FALSE(purl_covers("pkg:npm/s/a@1", "pkg:npm/a@1"));
  EXPECT_FALSE(purl_covers("pkg:npm/a@1", "pkg:pypi/a@1"));
  EXPECT_FALSE(purl_covers("pkg:npm/a?x=z", "pkg:npm/a@1?x=y"));
}

// As Trivy, Syft and the CycloneDX plugins write the purls of SBOMs.
TEST(Purl, CoversItsOtherSpellings) {
  constexpr std::string_view libssl =
      "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl";
  for (const std::string_view said :
       {"pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5&upstream=openssl",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=bookworm", "pkg:deb/debian/libssl3",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5&package-id=ab12"})
    EXPECT_TRUE(purl_covers(said, libssl)) << said;
  EXPECT_TRUE(purl_covers("pkg:deb/debian/foo@1.2-3?arch=amd64&distro=debian-12&epoch=1",
                          "pkg:deb/debian/foo@1:1.2-3?arch=amd64&distro=debian-12"));
  constexpr std::string_view alma =
      "pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=almalinux-9.3&epoch=1";
  EXPECT_TRUE(purl_covers(
      "pkg:rpm/alma/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=alma-9.3&epoch=1", alma));
  EXPECT_TRUE(
      purl_covers("pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9?distro=alma-9&epoch=1", alma));
  EXPECT_TRUE(purl_covers("pkg:apk/alpine/musl@1.2.4-r2?distro=3.19.1",
                          "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.19.1"));
  EXPECT_TRUE(purl_covers("pkg:maven/org.springframework/spring-core@5.3.0?type=jar",
                          "pkg:maven/org.springframework/spring-core@5.3.0"));
  EXPECT_TRUE(purl_covers("pkg:golang/golang.org/x/net@v0.17.0?type=module",
                          "pkg:golang/golang.org/x/net@v0.17.0"));
  EXPECT_TRUE(purl_covers("pkg:golang/stdlib@v1.22.1", "pkg:golang/stdlib@1.22.1"));
  EXPECT_TRUE(purl_covers("pkg:golang/github.com/a/b@v1.0.0#service/s3",
                          "pkg:golang/github.com/a/b/service/s3@v1.0.0"));
  EXPECT_TRUE(purl_covers("pkg:gem/nokogiri@1.18.9-arm64-darwin",
                          "pkg:gem/nokogiri@1.18.9?platform=arm64-darwin"));
  EXPECT_TRUE(purl_covers("pkg:rpm/redhat/nodejs@18.1-1?modularitylabel=nodejs:18:8090:ab",
                          "pkg:rpm/redhat/nodejs@18.1-1?modularitylabel=nodejs:18"));
}

// What says more, or another thing, than ours must take nothing away.
TEST(Purl, CoversNoMoreThanItSays) {
  constexpr std::string_view libssl =
      "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl";
  for (const std::string_view said :
       {"pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=arm64&distro=debian-12",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-1",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-11.7",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=ubuntu-12",
        "pkg:deb/debian/libssl3@1:3.0.11-1~deb12u2",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?epoch=1",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?upstream=openssl1.1",
        "pkg:deb/debian/libssl3?distro=debian-12.5",  // of that point release only
        "pkg:deb/ubuntu/libssl3@3.0.11-1~deb12u2", "pkg:deb/libssl3@3.0.11-1~deb12u2",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?repository_url=example.org"})
    EXPECT_FALSE(purl_covers(said, libssl)) << said;
  constexpr std::string_view netty = "pkg:maven/io.netty/netty@4.1";
  for (const std::string_view said :
       {"pkg:maven/io.netty/netty@4.1?type=pom", "pkg:maven/io.netty/netty@4.1?type=test-jar",
        "pkg:maven/io.netty/netty@4.1?classifier=linux-x86_64&type=jar",
        "pkg:maven/io.netty/netty@4.1?repository_url=https://repo.example.org"})
    EXPECT_FALSE(purl_covers(said, netty)) << said;
  EXPECT_FALSE(purl_covers("pkg:golang/github.com/a/b@v1.0.0#service/s3",
                           "pkg:golang/github.com/a/b@v1.0.0"));
  EXPECT_FALSE(purl_covers("pkg:gem/nokogiri@1.18.9-arm64-darwin", "pkg:gem/nokogiri@1.18.9"));
  EXPECT_FALSE(purl_covers("pkg:rpm/redhat/nodejs@18.1-1?modularitylabel=nodejs:20",
                           "pkg:rpm/redhat/nodejs@18.1-1?modularitylabel=nodejs:18"));
}

TEST(EndOfLife, DistributionsHaveADate) {
  const auto of = [](std::string id, std::string version, std::string today) {
    Distribution d;
    d.id = std::move(id);
    d.version_id = std::move(version);
    return end_of_life(d, today);
  };
  EXPECT_EQ(of("debian", "9", "2026-01-15"),
            "debian 9 has had no security support since 2022-06-30");
  EXPECT_EQ(of("debian", "9", "2022-06-30"), "");
  EXPECT_EQ(of("alpine", "3.10.9", "2026-01-15"),
            "alpine 3.10 has had no security support since 2021-05-01");
  EXPECT_EQ(of("alpine", "3.1", "2026-01-15"),
            "alpine 3.1 has had no security support since 2016-11-01");
  EXPECT_EQ(of("rhel", "8.5", "2026-01-15"), "");
  EXPECT_EQ(of("ubuntu", "18.04", "2026-01-15"),
            "ubuntu 18.04 has had no security support since 2023-05-31");
  EXPECT_EQ(of("sles", "15.9", "2026-01-15"), "");
  EXPECT_EQ(of("sles", "15", "2026-01-15"),
            "sles 15.0 has had no security support since 2019-12-31");
  EXPECT_EQ(of("sles", "12.4", "2026-01-15"),
            "sles 12.4 has had no security support since 2020-06-30");
  EXPECT_EQ(of("fedora", "33", "2026-01-15"),
            "fedora 33 has had no security support since 2021-11-30");
  EXPECT_EQ(of("photon", "4.0", "2026-10-15"), "");
  EXPECT_EQ(of("ubuntu", "26.04", "2031-05-01"),
            "ubuntu 26.04 has had no security support since 2031-04-30");
  EXPECT_EQ(of("amzn", "2018.03", "2026-01-15"),
            "amzn 2018.03 has had no security support since 2023-12-31");
  EXPECT_EQ(of("wolfi", "20230201", "2026-01-15"), "");
}

Report one(Severity severity, bool fixable, bool kev, Verdict verdict = Verdict::affected) {
  Report r;
  Finding& f = r.findings.emplace_back();
  f.severity = severity;
  f.kev = kev;
  f.verdict = verdict;
  if (fixable) f.fixed_versions = {"2"};
  return r;
}

TEST(FailOn, WordsAndCombinations) {
  const auto failing = [](std::string_view text, const Report& r) {
    const auto limit = parse_fail_on(text);
    EXPECT_TRUE(limit) << text;
    return limit && fails(*limit, r);
  };
  EXPECT_TRUE(failing("high", one(Severity::critical, false, false)));
  EXPECT_FALSE(failing("high", one(Severity::medium, true, false)));
  EXPECT_FALSE(failing("high+fixable", one(Severity::high, false, false)));
  EXPECT_TRUE(failing("high+fixable", one(Severity::high, true, false)));
  EXPECT_TRUE(failing("critical,kev", one(Severity::low, false, true)));
  EXPECT_FALSE(failing("none", one(Severity::critical, true, true)));
  EXPECT_TRUE(failing("any", one(Severity::unknown, false, false)));
  EXPECT_FALSE(failing("any", Report{}));
  EXPECT_TRUE(failing("undecided", one(Severity::unknown, false, false, Verdict::undecided)));
  EXPECT_FALSE(failing("undecided", one(Severity::high, false, false)));
  EXPECT_TRUE(failing("high,unknown", one(Severity::unknown, false, false)));
  EXPECT_FALSE(failing("high,unknown", one(Severity::low, false, false)));
  EXPECT_FALSE(failing("high", one(Severity::high, false, false, Verdict::undecided)));
  Report r;
  EXPECT_FALSE(failing("uncovered,eol", r));
  r.end_of_life = "over";
  EXPECT_TRUE(failing("uncovered,eol", r));
  EXPECT_FALSE(failing("uncovered+eol", r));
  EXPECT_FALSE(parse_fail_on("hihg"));
  EXPECT_FALSE(parse_fail_on(""));
  EXPECT_FALSE(parse_fail_on("high+low"));
  EXPECT_FALSE(parse_fail_on("high,none"));
}

}  // namespace
}  // namespace boltseal
