#include "codec/tar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>

namespace boltseal {
namespace {

struct Seen {
  std::string path, link, content;
  TarEntry::Kind kind;
  std::uint64_t size, stored;
};

class Recorder : public TarVisitor {
 public:
  std::vector<Seen> seen;
  std::vector<std::pair<std::string, std::string>> xattrs;
  Result<bool> entry(const TarEntry& e) override {
    seen.push_back({std::string(e.path), std::string(e.link), "", e.kind, e.size, e.stored});
    xattrs = *e.xattrs;
    return true;
  }
  Result<bool> content(std::string_view chunk) override {
    seen.back().content += chunk;
    return true;
  }
  Result<> end() override { return ++ends, Result<>{}; }
  int ends = 0;
};

// The header with its checksum.
std::string sealed(std::string h) {
  h.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : h) sum += static_cast<unsigned char>(c);
  return h.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
}

std::string header(const std::string& name, std::uint64_t size, char type = '0',
                   const std::string& link = "", bool ustar = true) {
  std::string h(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) {
    h.replace(at, text.size(), text);
  };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(108, "0001750");
  put(116, "0001750");
  put(124, fmt::format("{:011o}", size));
  put(136, "00000000000");
  h[156] = type;
  put(157, link);
  if (ustar)
    put(257, std::string("ustar\0"
                         "00",
                         8));
  return sealed(h);
}

std::string padded(std::string content) {
  content.resize((content.size() + 511) / 512 * 512);
  return content;
}

std::string pax(const std::string& key, const std::string& value) {
  const std::string rest = fmt::format(" {}={}\n", key, value);
  std::size_t length = rest.size() + 1;
  while (fmt::format("{}{}", length, rest).size() != length) ++length;
  return fmt::format("{}{}", length, rest);
}

std::string meta(char type, const std::string& body) {
  return header("meta", body.size(), type) + padded(body);
}
const std::string end(1024, '\0');

Result<> feed(const std::string& archive, Recorder& to, std::size_t step) {
  TarParser parser(to);
  for (std::size_t at = 0; at < archive.size(); at += step)
    TRY_DO(parser.feed(std::string_view(archive).substr(at, step)));
  return parser.finish();
}

TEST(Tar, GivesTheSameInChunksOfAnySize) {
  const std::string archive = header("a.txt", 5) + padded("hello") + header("dir/", 0, '5') +
                              header("ln", 0, '2', "a.txt") + header("hard", 0, '1', "a.txt") +
                              header("empty", 0) + end;
  for (const std::size_t step : {1u, 7u, 511u, 512u, 513u, 100000u}) {
    Recorder r;
    ASSERT_TRUE(feed(archive, r, step));
    ASSERT_EQ(r.seen.size(), 5u);
    EXPECT_EQ(r.seen[0].content, "hello");
    EXPECT_EQ(r.seen[1].kind, TarEntry::Kind::directory);
    EXPECT_EQ(r.seen[2].link, "a.txt");
    EXPECT_EQ(r.seen[3].kind, TarEntry::Kind::hard_link);
    EXPECT_EQ(r.ends, 5);
  }
}

TEST(Tar, PaxAndGnuNamesReplaceTheHeaders) {
  const std::string path(300, 'p');
  Recorder r;
  ASSERT_TRUE(feed(meta('x', pax("path", path) +
                                 pax("SCHILY.xattr.security.capability", std::string("\0\1", 2))) +
                       header("short", 0) + meta('L', std::string(200, 'g') + '\0') +
                       meta('K', "target") + header("short", 0, '2') + header("plain", 0) + end,
                   r, 512));
  EXPECT_EQ(r.seen[0].path, path);
  EXPECT_EQ(r.seen[1].path, std::string(200, 'g'));
  EXPECT_EQ(r.seen[1].link, "target");
  EXPECT_EQ(r.seen[2].path, "plain");
}

TEST(Tar, APaxSizeCounts) {
  Recorder r;
  ASSERT_TRUE(feed(meta('x', pax("size", "3")) + header("f", 0) + padded("abc") + end, r, 100));
  EXPECT_EQ(r.seen[0].content, "abc");
}

TEST(Tar, XattrsAreGivenWithoutTheirPrefix) {
  Recorder r;
  ASSERT_TRUE(feed(meta('x', pax("SCHILY.xattr.user.a", "1")) + header("f", 0) + end, r, 512));
  ASSERT_EQ(r.xattrs.size(), 1u);
  EXPECT_EQ(r.xattrs[0].first, "user.a");
}

TEST(Tar, AHugeExtendedHeaderIsTooLarge) {  // security record, row 9
  Recorder r;
  const auto done = feed(header("meta", 9ULL << 30, 'x') + std::string(4096, 'x'), r, 512);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::too_large);
}

TEST(Tar, ABrokenChecksumOrTruncationIsCorrupt) {
  Recorder r;
  std::string archive = header("a", 5) + padded("hello");
  archive[3] ^= 1;
  EXPECT_EQ(feed(archive, r, 512).error().fault, Fault::corrupt);
  EXPECT_EQ(feed((header("a", 5) + "hel"), r, 512).error().fault, Fault::corrupt);
  EXPECT_EQ(feed(header("a", 5).substr(0, 100), r, 512).error().fault, Fault::corrupt);
}

TEST(Tar, TheLastPaddingMayBeMissing) {
  for (const std::size_t bytes : {0, 1, 506}) {
    Recorder r;
    EXPECT_TRUE(feed(header("a", 5) + padded("hello").substr(0, 5 + bytes), r, 512)) << bytes;
  }
}

TEST(Tar, BrokenPaxRecordsAreCorrupt) {
  for (const std::string body :
       {"99 path=a\n", "3 a\n", "x path=a\n", "0 a=b\n", "10 patha\n\n\n"}) {
    Recorder r;
    EXPECT_FALSE(feed(meta('x', body) + header("f", 0), r, 512)) << body;
  }
}

// As Go's reader, and so whoever unpacks images: times that are none make a prefix of GNU's field.
TEST(Tar, APrefixInAHeaderOfGnuCountsWhereNoTimesStand) {
  const auto path_with = [](const std::string& field) {
    std::string h = header("f", 0, '0', "", false);
    h.replace(257, 8, std::string("ustar  \0", 8));
    h.replace(345, field.size(), field);
    Recorder r;
    EXPECT_TRUE(feed(sealed(h) + end, r, 512));
    return r.seen.at(0).path;
  };
  EXPECT_EQ(path_with("opt/app"), "opt/app/f");
  EXPECT_EQ(path_with(std::string("14371573471\0", 12) + "opt/app"), "14371573471/f")
      << "the second is none";
  EXPECT_EQ(path_with("14371573471 14371573471 "), "f");
  EXPECT_EQ(path_with(std::string("\0\0\0\0\0\0\0\0\0\0\0\0"
                                  "14371573471",
                                  23)),
            "f");
  EXPECT_EQ(path_with(std::string("\0pt/app", 7)), "f");
  EXPECT_EQ(path_with("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), "f") << "before 1970";
  EXPECT_EQ(path_with("opt/\xc3\xa4"), "f");
}

// A header of type 'S' as GNU tar writes it: `map` is pairs of offset and size, four at most.
std::string gnu_sparse(std::uint64_t stored, std::uint64_t real,
                       const std::vector<std::pair<std::uint64_t, std::uint64_t>>& map,
                       bool more = false) {
  std::string h = header("f", stored, 'S');
  const auto put = [&](std::size_t at, const std::string& text) {
    h.replace(at, text.size(), text);
  };
  put(257, std::string("ustar  \0", 8));
  for (std::size_t i = 0; i < map.size(); ++i)
    put(386 + 24 * i, fmt::format("{:011o} {:011o} ", map[i].first, map[i].second));
  h[482] = more ? '\1' : '\0';
  put(483, fmt::format("{:011o} ", real));
  return sealed(h);
}

std::string pairs_block(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& map) {
  std::string block;
  for (const auto& [offset, size] : map) block += fmt::format("{:011o} {:011o} ", offset, size);
  return padded(block);
}

TEST(Tar, SparseFilesAreGivenWithTheirHoles) {
  const std::string holes(5, '\0');
  const std::string real = "ab" + holes + "cd" + holes;
  const std::string map = "2\n0\n2\n7\n2\n";
  const std::vector<std::string> archives = {
      gnu_sparse(4, 14, {{0, 2}, {7, 2}}) + padded("abcd"),
      gnu_sparse(4, 14, {{0, 2}, {2, 0}, {7, 1}, {8, 0}}, true) + pairs_block({{8, 1}}) +
          padded("abcd"),
      meta('x', pax("GNU.sparse.size", "14") + pax("GNU.sparse.numblocks", "2") +
                    pax("GNU.sparse.offset", "0") + pax("GNU.sparse.numbytes", "2") +
                    pax("GNU.sparse.offset", "7") + pax("GNU.sparse.numbytes", "2")) +
          header("f", 4) + padded("abcd"),
      meta('x', pax("GNU.sparse.size", "14") + pax("GNU.sparse.numblocks", "2") +
                    pax("GNU.sparse.map", "0,2,7,2") + pax("GNU.sparse.name", "f")) +
          header("GNUSparseFile.0/f", 4) + padded("abcd"),
      meta('x', pax("GNU.sparse.major", "1") + pax("GNU.sparse.minor", "0") +
                    pax("GNU.sparse.name", "f") + pax("GNU.sparse.realsize", "14")) +
          header("GNUSparseFile.0/f", 516) + padded(map) + padded("abcd")};
  for (const auto& archive : archives) {
    for (const std::size_t step : {1u, 3u, 512u, 100000u}) {
      Recorder r;
      const auto done = feed(archive + header("next", 0) + end, r, step);
      ASSERT_TRUE(done) << done.error().message();
      ASSERT_EQ(r.seen.size(), 2u);
      EXPECT_EQ(r.seen[0].path, "f");
      EXPECT_EQ(r.seen[0].content, real);
      EXPECT_EQ(r.seen[0].size, 14u);
      EXPECT_EQ(r.seen[0].stored, 4u);
      EXPECT_EQ(r.ends, 2);
    }
  }
}

TEST(Tar, MapsThatLieAreCorrupt) {
  const std::string tail = padded("abcd") + end;
  const auto pax_map = [&](const std::string& map, const std::string& size) {
    return meta('x', pax("GNU.sparse.size", size) + pax("GNU.sparse.map", map)) + header("f", 4) +
           tail;
  };
  for (const std::string& archive :
       {gnu_sparse(4, 14, {{0, 2}, {1, 2}}) + tail,  // overlapping
        gnu_sparse(4, 8, {{0, 2}, {7, 2}}) + tail,   // beyond the end
        gnu_sparse(4, 14, {{0, 2}, {7, 9}}) + tail,  // more than is stored
        gnu_sparse(4, 14, {{7, 2}, {0, 2}}) + tail,  // backwards
        pax_map("0,4", "9223372036854775808"),       // 2^63
        pax_map("18446744073709551615,4", "14"),     // wraps
        pax_map("0,2,7", "14"),                      // half a pair
        pax_map("0,-4", "14"),                       //
        meta('x', pax("GNU.sparse.major", "1") + pax("GNU.sparse.minor", "0")) + header("f", 512) +
            padded("99999999999\n") + end,  // more pieces than there can be
        meta('x', pax("GNU.sparse.major", "1") + pax("GNU.sparse.minor", "0")) + header("f", 512) +
            std::string(512, '1') + end}) {
    Recorder r;
    EXPECT_FALSE(feed(archive, r, 512));
  }
}

TEST(Tar, HolesHaveALimitOverAllEntries) {
  std::string archive;
  const auto size = std::uint64_t{1} << 32;
  for (int i = 0; i < 2; ++i)
    archive +=
        meta('x', pax("GNU.sparse.size", fmt::format("{}", size)) + pax("GNU.sparse.map", "0,0")) +
        header("f", 0);
  struct Glutton : Recorder {
    Result<bool> content(std::string_view) override { return true; }
  } all;
  EXPECT_EQ(feed(archive + end, all, 512).error().fault, Fault::too_large);
  struct Sober : Recorder {
    Result<bool> content(std::string_view) override { return false; }
  } head;
  EXPECT_TRUE(feed(archive + end, head, 512));
}

// The next ones are how Go's archive/tar, and so what unpacks images, reads such archives.

TEST(Tar, GlobalRecordsCountForNoEntry) {
  Recorder r;
  ASSERT_TRUE(feed(meta('x', pax("path", "lost")) +
                       meta('g', pax("path", "all") + pax("size", "9")) + header("own", 3) +
                       padded("abc") + end,
                   r, 512));
  ASSERT_EQ(r.seen.size(), 1u);
  EXPECT_EQ(r.seen[0].path, "own");
  EXPECT_EQ(r.seen[0].content, "abc");
}

TEST(Tar, ALaterExtendedHeaderTakesThePlaceOfAnEarlierOne) {
  Recorder r;
  ASSERT_TRUE(feed(meta('x', pax("path", "first")) + meta('x', pax("uid", "7")) + header("own", 0) +
                       meta('L', "gnu") + meta('x', pax("path", "pax")) + header("own", 0) + end,
                   r, 512));
  EXPECT_EQ(r.seen.at(0).path, "own");
  EXPECT_EQ(r.seen.at(1).path, "gnu");
}

TEST(Tar, OnlyAnOldFileEntryWithASlashIsAFolder) {
  Recorder r;
  ASSERT_TRUE(
      feed(header("old/", 0, '\0') + header("file/", 3, '0') + padded("abc") + end, r, 512));
  EXPECT_EQ(r.seen.at(0).kind, TarEntry::Kind::directory);
  EXPECT_EQ(r.seen.at(1).kind, TarEntry::Kind::file);
  EXPECT_EQ(r.seen.at(1).content, "abc");
}

TEST(Tar, ANumberMayBeginWithNulOrSpace) {
  std::string h = header("f", 0);
  h.replace(124, 12, std::string("\0\0\0  0000003", 12));
  Recorder r;
  ASSERT_TRUE(feed(sealed(h) + padded("abc") + end, r, 512));
  EXPECT_EQ(r.seen.at(0).content, "abc");
}

TEST(Tar, Base256SizesAreRead) {
  std::string h = header("big", 0);
  h.replace(124, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\0\3", 12));
  Recorder r;
  ASSERT_TRUE(feed(sealed(h) + padded("abc") + end, r, 512));
  EXPECT_EQ(r.seen[0].content, "abc");
}

}  // namespace
}  // namespace boltseal
