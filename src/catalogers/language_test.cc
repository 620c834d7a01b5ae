#include "catalogers/language.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

TEST(HashOfIntegrity, TakesTheStrongestThatIsWhole) {
  using Hash = std::pair<std::string, std::string>;
  EXPECT_EQ(hash_of_integrity("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
            (Hash{"sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"}));
  EXPECT_EQ(hash_of_integrity("sha1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"),
            (Hash{"sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"}));
  const auto both = hash_of_integrity(
      "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=?x");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->first, "sha256");
  EXPECT_EQ(both->second, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const auto* bad : {"", "sha1-", "sha1-AAAA", "sha256:zz", "sha512", "md9-AAAA",
                          "sha1-2jmj7l5rSw0yVb!vlWAYkK/YBwk="}) {
    EXPECT_FALSE(hash_of_integrity(bad)) << bad;
  }
}

TEST(PypiName, NormalisesAsPep503Does) {
  EXPECT_EQ(pypi_name("Foo._-Bar"), "foo-bar");
  EXPECT_EQ(pypi_name("zope.interface"), "zope-interface");
}

TEST(Reachable, FollowsEdgesAndStopsAtCycles) {
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> edges = {{0, 1}, {1, 0}, {2, 3}};
  EXPECT_EQ(reachable(4, edges, {0, 9}), (std::vector<bool>{true, true, false, false}));
}

TEST(InsideInstalledPackage, KnowsTheFoldersOfPackages) {
  EXPECT_TRUE(inside_installed_package("app/node_modules/a/yarn.lock"));
  EXPECT_TRUE(inside_installed_package("usr/share/nodejs/a/yarn.lock"));
  EXPECT_TRUE(inside_installed_package("root/go/pkg/mod/example.org/m@v1.0.0/package-lock.json"));
  EXPECT_TRUE(inside_installed_package("root/.cargo/registry/src/i/c-1.0.0/requirements.txt"));
  EXPECT_FALSE(inside_installed_package("srv/nodejs/yarn.lock"));
  EXPECT_FALSE(inside_installed_package("my_node_modules/yarn.lock"));
}

}  // namespace
}  // namespace boltseal
