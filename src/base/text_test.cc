#include "base/text.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

TEST(Printable, EscapesWhatMovesTheCursorOrTurnsTheText) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("line\nnext\r"), "line\\x0anext\\x0d");
  EXPECT_EQ(printable("line\nnext", true), "line\nnext");
  EXPECT_EQ(printable("user\u202egnp.exe"), "user\\u{202e}gnp.exe");
  EXPECT_EQ(printable("ok \xff\xfe"), "ok \\xff\\xfe");
  EXPECT_EQ(printable("lodash\u3164"), "lodash\\u{3164}");
  EXPECT_EQ(printable("a\u2800\ufe0f\U000e0101"), "a\\u{2800}\\u{fe0f}\\u{e0101}");
  EXPECT_EQ(printable("Grüße 漢字"), "Grüße 漢字");
}

TEST(Printable, OverlongAndSurrogateFormsAreNotUtf8) {
  EXPECT_FALSE(valid_utf8("\xc0\xaf"));
  EXPECT_FALSE(valid_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(valid_utf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(valid_utf8("\xe2\x82"));
  EXPECT_EQ(valid_or_replaced_utf8("a\xe2\x82z"), "a\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST(Columns, CountsWideAndCombiningCharacters) {
  EXPECT_EQ(columns("abc"), 3u);
  EXPECT_EQ(columns("漢字"), 4u);
  EXPECT_EQ(columns("\u2705\u26a1\u2b50"), 6u);
  EXPECT_EQ(columns("\u2500\u2502\u2591\u2714"), 4u);
  EXPECT_EQ(columns("e\u0301"), 1u);
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(words("  a \t b\n"), (std::vector<std::string_view>{"a", "b"}));
}

TEST(Numbers, RefuseWhatIsNotWhollyANumber) {
  EXPECT_EQ(parse_u64("18446744073709551615"), UINT64_MAX);
  EXPECT_FALSE(parse_u64("18446744073709551616"));
  EXPECT_FALSE(parse_u64("-1"));
  EXPECT_FALSE(parse_u64("1 "));
  EXPECT_FALSE(parse_u64(""));
  EXPECT_EQ(parse_u64("0755", 8), 0755u);
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(hex(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(unhex("00ff"), std::string("\x00\xff", 2));
  EXPECT_FALSE(unhex("0g"));
  EXPECT_FALSE(unhex("0"));
}

TEST(Lines, ALastLineWithoutEndCounts) {
  std::vector<std::string> lines;
  each_line("a\r\n\nb", [&](std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "", "b"}));
}

TEST(Replace, ReplacesAll) {
  EXPECT_EQ(replace_all("aXbXX", "X", "--"), "a--b----");
  EXPECT_EQ(replace_all("abc", "", "-"), "abc");
  EXPECT_TRUE(contains_nocase("Hello World", "WORLD"));
}

}  // namespace
}  // namespace boltseal
