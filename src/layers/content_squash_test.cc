#include "layers/content_squash.h"

#include <gtest/gtest.h>

#include "layers/content_list.h"

namespace boltseal {
namespace {

using Kind = ContentEntry::Kind;

struct Layer {
  ContentList list;
  Layer& add(Kind kind, std::string path, FileType type, std::string extra = {}) {
    ContentEntry entry;
    entry.kind = kind;
    entry.record.path = std::move(path);
    entry.record.type = type;
    entry.record.mode = 0644;
    if (kind == Kind::record && type == FileType::file)
      entry.record.sha256 = std::string(31, '.') + (extra.empty() ? "x" : extra);
    else
      entry.record.link = std::move(extra);
    list.add(entry);
    return *this;
  }
  Layer& file(std::string path, std::string mark = {}) {
    return add(Kind::record, std::move(path), FileType::file, std::move(mark));
  }
  Layer& folder(std::string path) {
    return add(Kind::record, std::move(path), FileType::directory);
  }
  Layer& symlink(std::string path, std::string to) {
    return add(Kind::record, std::move(path), FileType::symlink, std::move(to));
  }
  Layer& hard_link(std::string path, std::string to) {
    return add(Kind::hard_link, std::move(path), FileType::file, std::move(to));
  }
  Layer& whiteout(std::string path) { return add(Kind::whiteout, std::move(path), FileType::file); }
  Layer& opaque(std::string path) { return add(Kind::opaque, std::move(path), FileType::file); }
};

struct Image {
  ContentSquash squash;
  std::uint32_t layers = 0;
  Image& lay(Layer& layer) {
    const std::string bytes = layer.list.take();
    EXPECT_TRUE(squash.apply(layers++, bytes));
    return *this;
  }
  // "path@layer", with "/" behind folders and the last byte of a file's hash.
  std::vector<std::string> paths() {
    std::vector<std::string> out;
    for (const auto& r : squash.take())
      out.push_back(r.path + (r.type == FileType::directory ? "/" : "") + "@" +
                    std::to_string(*r.layer) + (r.sha256.empty() ? "" : r.sha256.substr(31)));
    return out;
  }
};

using List = std::vector<std::string>;

TEST(ContentSquash, WhiteoutsHideLowerLayersOnly) {
  Image image;
  image.lay(Layer().folder("a").file("a/b").file("c").file("a-b"));
  image.lay(Layer().file("a/own").whiteout("a").whiteout("c").file("c", "y"));
  EXPECT_EQ(image.paths(), (List{"a/@1", "a-b@0x", "a/own@1x", "c@1y"}));
}

TEST(ContentSquash, OpaqueFoldersKeepThemselvesAndTheirOwnLayer) {
  Image image;
  image.lay(Layer().folder("a").file("a/b").folder("a/c").file("a/c/d").file("b"));
  image.lay(Layer().file("a/c/own").opaque("a"));
  EXPECT_EQ(image.paths(), (List{"a/@0", "a/c/@1", "a/c/own@1x", "b@0x"}));
  Image root;
  root.lay(Layer().file("a").file("b"));
  root.lay(Layer().opaque("").file("c"));
  EXPECT_EQ(root.paths(), (List{"c@1x"}));
}

TEST(ContentSquash, WhatALayerPutsIntoAHiddenFolderStays) {
  Image image;
  image.lay(Layer().file("a/b/c/old").file("a/d").file("a-").file("a0"));
  image.lay(Layer()
                .file("a/b/c/new")
                .opaque("a/b")
                .file("a/b/e")
                .opaque("a")
                .file("a/f")
                .whiteout("a/b")
                .whiteout("a")
                .opaque("a/b/c")
                .opaque("a"));
  EXPECT_EQ(image.paths(), (List{"a/@1", "a-@0x", "a/b/@1", "a/b/c/@1", "a/b/c/new@1x", "a/b/e@1x",
                                 "a/f@1x", "a0@0x"}));
}

// Each looked at all files below: nine hundred million steps, more than a limit allowed.
TEST(ContentSquash, FoldersThatAreHiddenOftenCostNoMore) {
  Layer below, layer;
  std::string folder = "a";
  for (int level = 0; level < 20; ++level) below.folder(folder += "/a");
  for (int i = 0; i < 30'000; ++i) layer.file(folder + "/" + std::to_string(i));
  for (std::size_t i = 0; i < 30'000; ++i)
    layer.opaque(folder.substr(0, folder.size() - i % 20 * 2));
  Image image;
  image.lay(below).lay(layer);
  EXPECT_EQ(image.squash.take().size(), 30'021U);
}

TEST(ContentSquash, FilesReplaceFoldersAndTheReverse) {
  Image image;
  image.lay(Layer().folder("a").file("a/b").file("c"));
  image.lay(Layer().file("a").folder("c").file("c/d"));
  EXPECT_EQ(image.paths(), (List{"a@1x", "c/@1", "c/d@1x"}));
}

TEST(ContentSquash, FoldersThatNoLayerNamesAreMade) {
  Image image;
  image.lay(Layer().file("a/b/c"));
  const auto records = image.squash.take();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].mode, 0755U);
  EXPECT_EQ(records[1].path, "a/b");
}

TEST(ContentSquash, FoldersThatNoLayerNamesHaveALimit) {
  Layer layer;
  for (int i = 0; i < 100; ++i) {
    std::string path = std::to_string(i);
    while (path.size() < 4000) path += "/a";
    layer.file(path);
  }
  ContentSquash squash;
  EXPECT_EQ(squash.apply(0, layer.list.take()).error().fault, Fault::too_large);
}

TEST(ContentSquash, HardLinksHaveWhatTheirTargetHadThen) {
  Image image;
  image.lay(Layer().file("a", "1").hard_link("b", "a").file("a", "2").hard_link("c", "a"));
  image.lay(Layer().hard_link("d", "b").whiteout("b").hard_link("e", "nowhere"));
  EXPECT_EQ(image.squash.take_unknowns().size(), 1U);
  EXPECT_EQ(image.paths(), (List{"a@02", "c@02", "d@11"}));
}

TEST(ContentSquash, SymlinksAreFollowedWithinTheirLayerOnly) {
  Image image;
  image.lay(Layer().folder("usr").symlink("lib", "usr").file("lib/a").symlink("x", "/usr/../usr"));
  image.lay(Layer().file("lib/b").file("x/c"));
  EXPECT_EQ(image.paths(), (List{"lib/@1", "lib/b@1x", "usr/@0", "usr/a@0x", "x/@1", "x/c@1x"}));
}

TEST(ContentSquash, SymlinksInACircleLoseTheirEntryOnly) {
  Image image;
  image.lay(Layer().symlink("a", "b").symlink("b", "a").file("a/x").file("fine"));
  EXPECT_EQ(image.squash.take_unknowns().size(), 1U);
  EXPECT_EQ(image.paths(), (List{"a@0", "b@0", "fine@0x"}));
}

TEST(ContentSquash, LinksOutOfTheRootEndAtTheRoot) {
  Image image;
  image.lay(Layer().symlink("a", "../../..").file("a/x"));
  EXPECT_EQ(image.paths(), (List{"a@0", "x@0x"}));
}

TEST(ContentList, DamagedBytesAreNoEntries) {
  Layer layer;
  const std::string bytes = layer.folder("a").file("a/b").symlink("c", "d").list.take();
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    ContentWalk walk(std::string_view(bytes).substr(0, size));
    std::size_t count = 0;
    while (walk.next()) ++count;
    EXPECT_LT(count, 3U);
  }
  ContentSquash squash;
  EXPECT_FALSE(squash.apply(0, "\x09"));
}

TEST(ContentList, PathsThatNoReaderGivesAreDamage) {
  for (const char* path : {"", "/a", "a/", "a//b", "..", "a/../b", "./a"}) {
    ContentSquash squash;
    Layer root;
    EXPECT_FALSE(squash.apply(0, root.folder(path).list.take())) << path;
    // Taking away the root took away what was being taken away.
    Layer gone;
    EXPECT_FALSE(squash.apply(1, gone.whiteout(path).list.take())) << path;
  }
  Layer everything;
  EXPECT_TRUE(ContentSquash().apply(0, everything.opaque("").list.take()));
}

}  // namespace
}  // namespace boltseal
