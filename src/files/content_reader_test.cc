#include "files/content_reader.h"

#include <gtest/gtest.h>

#include "layers/content_list.h"

namespace boltseal {
namespace {

using Kind = TarEntry::Kind;

struct Harness {
  ReadingLimits limits;
  ContentReader reader{limits};
  std::vector<std::pair<std::string, std::string>> xattrs;

  TarEntry entry(Kind kind, std::string_view path, std::string_view link = {}) {
    TarEntry e;
    e.kind = kind;
    e.path = path;
    e.link = link;
    e.mode = 0640;
    e.xattrs = &xattrs;
    return e;
  }
  void file(std::string_view path, std::string_view content, std::size_t step = 1 << 20) {
    TarEntry e = entry(Kind::file, path);
    e.size = e.stored = content.size();
    if (!reader.entry(e).value()) return;
    for (std::size_t at = 0; at < content.size(); at += step)
      EXPECT_TRUE(reader.content(content.substr(at, step)).value());
    EXPECT_TRUE(reader.end());
  }
  void other(const TarEntry& e) { EXPECT_FALSE(reader.entry(e).value()); }
  std::vector<ContentEntry> entries() {
    const LayerContent content = reader.take();
    unknowns = content.unknowns;
    std::vector<ContentEntry> out;
    ContentWalk walk(content.entries);
    while (walk.next()) out.push_back(walk.entry());
    EXPECT_FALSE(walk.damaged());
    return out;
  }
  std::vector<Unknown> unknowns;
};

TEST(ContentReader, HashesContentHoweverItIsCut) {
  Harness h;
  h.file("./a", "content");
  h.file("b", "content", 2);
  h.file("empty", "");
  const auto entries = h.entries();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].record.path, "a");
  EXPECT_EQ(entries[0].record.sha256, hash(HashKind::sha256, "content"));
  EXPECT_EQ(entries[1].record.sha256, entries[0].record.sha256);
  EXPECT_EQ(entries[2].record.sha256, hash(HashKind::sha256, ""));
  EXPECT_EQ(entries[0].record.mode, 0640U);
}

TEST(ContentReader, KeepsDevicesLinksAndAttributes) {
  Harness h;
  h.xattrs = {{"user.b", "2"}, {"security.capability", "c"}, {"user.b", "3"}};
  h.file("f", "x");
  h.xattrs.clear();
  TarEntry device = h.entry(Kind::character_device, "dev/null");
  device.device_major = 1;
  device.device_minor = 3;
  h.other(device);
  h.other(h.entry(Kind::symlink, "s", "target"));
  h.other(h.entry(Kind::hard_link, "h", "./f"));
  const auto entries = h.entries();
  ASSERT_EQ(entries.size(), 4U);
  using Xattrs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(entries[0].record.xattrs, (Xattrs{{"security.capability", "c"}, {"user.b", "3"}}));
  EXPECT_EQ(entries[1].record.device_minor, 3U);
  EXPECT_EQ(entries[2].record.link, "target");
  EXPECT_EQ(entries[2].record.mode, 0777U);
  EXPECT_EQ(entries[3].kind, ContentEntry::Kind::hard_link);
  EXPECT_EQ(entries[3].record.link, "f");
}

TEST(ContentReader, TellsWhiteoutsFromFiles) {
  Harness h;
  h.file("a/.wh.b", "");
  h.file("a/.wh..wh..opq", "");
  h.file(".wh..wh.plnk/1.2", "");
  h.file("a/.wh.", "");
  const auto entries = h.entries();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].kind, ContentEntry::Kind::whiteout);
  EXPECT_EQ(entries[0].record.path, "a/b");
  EXPECT_EQ(entries[1].kind, ContentEntry::Kind::opaque);
  EXPECT_EQ(entries[1].record.path, "a");
  EXPECT_EQ(h.unknowns.size(), 1U);
}

TEST(ContentReader, WhatNoRuntimeUnpacksIsTold) {
  Harness h;
  h.other(h.entry(Kind::other, "x"));
  h.other(h.entry(Kind::directory, "../out"));
  h.other(h.entry(Kind::hard_link, "h", "../../etc/passwd"));
  TarEntry owner = h.entry(Kind::directory, "d");
  owner.uid = 1ULL << 40;
  h.other(owner);
  h.other(h.entry(Kind::directory, "./"));
  EXPECT_TRUE(h.entries().empty());
  EXPECT_EQ(h.unknowns.size(), 4U);
}

}  // namespace
}  // namespace boltseal
