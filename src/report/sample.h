// Reports for the tests: one as a real image gives, one where every string is an attack, one large.
#pragma once
#include <fmt/format.h>

#include <string>
#include <vector>

#include "inventory/finding.h"

namespace boltseal::sample {

inline Package package(PackageType type, std::string name, std::string version, std::string licence,
                       std::string path, std::uint32_t layer, std::string what) {
  Package p;
  p.type = type;
  p.name = std::move(name);
  p.version = std::move(version);
  p.licence = std::move(licence);
  p.evidence = {{std::move(path), layer, std::move(what)}};
  return p;
}

inline Package deb(std::string name, std::string version, std::string source, std::string licence) {
  Package p = package(PackageType::deb, std::move(name), std::move(version), std::move(licence),
                      "var/lib/dpkg/status", 0, "dpkg status");
  p.arch = "amd64";
  p.source_name = std::move(source);
  p.supplier = "Debian Maintainers <team@lists.debian.org>";
  return p;
}

// The texts of sample findings live as long as the tests.
inline Texts& texts() {
  static Texts kept;
  return kept;
}

inline Finding finding(std::string_view id, std::uint32_t package, Severity severity,
                       std::vector<std::string_view> fixes, std::string_view feed) {
  Finding f;
  f.id = texts().keep(id);
  f.package = package;
  f.severity = severity;
  f.severity_source = feed;
  f.fix_state = fixes.empty() ? FixState::not_fixed : FixState::fixed;
  f.fixed_versions = std::move(fixes);
  f.feed = feed;
  f.record = f.id;
  f.published = "2021-12-10T10:15:09Z";
  f.modified = "2024-11-21T06:31:41.123Z";
  f.references = {texts().join({"https://nvd.nist.gov/vuln/detail/", f.id}), "javascript:alert(1)"};
  f.proof = {{"package", "the package database of the image names it"},
             {"range", "the version is below the fix"}};
  return f;
}

inline void image(Report& r) {
  ImageInfo& image = r.inventory.image;
  image = {.reference = "registry.example.org/shop/webapp:1.4.2",
           .kind = "image",
           .manifest_digest = "sha256:" + std::string(64, 'a'),
           .config_digest = "sha256:" + std::string(64, 'c'),
           .os = "linux",
           .architecture = "amd64",
           .variant = "",
           .created = "2026-11-20T08:00:00Z",
           .user = "www-data",
           .labels = {{"org.opencontainers.image.title", "webapp"}},
           .layers = {},
           .history = {},
           .index_digests = {}};
  const std::pair<const char*, std::uint64_t> steps[] = {
      {"/bin/sh -c #(nop) ADD file:9f2b4c in /", 74'800'000},
      {"RUN apt-get update && apt-get install -y python3 nodejs default-jre-headless", 412'300'000},
      {"COPY requirements.txt /opt/py && pip install -r requirements.txt", 96'400'000},
      {"COPY node_modules /srv/app/node_modules", 188'000'000},
      {"COPY lib/*.jar /opt/java/lib/", 141'200'000},
      {"CMD [\"/usr/bin/start\"]", 12'000}};
  for (const auto& [by, bytes] : steps) {
    const auto i = image.layers.size();
    const std::string id(64, static_cast<char>('0' + i));
    image.layers.push_back({"sha256:" + id, "sha256:" + id,
                            "application/vnd.oci.image.layer.v1.tar+gzip", bytes / 3, by});
    image.history.emplace_back(by);
    r.inventory.usage.push_back({bytes, bytes / 20'000, {}});
  }
  r.inventory.usage[0].folders = {{"usr/lib", 38'000'000},   {"usr/bin", 12'000'000},
                                  {"usr/share", 11'500'000}, {"var/lib", 7'000'000},
                                  {"etc", 2'000'000},        {"usr/sbin", 1'300'000}};
  r.inventory.usage[1].folders = {{"usr/lib", 321'000'000},
                                  {"usr/share", 62'000'000},
                                  {"usr/bin", 19'000'000},
                                  {"var/cache", 6'100'000},
                                  {"var/lib", 3'900'000}};
  r.inventory.usage[2].folders = {{"opt/py", 96'400'000}};
  r.inventory.usage[3].folders = {{"srv/app", 188'000'000}};
  r.inventory.usage[4].folders = {{"opt/java", 141'200'000}};
  r.inventory.usage[5].folders = {{"usr/bin", 12'000}};
  r.inventory.distribution = {.id = "debian",
                              .id_like = {},
                              .version_id = "12",
                              .codename = "bookworm",
                              .name = "Debian GNU/Linux 12 (bookworm)",
                              .cpe = ""};
  r.database = {
      .digest = "sha256:" + std::string(64, 'd'),
      .date = "2026-11-20T04:12:00Z",
      .starter = true,
      .feeds = {{"OSV Debian", "https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip",
                 "2026-11-20T04:12:00Z", 12345},
                {"CISA KEV", "https://www.cisa.gov/known_exploited_vulnerabilities.json",
                 "2026-11-19T00:00:00Z", 1420}}};
  r.tool_version = "0.1.0";
  r.configuration_digest = "sha256:" + std::string(64, 'e');
}

inline void packages(std::vector<Package>& p) {
  p.push_back(deb("curl", "7.88.1-10+deb12u5", "", "curl"));
  p.push_back(deb("libc6", "2.36-9+deb12u4", "glibc", "LGPL-2.1-or-later AND GPL-2.0-or-later"));
  p.push_back(deb("libcurl4", "7.88.1-10+deb12u5", "curl", "curl"));
  p.push_back(
      deb("libperl5.36", "5.36.0-7+deb12u1", "perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"));
  p.push_back(deb("libssl3", "3.0.11-1~deb12u2", "openssl", "Apache-2.0"));
  p.push_back(deb("openssl", "3.0.11-1~deb12u2", "", "Apache-2.0"));
  p.push_back(deb("perl", "5.36.0-7+deb12u1", "", "Artistic-1.0-Perl OR GPL-1.0-or-later"));
  p.push_back(deb("python3-yaml", "6.0-3+b2", "pyyaml", "MIT"));
  p.push_back(deb("zlib1g", "1:1.2.13.dfsg-1", "zlib", "Zlib"));
  p.push_back(package(PackageType::pypi, "Django", "3.2.0", "BSD-3-Clause",
                      "opt/py/Django-3.2.0.dist-info/METADATA", 2, "dist-info"));
  p.push_back(package(PackageType::pypi, "PyYAML", "6.0", "MIT",
                      "usr/lib/python3/dist-packages/PyYAML-6.0.egg-info", 1, "egg-info"));
  p.back().owner = 7;
  p.push_back(package(PackageType::npm, "@babel/traverse", "7.22.5", "MIT",
                      "srv/app/node_modules/@babel/traverse/package.json", 3, "package.json"));
  p.push_back(package(PackageType::npm, "lodash", "4.17.15", "MIT",
                      "srv/app/node_modules/lodash/package.json", 3, "package.json"));
  p.push_back(package(PackageType::npm, "lodash", "4.17.15", "MIT",
                      "srv/app/node_modules/x/node_modules/lodash/package.json", 3,
                      "package.json"));
  p.push_back(package(PackageType::maven, "org.apache.logging.log4j:log4j-core", "2.14.1",
                      "Apache-2.0", "opt/java/lib/log4j-core-2.14.1.jar", 4, "pom.properties"));
  p.back().hashes = {{"sha1", std::string(40, '9')}};
  p.back().cpes = {"cpe:2.3:a:apache:log4j:2.14.1:*:*:*:*:*:*:*",
                   "cpe:2.3:a:apache:log4j-core:2.14.1:*:*:*:*:*:*:*"};
  p.push_back(package(PackageType::maven, "org.springframework:spring-beans", "5.3.17",
                      "Apache-2.0", "opt/java/lib/fat.jar!/BOOT-INF/lib/spring-beans-5.3.17.jar", 4,
                      "inferred from the file name"));
  p.push_back(package(PackageType::golang, "stdlib", "1.20.1", "BSD-3-Clause", "usr/bin/start", 5,
                      "go build info"));
  p.push_back(package(PackageType::generic, "vendor-agent", "2023.1", "LicenseRef-Vendor-EULA",
                      "opt/vendor/agent.json", 1, "manifest"));
  p.back().licence_text = "Vendor EULA, see http://vendor.example";
}

// Findings as a matcher gives them: most urgent first.
inline void findings(Report& r) {
  auto& f = r.findings;
  f.push_back(finding("CVE-2021-44228", 14, Severity::critical, {"2.15.0", "2.12.2"}, "Maven"));
  f.back().kev = true;
  f.back().kev_due = "2021-12-24";
  f.back().aliases = {"GHSA-jfh8-c2jp-5v3q"};
  f.back().title = "Log4Shell: remote code execution through JNDI lookups";
  f.back().cvss = {{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10, "GHSA-jfh8-c2jp-5v3q"}};
  f.back().proof = {
      {"evidence",
       "opt/java/lib/log4j-core-2.14.1.jar in layer 5 names org.apache.logging.log4j:log4j-core "
       "2.14.1 (pom.properties)"},
      {"record", "GHSA-jfh8-c2jp-5v3q of the feed Maven names the package"},
      {"range", "introduced 2.13.0 ≤ 2.14.1: yes; 2.14.1 < fixed 2.15.0: yes (Maven order)"}};
  f.push_back(finding("CVE-2021-45046", 14, Severity::critical, {"2.16.0", "2.12.2"}, "Maven"));
  f.back().kev = true;
  f.push_back(finding("CVE-2022-22965", 15, Severity::critical, {"5.3.18"}, "Maven"));
  f.back().kev = true;
  f.push_back(finding("CVE-2023-45853", 8, Severity::critical, {}, "Debian"));
  f.back().fix_state = FixState::wont_fix;
  f.push_back(finding("CVE-2023-45133", 11, Severity::critical, {"7.23.2"}, "npm"));
  f.push_back(finding("CVE-2021-35042", 9, Severity::critical, {"3.2.5", "3.1.13"}, "PyPI"));
  for (const char* id : {"CVE-2021-45105", "CVE-2021-44832"})
    f.push_back(finding(id, 14, Severity::medium, {"2.17.1"}, "Maven"));
  for (const char* id : {"CVE-2022-28346", "CVE-2022-28347", "CVE-2021-31542", "CVE-2022-34265"})
    f.push_back(finding(id, 9, Severity::high, {"3.2.14"}, "PyPI"));
  for (const std::uint32_t p : {12U, 13U}) {
    f.push_back(finding("CVE-2021-23337", p, Severity::high, {"4.17.21"}, "npm"));
    f.push_back(finding("CVE-2020-8203", p, Severity::high, {"4.17.19"}, "npm"));
    f.push_back(finding("CVE-2020-28500", p, Severity::medium, {"4.17.21"}, "npm"));
  }
  for (const std::uint32_t p : {4U, 5U}) {
    f.push_back(finding("CVE-2024-0727", p, Severity::medium, {"3.0.13-1~deb12u1"}, "Debian"));
    f.push_back(finding("CVE-2024-4741", p, Severity::high, {"3.0.14-1~deb12u1"}, "Debian"));
    f.push_back(finding("CVE-2024-9143", p, Severity::low, {"3.0.15-1~deb12u1"}, "Debian"));
  }
  for (const std::uint32_t p : {0U, 2U}) {
    f.push_back(finding("CVE-2024-7264", p, Severity::medium, {"7.88.1-10+deb12u7"}, "Debian"));
    f.push_back(finding("CVE-2024-2379", p, Severity::negligible, {}, "Debian"));
  }
  for (const std::uint32_t p : {3U, 6U})
    f.push_back(finding("CVE-2023-31484", p, Severity::high, {}, "Debian"));
  for (const char* id : {"CVE-2019-1010022", "CVE-2019-1010023", "CVE-2018-20796"})
    f.push_back(finding(id, 1, Severity::negligible, {}, "Debian"));
  f.push_back(finding("CVE-2024-24790", 16, Severity::critical, {"1.21.11", "1.22.4"}, "Go"));
  for (const char* id : {"CVE-2023-39325", "CVE-2023-29403", "CVE-2023-45288"})
    f.push_back(finding(id, 16, Severity::high, {"1.21.9"}, "Go"));
  f.push_back(finding("GHSA-xxxx-yyyy-zzzz", 17, Severity::unknown, {}, "GitHub"));
  f.back().verdict = Verdict::undecided;
  f.back().proof = {{"range", "2023.1 cannot be compared: the ecosystem generic has no order"}};
}

inline Report webapp() {
  Report r;
  image(r);
  packages(r.inventory.packages);
  r.inventory.dependencies = {{0, 1}, {0, 2}, {2, 1}, {2, 4}, {4, 1}, {5, 1}, {5, 4}, {6, 3}};
  findings(r);
  r.dropped.push_back(finding("CVE-2020-1747", 10, Severity::critical, {"5.3.1"}, "PyPI"));
  r.dropped.back().verdict = Verdict::fixed;
  r.dropped.push_back(finding("CVE-2020-14343", 10, Severity::critical, {"5.4"}, "PyPI"));
  r.dropped.back().verdict = Verdict::covered_by_owner;
  r.dropped.back().proof.push_back(
      {"owner",
       "deb python3-yaml owns usr/lib/python3/dist-packages/PyYAML-6.0.egg-info; Debian judges "
       "it"});
  r.dropped.push_back(finding("CVE-2024-2961", 1, Severity::high, {"2.36-9+deb12u6"}, "Debian"));
  r.dropped.back().verdict = Verdict::suppressed;
  r.dropped.back().proof.push_back(
      {"ignore",
       ".boltseal-ignore.yaml:3: charset is never ISO-2022-CN-EXT here (until 2027-01-01)"});
  r.uncovered = {{"1 generic package", "no advisory feed covers this kind of package", {17}}};
  r.inventory.unknowns = {{"opt/java/lib/broken.jar", 4, "java", Fault::corrupt,
                           "the central directory points outside of the file", 18221},
                          {"srv/app/package-lock.json", 3, "npm", Fault::too_large,
                           "nested deeper than 256 levels", std::nullopt}};
  r.notices = {".boltseal-ignore.yaml:9: the rule for CVE-2019-0001 matched nothing"};
  return r;
}

// Ends a tag, a comment, an attribute, a JSON string, a Markdown cell; moves the cursor, turns the
// text, is no UTF-8.
inline const std::string attack =
    "</script><img src=x onerror=alert(1)>\"'`]]>--><!--{{script}}\x1b[2J\x1b]0;x\x07\r\n|**x** "
    "\xe2\x80\xae"
    "evil \xff\xc0 \xe2\x80\xa8${1}";

inline Report hostile() {
  Report r = webapp();
  ImageInfo& image = r.inventory.image;
  for (std::string* text :
       {&image.reference, &image.os, &image.architecture, &image.created, &image.user,
        &image.config_digest, &r.database.date, &r.tool_version, &r.configuration_digest,
        &r.inventory.distribution.name, &r.inventory.distribution.id,
        &r.inventory.distribution.version_id, &r.end_of_life})
    *text += attack;
  image.labels = {{attack, attack}};
  for (LayerInfo& layer : image.layers) layer.created_by += attack;
  for (LayerUsage& usage : r.inventory.usage) usage.folders.emplace_back(attack, 5'000'000);
  for (Package& p : r.inventory.packages) {
    for (std::string* text : {&p.name, &p.version, &p.arch, &p.source_name, &p.licence_text,
                              &p.supplier, &p.homepage, &p.description})
      *text += attack;
    if (p.type == PackageType::generic) p.licence = attack;
    p.cpes.push_back(attack);
    p.hashes.emplace_back(attack, attack);
    for (Evidence& e : p.evidence) e = {e.path + attack, e.layer, e.what + attack};
  }
  for (auto* list : {&r.findings, &r.dropped})
    for (Finding& f : *list) {
      for (std::string_view* text : {&f.id, &f.severity_source, &f.title, &f.feed, &f.record,
                                     &f.published, &f.modified, &f.kev_due})
        *text = texts().join({*text, attack});
      f.aliases.push_back(attack);
      f.references = {attack, texts().join({"https://example.org/", attack}), "javascript:alert(1)",
                      "https://example.org/%zz"};
      if (!f.fixed_versions.empty())
        f.fixed_versions.front() = texts().join({f.fixed_versions.front(), attack});
      f.cvss.push_back({attack, 5.0, attack});
      f.proof.push_back({attack, attack});
    }
  r.uncovered.push_back({attack, attack, {0}});
  r.inventory.unknowns.push_back({attack, 99, attack, Fault::corrupt, attack, 1});
  r.notices.push_back(attack);
  return r;
}

inline Report large(std::uint32_t count) {
  Report r = webapp();
  constexpr PackageType types[] = {PackageType::deb, PackageType::npm, PackageType::maven,
                                   PackageType::pypi};
  constexpr Severity severities[] = {Severity::critical, Severity::high, Severity::medium,
                                     Severity::low, Severity::negligible};
  for (std::uint32_t i = 0; i < count; ++i) {
    r.inventory.packages.push_back(package(
        types[i % 4], fmt::format("package-{}", i), fmt::format("1.{}.{}", i % 17, i % 7),
        i % 3 ? "MIT" : "GPL-3.0-only", fmt::format("srv/app/{}/manifest", i), i % 6, "manifest"));
    const auto at = static_cast<std::uint32_t>(r.inventory.packages.size() - 1);
    std::vector<std::string_view> fixes;
    if (i % 4) fixes.push_back("2.0.0");
    r.findings.push_back(
        finding(fmt::format("CVE-2025-{:05}", i), at, severities[i % 5], fixes, "OSV"));
  }
  return r;
}

}  // namespace boltseal::sample
