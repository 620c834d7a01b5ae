#include "layers/squash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

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

TEST(Squash, AnOpaqueRootHidesNothingAsInOverlayfs) {
  EXPECT_EQ(squashed({layer({{file, "a"}}), layer({{opaque, ""}})}, {{0, "a"}}),
            (std::vector{true}));
}

TEST(Squash, AFolderAfterItsWhiteoutShowsWhatLiesBelowAgain) {
  const std::string low = layer({{file, "d/e/a"}, {file, "d/e/b"}});
  const std::vector<LayerFile> files = {{0, "d/e/a"}, {0, "d/e/b"}};
  const auto seen = [&](std::initializer_list<Item> items) {
    return squashed({low, layer(items)}, files);
  };
  EXPECT_EQ(seen({{whiteout, "d"}, {folder, "d"}}), (std::vector{true, true}));
  EXPECT_EQ(seen({{whiteout, "d/e"}, {folder, "d/e"}}), (std::vector{true, true}));
  EXPECT_EQ(seen({{file, "d"}, {folder, "d"}}), (std::vector{true, true}));
  EXPECT_EQ(seen({{folder, "d"}, {whiteout, "d"}}), (std::vector{false, false}));
  EXPECT_EQ(seen({{whiteout, "d/e"}, {folder, "d"}}), (std::vector{false, false}));
  EXPECT_EQ(seen({{whiteout, "d"}, {folder, "d"}, {opaque, "d"}}), (std::vector{false, false}));
  EXPECT_EQ(seen({{opaque, "d"}, {folder, "d"}}), (std::vector{false, false}));
  // Only what this layer took away is given back.
  EXPECT_EQ(
      squashed({low, layer({{whiteout, "d"}}), layer({{whiteout, "d"}, {folder, "d"}})}, files),
      (std::vector{false, false}));
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

// As the specification and overlayfs say it, file by file.
bool is_hidden(const LayerFile& read, const std::vector<std::vector<Item>>& layers) {
  for (std::size_t i = read.layer + 1; i < layers.size(); ++i) {
    std::set<std::string_view> replaced;  // files and whiteouts at and above it
    for (const Item& item : layers[i]) {
      const std::string_view path = item.path;
      const bool same = read.path == path;
      const bool below = path.empty() || read.path.starts_with(std::string(path) + "/");
      if (item.kind == folder ? same : item.kind == opaque && below && !same && !path.empty())
        return true;
      if (item.kind == folder) replaced.erase(path);
      if ((item.kind == file || item.kind == whiteout) && (same || below)) replaced.insert(path);
    }
    if (!replaced.empty()) return true;
  }
  return false;
}

TEST(Squash, SaysOfEveryFileWhatTheSpecificationSaysOfIt) {
  const char* paths[] = {"a", "a/a", "a/a/a", "a/a/b", "a/b", "a/b/a", "a.a", "a.a/a", "b/a/a", ""};
  std::uint32_t seed = 1;
  const auto next = [&](std::uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % below;
  };
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::vector<Item>> layers(3);
    for (auto& items : layers)
      for (auto n = next(3); n > 0; --n)
        items.push_back({static_cast<EntryKind>(next(4)), paths[next(std::size(paths))]});
    std::vector<LayerFile> files;
    for (std::uint32_t path = next(2); path < 9; path += 1 + next(3))
      files.push_back({next(3), paths[path]});
    std::vector<std::string> lists;
    for (const auto& items : layers) {
      EntryList list;
      for (const Item& item : items) list.add(item.kind, item.path);
      lists.push_back(list.bytes());
    }
    const auto visible = squashed(lists, files);
    for (std::size_t i = 0; i < files.size(); ++i)
      ASSERT_EQ(visible[i], !is_hidden(files[i], layers)) << round << " " << files[i].path;
  }
}

// Looking below a folder each time that it is named took 40 thousand million steps here.
TEST(Squash, AWhiteoutThatStandsTwiceCostsNoMore) {
  constexpr std::uint32_t count = 200'000;
  std::vector<std::string> names;
  std::vector<LayerFile> files;
  EntryList list;
  for (std::uint32_t i = 0; i < count; ++i) {
    names.push_back("d/" + std::to_string(i));
    list.add(whiteout, "d");
  }
  for (const auto& name : names) files.push_back({0, name});
  const auto visible = squashed({"", list.bytes()}, files);
  EXPECT_EQ(std::ranges::count(visible, true), 0);
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
  EXPECT_TRUE(clean_path(std::string(4095, 'x'), storage));
}

TEST(CleanPath, RefusesWhatLeavesTheImage) {  // security record, row 1
  std::string storage;
  for (const std::string& path :
       std::vector<std::string>{"../etc/passwd", "a/../../b", "a/../..", "/..",
                                std::string("a\0b", 3), std::string(4096, 'x')}) {
    EXPECT_FALSE(clean_path(path, storage)) << path;
  }
}

}  // namespace
}  // namespace boltseal
