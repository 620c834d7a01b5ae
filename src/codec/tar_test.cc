#include "codec/tar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>

namespace boltseal {
namespace {

struct Seen {
  std::string path, link, content;
  TarEntry::Kind kind;
  bool sparse;
};

class Recorder : public TarVisitor {
 public:
  std::vector<Seen> seen;
  std::vector<std::pair<std::string, std::string>> xattrs;
  Result<bool> entry(const TarEntry& e) override {
    seen.push_back({std::string(e.path), std::string(e.link), "", e.kind, e.sparse});
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
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : h) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return h;
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

TEST(Tar, BrokenPaxRecordsAreCorrupt) {
  for (const std::string body :
       {"99 path=a\n", "3 a\n", "x path=a\n", "0 a=b\n", "10 patha\n\n\n"}) {
    Recorder r;
    EXPECT_FALSE(feed(meta('x', body) + header("f", 0), r, 512)) << body;
  }
}

TEST(Tar, SparseFilesSaySo) {
  Recorder r;
  ASSERT_TRUE(feed(meta('x', pax("GNU.sparse.major", "1") + pax("GNU.sparse.name", "real")) +
                       header("GNUSparseFile.0/real", 512) + padded("0\n") + end,
                   r, 512));
  EXPECT_TRUE(r.seen[0].sparse);
  EXPECT_EQ(r.seen[0].path, "real");
}

TEST(Tar, Base256SizesAreRead) {
  std::string h = header("big", 0);
  h.replace(124, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\0\3", 12));
  h.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : h) sum += static_cast<unsigned char>(c);
  h.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  Recorder r;
  ASSERT_TRUE(feed(h + padded("abc") + end, r, 512));
  EXPECT_EQ(r.seen[0].content, "abc");
}

}  // namespace
}  // namespace boltseal
