#include "layers/squash.h"

#include <gtest/gtest.h>

#include "layers/entries.h"

namespace boltseal {
namespace {

struct Item {
  EntryKind kind;
  const char* path;
};

std::string layer(std::initializer_list<Item> items) {
  EntryList list;
  for (const auto& item : items) list.add(item.kind, item.path);
  return list.bytes();
}

std::vector<bool> squashed(const std::vector<std::string>& layers,
                           const std::vector<LayerFile>& files) {
  return squash({layers.begin(), layers.end()}, files).value();
}

constexpr auto file = EntryKind::file, folder = EntryKind::folder, whiteout = EntryKind::whiteout,
               opaque = EntryKind::opaque;

TEST(Squash, AWhiteoutHidesTheFileBelowAndAllUnderAFolder) {
  EXPECT_EQ(
      squashed({layer({{file, "a/b"}, {file, "a/c/d"}, {file, "ab"}}), layer({{whiteout, "a"}})},
               {{0, "a/b"}, {0, "a/c/d"}, {0, "ab"}}),
      (std::vector{false, false, true}));
}

TEST(Squash, AWhiteoutDoesNotTouchItsOwnLayer) {
  EXPECT_EQ(
      squashed({layer({{file, "x"}}), layer({{file, "x"}, {whiteout, "x"}})}, {{0, "x"}, {1, "x"}}),
      (std::vector{false, true}));
}

TEST(Squash, AnOpaqueFolderHidesWhatIsUnderItInLowerLayersOnly) {
  EXPECT_EQ(squashed({layer({{file, "d/old"}}), layer({{file, "d/new"}, {opaque, "d"}})},
                     {{0, "d/old"}, {1, "d/new"}, {0, "d"}}),
            (std::vector{false, true, true}));
}

TEST(Squash, AnOpaqueRootHidesEverythingBelow) {
  EXPECT_EQ(squashed({layer({{file, "a"}}), layer({{opaque, ""}})}, {{0, "a"}}),
            (std::vector{false}));
}

TEST(Squash, AFileInTheWayOfAFolderHidesIt) {
  EXPECT_EQ(squashed({layer({{file, "lib/x"}}), layer({{file, "lib"}})}, {{0, "lib/x"}}),
            (std::vector{false}));
}

TEST(Squash, AFolderOverAFileHidesTheFileAndMergesWithAFolder) {
  EXPECT_EQ(squashed({layer({{file, "a"}, {file, "b/c"}}), layer({{folder, "a"}, {folder, "b"}})},
                     {{0, "a"}, {0, "b/c"}}),
            (std::vector{false, true}));
}

TEST(Squash, TheLastOfTwoEntriesInOneLayerWins) {
  EXPECT_EQ(squashed({layer({{file, "a"}, {file, "a"}})}, {{0, "a"}, {0, "a"}}),
            (std::vector{false, true}));
}

TEST(Squash, ADamagedListIsAnError) {
  const std::string bytes = "\x07\x01";
  EXPECT_FALSE(squash({bytes}, {}));
}

TEST(Entries, ComeBackAsTheyWentIn) {
  const std::string bytes =
      layer({{folder, "usr"}, {file, "usr/bin/a"}, {file, "usr/bin/ab"}, {whiteout, "z"}});
  EntryWalk walk(bytes);
  std::vector<std::string> paths;
  while (walk.next()) paths.emplace_back(walk.path());
  EXPECT_FALSE(walk.damaged());
  EXPECT_EQ(paths, (std::vector<std::string>{"usr", "usr/bin/a", "usr/bin/ab", "z"}));
}

TEST(CleanPath, TakesAwayWhatMeansNothing) {
  std::string storage;
  for (const auto* path :
       {"usr/bin/x", "./usr/bin/x", "/usr/bin/x", "usr//bin/./x/", "./usr/bin/x/"}) {
    EXPECT_EQ(clean_path(path, storage).value(), "usr/bin/x") << path;
  }
  for (const auto* path : {"", ".", "./", "/", "//"})
    EXPECT_EQ(clean_path(path, storage).value(), "") << path;
  EXPECT_EQ(clean_path(".dockerenv", storage).value(), ".dockerenv");
  EXPECT_EQ(clean_path("a/..b", storage).value(), "a/..b");
  EXPECT_EQ(clean_path("/a/.././b//c/../d", storage).value(), "b/d");
  EXPECT_EQ(clean_path("a/..", storage).value(), "");
}

TEST(CleanPath, RefusesWhatLeavesTheImage) {  // security record, row 1
  std::string storage;
  for (const std::string& path :
       std::vector<std::string>{"../etc/passwd", "a/../../b", "a/../..", "/..",
                                std::string("a\0b", 3), std::string(20000, 'x')}) {
    EXPECT_FALSE(clean_path(path, storage)) << path;
  }
}

}  // namespace
}  // namespace boltseal
