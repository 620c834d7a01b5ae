#include "files/glob.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/text.h"

namespace boltseal {
namespace {

TEST(Glob, StandsForItselfWithoutStars) {
  EXPECT_TRUE(glob_matches("var/lib/dpkg/status", "var/lib/dpkg/status"));
  EXPECT_FALSE(glob_matches("var/lib/dpkg/status", "var/lib/dpkg/status-old"));
  EXPECT_FALSE(glob_matches("var/lib/dpkg/status", "x/var/lib/dpkg/status"));
  EXPECT_FALSE(glob_matches("Gemfile", "gemfile"));
}

TEST(Glob, StarStaysInsideAFolder) {
  EXPECT_TRUE(glob_matches("var/lib/dpkg/info/*.list", "var/lib/dpkg/info/libc6:amd64.list"));
  EXPECT_FALSE(glob_matches("var/lib/dpkg/info/*.list", "var/lib/dpkg/info/a/b.list"));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbXbc"));
  EXPECT_TRUE(glob_matches("a*", "a"));
  EXPECT_FALSE(glob_matches("a?c", "a/c"));
  EXPECT_TRUE(glob_matches("a?c", "abc"));
}

TEST(Glob, TwoStarsStandForAnyNumberOfFolders) {
  EXPECT_TRUE(glob_matches("**/*.jar", "a.jar"));
  EXPECT_TRUE(glob_matches("**/*.jar", "opt/app/lib/a.jar"));
  EXPECT_TRUE(glob_matches("**/node_modules/**/package.json", "node_modules/package.json"));
  EXPECT_TRUE(glob_matches("**/node_modules/**/package.json", "a/node_modules/@x/y/package.json"));
  EXPECT_FALSE(glob_matches("**/node_modules/**/package.json", "a/package.json"));
  EXPECT_TRUE(glob_matches("opt/**", "opt/a/b"));
}

TEST(Glob, AWildcardKnowsNoFolders) {
  EXPECT_TRUE(wildcard_matches("pkg:npm/*", "pkg:npm/a/b@1"));
  EXPECT_TRUE(wildcard_matches("pkg:npm/**@1", "pkg:npm/a/b@1"));
  EXPECT_FALSE(wildcard_matches("pkg:npm/*@2", "pkg:npm/a/b@1"));
  EXPECT_FALSE(wildcard_matches("", "a"));
}

TEST(Glob, APathFilterReadsPatternsAsGitignoreDoes) {
  const PathFilter filter({"node_modules", "/opt/app/", "./srv/*.jar", "*.bak"});
  for (const char* path : {"node_modules", "a/node_modules/x/package.json", "opt/app/x/y",
                           "opt/app", "srv/a.jar", "etc/passwd.bak"})
    EXPECT_TRUE(filter.covers(path)) << path;
  for (const char* path : {"opt/apple", "a/opt/app/x", "srv/deep/a.jar", "node_modules2/x", ""})
    EXPECT_FALSE(filter.covers(path)) << path;
  EXPECT_FALSE(PathFilter({"", "/", "./"}).covers("a"));
}

// As the words say it, part by part.
bool stands_for(std::vector<std::string_view> glob, std::vector<std::string_view> path) {
  if (glob.empty()) return path.empty();
  const auto first = glob.front();
  const std::vector<std::string_view> rest(glob.begin() + 1, glob.end());
  if (first == "**" && stands_for(rest, path)) return true;
  if (path.empty()) return false;
  const std::vector<std::string_view> below(path.begin() + 1, path.end());
  return first == "**" ? stands_for(glob, below)
                       : wildcard_matches(first, path.front()) && stands_for(rest, below);
}

TEST(Glob, SaysOfEveryPathWhatItsPartsSay) {
  const char* words[] = {"a", "b", "ab", "*", "a*", "**"};
  std::uint32_t seed = 1;
  const auto next = [&](std::uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % below;
  };
  const auto made = [&](std::uint32_t kinds) {
    std::string out = words[next(kinds)];
    for (auto n = next(4); n > 0; --n) (out += '/') += words[next(kinds)];
    return out;
  };
  int matched = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string glob = made(6), path = made(3);
    const bool wanted = stands_for(split(glob, '/'), split(path, '/'));
    ASSERT_EQ(glob_matches(glob, path), wanted) << glob << " " << path;
    matched += wanted;
  }
  EXPECT_GT(matched, 1'000);
}

TEST(Glob, HostilePathsTakeNoLongTime) {
  const std::string path(20'000, 'a');
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*b", path));
  std::string deep;
  for (int i = 0; i < 2'000; ++i) deep += "a/";
  EXPECT_FALSE(glob_matches("**/a/**/a/**/a/**/b", deep));
}

}  // namespace
}  // namespace boltseal
