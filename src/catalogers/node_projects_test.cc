// What is installed, what a lock file says and what a project calls itself, joined.
#include <gtest/gtest.h>

#include "base/text.h"
#include "catalogers/inventory_for_tests.h"

namespace boltseal {
namespace {

using test::Files;

std::string package(std::string_view name, std::string_view version) {
  return R"({"name":")" + std::string(name) + R"(","version":")" + std::string(version) + R"("})";
}

// "name@version" of the packages in one layer of these files, joined by spaces.
std::string inventory_of(const Files& files) {
  std::vector<std::string> names;
  const auto inventory = test::inventory_of(files);
  for (const auto& p : inventory.packages) names.push_back(p.name + "@" + p.version);
  return join(names, " ");
}

TEST(NodeProjects, APackageUnpackedOutsideNodeModulesIsListed) {
  EXPECT_EQ(inventory_of({{"opt/tool-1.2.3/package.json", package("tool", "1.2.3")}}),
            "tool@1.2.3");
}

TEST(NodeProjects, AProjectItselfIsNot) {
  const auto project = package("app", "1.0.0");
  EXPECT_EQ(inventory_of({{"srv/app/node_modules/a/package.json", package("a", "1.0.0")},
                          {"srv/app/package.json", project},
                          {"srv/app/packages/part/package.json", package("part", "1.0.0")}}),
            "a@1.0.0");
  EXPECT_EQ(
      inventory_of({{"srv/app/package.json", project},
                    {"srv/app/yarn.lock", "# yarn lockfile v1\n\n\na@1:\n  version \"1.0\"\n"}}),
      "a@1.0");
  // Nor at the top of an image, where it says nothing about the folders below.
  EXPECT_EQ(inventory_of({{"node_modules/a/package.json", package("a", "1.0.0")},
                          {"opt/tool/package.json", package("tool", "1.2.3")},
                          {"package.json", project}}),
            "a@1.0.0 tool@1.2.3");
}

TEST(NodeProjects, WhatIsInstalledOutranksTheLockButForFoldersOfTheProject) {
  const std::string lock = R"({"lockfileVersion": 3, "packages": {
      "": {"name": "app", "version": "1.0.0"},
      "node_modules/here": {"version": "1.0.0"},
      "node_modules/for-another-system": {"version": "2.0.0", "optional": true},
      "node_modules/part": {"resolved": "packages/part", "link": true},
      "packages/part": {"version": "3.0.0"}}})";
  EXPECT_EQ(inventory_of({{"app/node_modules/here/package.json", package("here", "1.0.0")},
                          {"app/package-lock.json", lock},
                          {"app/packages/part/package.json", package("part", "3.0.0")}}),
            "here@1.0.0 part@3.0.0");
  EXPECT_EQ(inventory_of({{"app/package-lock.json", lock}}),
            "for-another-system@2.0.0 here@1.0.0 part@3.0.0");
}

TEST(NodeProjects, AFolderIsAboveAFileByItsWholeName) {
  const auto tool = package("tool", "1.2.3");
  EXPECT_EQ(inventory_of({{"srv/my_node_modules/a/package.json", package("a", "1.0.0")},
                          {"srv/my_tool/package.json", tool}}),
            "a@1.0.0 tool@1.2.3");
  EXPECT_EQ(inventory_of({{"srv/app/part/yarn.lock", ""},
                          {"srv/app/yarn.lock", ""},
                          {"srv/app.old/package.json", tool},
                          {"srv/app/z/deep/package.json", package("z", "1.0.0")}}),
            "tool@1.2.3");
}

}  // namespace
}  // namespace boltseal
