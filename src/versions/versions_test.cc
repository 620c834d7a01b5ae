#include "versions/versions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::array all_schemes = {
    Scheme::dpkg,    Scheme::apk,  Scheme::rpm,      Scheme::semver,    Scheme::pep440,
    Scheme::maven,   Scheme::npm,  Scheme::rubygems, Scheme::packagist, Scheme::nuget,
    Scheme::go,      Scheme::pub,  Scheme::cran,     Scheme::hackage,   Scheme::opam,
    Scheme::bitnami, Scheme::loose};

char sign(Scheme scheme, std::string_view a, std::string_view b) {
  const auto order = compare_versions(scheme, a, b);
  if (!order) return '?';
  return *order < 0 ? '<' : *order > 0 ? '>' : '=';
}

// Rows "a < b" or "a = b"; lines with "#" in front say where they come from.
std::vector<std::tuple<std::string, char, std::string>> table(Scheme scheme) {
  std::ifstream in(std::string(BOLTSEAL_ROOT "/tests/cases/versions/") +
                   std::string(name_of(scheme)) + ".txt");
  std::vector<std::tuple<std::string, char, std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    const auto parts = split(line, ' ');
    rows.emplace_back(parts.at(0), parts.at(1).at(0), parts.at(2));
  }
  return rows;
}

TEST(Versions, OrderIsThatOfTheNativeTool) {
  for (const auto scheme : all_schemes) {
    const auto rows = table(scheme);
    EXPECT_GE(rows.size(), 35U) << name_of(scheme);
    for (const auto& [a, expected, b] : rows) {
      EXPECT_EQ(sign(scheme, a, b), expected)
          << name_of(scheme) << ": " << a << " " << expected << " " << b;
      EXPECT_EQ(sign(scheme, b, a), expected == '<' ? '>' : '=')
          << name_of(scheme) << ": " << b << " " << a;
      EXPECT_EQ(sign(scheme, a, a), '=') << a;
    }
  }
}

// Maven's own order has known cycles (its issue MNG-6964), and it is followed all the same.
TEST(Versions, OrderIsStrictAndWeak) {
  for (const auto scheme : all_schemes) {
    if (scheme == Scheme::maven) continue;
    std::vector<std::string> versions;
    for (const auto& [a, expected, b] : table(scheme)) {
      versions.push_back(a);
      versions.push_back(b);
    }
    versions.resize(std::min<std::size_t>(versions.size(), 110));
    const std::size_t n = versions.size();
    std::vector<char> signs;
    for (const auto& a : versions)
      for (const auto& b : versions) signs.push_back(sign(scheme, a, b));
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b) {
        const char ab = signs[a * n + b];
        for (std::size_t c = 0; ab != '>' && c < n; ++c) {
          const char bc = signs[b * n + c];
          if (bc == '>') continue;
          ASSERT_EQ(signs[a * n + c], ab == '=' && bc == '=' ? '=' : '<')
              << name_of(scheme) << ": " << versions[a] << " " << ab << " " << versions[b] << " "
              << bc << " " << versions[c];
        }
      }
  }
}

constexpr auto no_versions = std::to_array<std::pair<Scheme, std::string_view>>({
    {Scheme::dpkg, ""},
    {Scheme::dpkg, "1:"},
    {Scheme::dpkg, "a:1"},
    {Scheme::dpkg, ":1"},
    {Scheme::dpkg, "1.0-"},
    {Scheme::dpkg, "1 0"},
    {Scheme::dpkg, "2147483648:1"},
    {Scheme::apk, ""},
    {Scheme::apk, "latest"},
    {Scheme::apk, "v1.0"},
    {Scheme::apk, "1 2"},
    {Scheme::rpm, ""},
    {Scheme::rpm, "1 2"},
    {Scheme::rpm, "1:"},
    {Scheme::semver, "1.2"},
    {Scheme::semver, "1.02.3"},
    {Scheme::semver, "1.2.3-"},
    {Scheme::semver, "1.2.3-01"},
    {Scheme::semver, "1.2.3+"},
    {Scheme::semver, "1.2.3-a..b"},
    {Scheme::npm, "1.2"},
    {Scheme::npm, "9007199254740992.0.0"},
    {Scheme::npm, "latest"},
    {Scheme::npm, "^1.2.3"},
    {Scheme::pep440, "1.0-bulbasaur"},
    {Scheme::pep440, "2004d"},
    {Scheme::pep440, ""},
    {Scheme::pep440, "1.0+"},
    {Scheme::pep440, "1.0+a..b"},
    {Scheme::pep440, "1..0"},
    {Scheme::pep440, "!1"},
    {Scheme::maven, ""},
    {Scheme::maven, "${project.version}"},
    {Scheme::maven, "[1.0,2.0)"},
    {Scheme::maven, "1 2"},
    {Scheme::rubygems, "1beta"},
    {Scheme::rubygems, "1..2"},
    {Scheme::rubygems, "1.15.0-x86_64-linux"},
    {Scheme::rubygems, "a.1"},
    {Scheme::packagist, ""},
    {Scheme::packagist, "latest"},
    {Scheme::packagist, "1.2.3.#"},
    {Scheme::nuget, "1.2.3.4.5"},
    {Scheme::nuget, "v1.0"},
    {Scheme::nuget, "1.0-"},
    {Scheme::nuget, "1..0"},
    {Scheme::nuget, "1.0.0-05"},
    {Scheme::nuget, "1.0.0-a.007"},
    {Scheme::pub, "1.0"},
    {Scheme::pub, "1.0.0.0"},
    {Scheme::pub, "1.0.0+"},
    {Scheme::cran, "1.0."},
    {Scheme::cran, "1.0-rc1"},
    {Scheme::cran, ""},
    {Scheme::hackage, "1.0-1"},
    {Scheme::hackage, ".1"},
    {Scheme::opam, ""},
    {Scheme::opam, "1 0"},
    {Scheme::bitnami, "1.0"},
    {Scheme::loose, "main"},
    {Scheme::loose, "1.x"},
    {Scheme::loose, "1."},
    {Scheme::go, "(devel)"},
    {Scheme::go, "devel go1.23-abcdef"},
    {Scheme::go, "v1.2.3.4"},
    {Scheme::go, "go1.19.1b4"},
    {Scheme::go, "v1.02.3"},
    {Scheme::go, ""},
});

TEST(Versions, WhatTheEcosystemCannotReadHasNoOrder) {
  for (const auto& [scheme, text] : no_versions) {
    EXPECT_EQ(sign(scheme, text, "1.0.0"), '?') << name_of(scheme) << ": " << text;
    EXPECT_EQ(sign(scheme, "1.0.0", text), '?') << name_of(scheme) << ": " << text;
  }
  const auto too_long = "1.2.3-" + std::string(260, 'a');
  EXPECT_EQ(sign(Scheme::npm, too_long, too_long), '?');
}

TEST(Versions, NothingContainsANul) {
  using namespace std::string_view_literals;
  for (const auto scheme : all_schemes)
    EXPECT_EQ(sign(scheme, "1.0.0\0"sv, "1.0.0"), '?') << name_of(scheme);
}

TEST(Versions, GoToolchainsAndModulesHaveOneOrder) {
  const std::array<std::string_view, 9> rising = {"1.20.14", "1.21.0-0",    "go1.21beta1",
                                                  "1.21rc1", "1.21.0-rc.2", "go1.21.0",
                                                  "1.21.1",  "go1.21.10",   "go1.22rc1"};
  for (std::size_t i = 0; i + 1 < rising.size(); ++i)
    EXPECT_EQ(sign(Scheme::go, rising.at(i), rising.at(i + 1)), '<') << rising.at(i);
  EXPECT_EQ(sign(Scheme::go, "go1.21.3 X:boringcrypto", "1.21.3"), '=');
  EXPECT_EQ(sign(Scheme::go, "go1.20.6 (Red Hat 1.20.6-1.el9)", "1.20.6"), '=');
  EXPECT_EQ(sign(Scheme::go, "go1.21.3-bigcorp", "1.21.3"), '=');
  EXPECT_EQ(sign(Scheme::go, "1.22.1-X:nocoverageredesign", "1.22.1"), '=');
  EXPECT_EQ(sign(Scheme::go, "v2.0.0+incompatible", "v2.0.0"), '=');
  EXPECT_EQ(
      sign(Scheme::go, "v0.0.0-20190101000000-abcdefabcdef", "v0.0.0-20200101000000-000000000000"),
      '<');
}

TEST(Versions, GoNamesACommitWhereNoTagCameBefore) {
  EXPECT_TRUE(is_go_commit("v0.0.0-20260801101010-abcdefabcdef"));
  EXPECT_TRUE(is_go_commit("0.0.0-20260801101010-abcdefabcdef"));
  EXPECT_TRUE(is_go_commit("v0.0.0-20260801101010-abcdefabcdef+dirty"));
  for (const auto* other :
       {"", "v0.0.0", "(devel)", "v0.0.1-0.20260801101010-abcdefabcdef",
        "v1.0.0-20260801101010-abcdefabcdef", "v0.0.0-2026080110101x-abcdefabcdef",
        "v0.0.0-20260801101010-abcdefabcde", "v0.0.0-20260801101010-abcdefabcdeg",
        "v0.0.0-20260801101010.abcdefabcdef"})
    EXPECT_FALSE(is_go_commit(other)) << other;
}

TEST(Versions, RpmEpochAndRelease) {
  EXPECT_EQ(sign(Scheme::rpm, "0:1.0-1", "1.0-1"), '=');
  EXPECT_EQ(sign(Scheme::rpm, "9.9-1", "1:0.1-1"), '<');
  EXPECT_EQ(sign(Scheme::rpm, "1.0", "1.0-1"), '<');
  EXPECT_EQ(sign(Scheme::rpm, "1.0~rc1-1", "1.0-0"), '<');
  EXPECT_EQ(sign(Scheme::rpm, "1.0^git1", "1.0.1"), '<');
}

TEST(Versions, BranchesOfComposerHaveNoOrder) {
  EXPECT_EQ(sign(Scheme::packagist, "dev-main", "dev-main"), '=');
  EXPECT_EQ(sign(Scheme::packagist, "dev-main", "dev-next"), '?');
}

// A megabyte in every shape that a version can take; a quadratic walk would not end within the
// test's time.
TEST(Versions, HostileLengthIsLinear) {
  constexpr std::size_t size = 40'000;
  const auto repeat = [](std::string_view unit, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += unit;
    return out;
  };
  const std::vector<std::string> shapes = {
      std::string(size, '9'),
      "1" + repeat(".1", size / 2),
      "1" + repeat("-1", size / 2),
      "1" + repeat("a1", size / 2),
      "1." + std::string(size, 'a'),
      "1" + repeat("~", size),
      "1" + repeat("_p1", size / 3),
      "0" + repeat(".0", size / 2),
      "1.0.0-" + repeat("a.", size / 2) + "a",
      repeat(".", 100'000),
      repeat("-", 100'000),
      "1.0+" + repeat("1.", size / 2) + "1",
      "1" + repeat("^1", size / 2),
      "1" + repeat("-0", size / 2) + "-a",
  };
  for (const auto scheme : all_schemes)
    for (const auto& shape : shapes) {
      const auto same = compare_versions(scheme, shape, shape);
      EXPECT_TRUE(!same || *same == 0) << name_of(scheme);
      const std::string longer = shape + "2";
      compare_versions(scheme, shape, longer);
      compare_versions(scheme, shape, "1.0.0");
    }
  const std::string nines(1'000'000, '9'), larger = "1" + std::string(nines.size(), '0');
  for (const auto scheme : {Scheme::dpkg, Scheme::apk, Scheme::rpm, Scheme::pep440, Scheme::maven,
                            Scheme::rubygems, Scheme::packagist, Scheme::nuget, Scheme::go})
    EXPECT_EQ(sign(scheme, nines, larger), '<') << name_of(scheme);
}

TEST(Versions, SchemeOfAnEcosystem) {
  EXPECT_EQ(scheme_of("Debian:12"), Scheme::dpkg);
  EXPECT_EQ(scheme_of("Ubuntu:22.04:LTS"), Scheme::dpkg);
  EXPECT_EQ(scheme_of("Alpine:v3.18"), Scheme::apk);
  EXPECT_EQ(scheme_of("Red Hat:rhel_aus:8.4::appstream"), Scheme::rpm);
  EXPECT_EQ(scheme_of("PyPI"), Scheme::pep440);
  EXPECT_EQ(scheme_of("crates.io"), Scheme::semver);
  EXPECT_EQ(scheme_of("rpm"), Scheme::rpm);
  EXPECT_EQ(scheme_of("semver"), Scheme::semver);
  EXPECT_EQ(scheme_of("GitHub Actions"), Scheme::loose);
  EXPECT_EQ(scheme_of("Echo"), Scheme::dpkg);
  EXPECT_EQ(scheme_of("Echo:PyPI"), Scheme::pep440);
  EXPECT_EQ(scheme_of("Root:Alpine:3.18"), Scheme::apk);
  EXPECT_EQ(scheme_of("TuxCare:Red Hat"), Scheme::rpm);
  EXPECT_EQ(scheme_of("TuxCare:npm"), Scheme::pub);
  EXPECT_EQ(scheme_of("TuxCare"), std::nullopt);
  EXPECT_EQ(scheme_of("Root:Root:npm"), std::nullopt);
  EXPECT_EQ(scheme_of("FreeBSD:ports"), std::nullopt);
  EXPECT_EQ(scheme_of("Linux"), std::nullopt);
  EXPECT_EQ(scheme_of(""), std::nullopt);
}

}  // namespace
}  // namespace boltseal
