#include "layers/path_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace boltseal {
namespace {

TEST(PathTree, FindsPathsAndTheFoldersAboveThem) {
  PathTree tree;
  const auto deep = tree.insert("usr/lib/x/status");
  const auto other = tree.insert("usr/lib.old/x");
  const auto folder = tree.insert("usr/lib");
  EXPECT_EQ(tree.insert("usr/lib/x/status"), deep);
  const auto expect = [&](std::string_view path, std::uint32_t node, bool at) {
    const auto place = tree.find(path);
    EXPECT_EQ(place.node, node) << path;
    EXPECT_EQ(place.at, at) << path;
  };
  for (int twice = 0; twice < 2; ++twice) {
    expect("usr/lib/x/status", deep, true);
    expect("usr/lib/x", deep, false);
    expect("usr/lib", folder, true);
    expect("usr/lib.old", other, false);
    expect("usr/lib.old/x", other, true);
    expect("", 0, true);
    expect("usr", tree.nodes()[folder].parent, true);
    for (const auto* path : {"us", "usr/li", "usr/lib/x/status/y", "usr/lib/x/stat", "usr/lib/y"})
      expect(path, PathTree::none, false);
  }
}

TEST(PathTree, HasNoMoreThanTwoNodesForAPathHoweverDeep) {
  PathTree tree;
  std::vector<std::string> paths;
  for (int i = 0; i < 100; ++i) {
    std::string path = std::to_string(i);
    for (int level = 0; level < 2000; ++level) path += level == 1000 + i % 10 ? "/b" : "/a";
    paths.push_back(path + "/x");
    paths.push_back(path + "/y");
  }
  for (const auto& path : paths) tree.insert(path);
  EXPECT_LE(tree.nodes().size(), 2 * paths.size() + 1);
  for (const auto& path : paths) EXPECT_EQ(tree.nodes()[tree.find(path).node].path, path);
}

TEST(PathTree, TakesPathsThatAreNotClean) {
  PathTree tree;
  const std::string_view paths[] = {"/", "/a", "/b", "//", "//c", "a/", "a", "a//b"};
  for (const auto path : paths) tree.insert(path);
  for (const auto path : paths) EXPECT_EQ(tree.nodes()[tree.find(path).node].path, path);
  const auto order = tree.downwards();
  EXPECT_EQ(order.front(), 0);
  EXPECT_EQ(order.size(), tree.nodes().size());
}

}  // namespace
}  // namespace boltseal
