#include <gtest/gtest.h>

#include <cmath>

#include "codec/value.h"

namespace boltseal {
namespace {

TEST(Toml, TablesOfEveryKindMeetInOneTree) {
  const auto doc =
      parse_toml(
          "a.b.c = 1\n[x]\ny.z = 'q' # remark\n[x.w]\nk = [1, [2], { m = 3, n.o = 4 },]\n"
          "[[l]]\nn = 1\n[l.in]\nv = true\n[[l]]\n\"n\" = 2\n")
          .value();
  EXPECT_EQ(doc["a"]["b"]["c"].integer(), 1);
  EXPECT_EQ(doc["x"]["y"]["z"].text(), "q");
  EXPECT_EQ(doc["x"]["w"]["k"][1][0].integer(), 2);
  EXPECT_EQ(doc["x"]["w"]["k"][2]["n"]["o"].integer(), 4);
  EXPECT_TRUE(doc["l"][0]["in"]["v"].boolean());
  EXPECT_EQ(doc["l"][1]["n"].integer(), 2);
}

TEST(Toml, Strings) {
  const auto text = [](const char* value) {
    const auto doc = parse_toml(std::string("v = ") + value);
    return doc ? (*doc)["v"].string() : "error";
  };
  EXPECT_EQ(text(R"("tab\t \u00e9 \U0001F600 \"q\"")"), "tab\t \xc3\xa9 \xf0\x9f\x98\x80 \"q\"");
  EXPECT_EQ(text(R"('C:\no\escape')"), R"(C:\no\escape)");
  EXPECT_EQ(text("\"\"\"\r\none\r\n  two \\\n   three\"\"\"\"\""), "one\n  two three\"\"");
  EXPECT_EQ(text("'''\nit's'''"), "it's");
  EXPECT_EQ(text("\"\""), "");
  for (const char* bad : {"\"a", "'a\n'", "\"\\q\"", "\"\\ud800\"", "\"\\U00110000\"", "\"\\u12\"",
                          "\"\x01\"", "\"\"\"a", "\"\xff\""}) {
    EXPECT_EQ(text(bad), "error") << bad;
  }
}

TEST(Toml, NumbersAndDates) {
  const auto doc =
      parse_toml(
          "a = -17\nb = 0xDEAD_beef\nc = 0b101\nd = 1_000\ne = -6.25e-2\nf = +inf\ng = nan\n"
          "h = 1979-05-27 07:32:00.5-07:00\ni = 07:32\nj = 9223372036854775807\nk = 2024-02-29\n")
          .value();
  EXPECT_EQ(doc["a"].integer(), -17);
  EXPECT_EQ(doc["b"].integer(), 0xdeadbeef);
  EXPECT_EQ(doc["c"].integer(), 5);
  EXPECT_EQ(doc["d"].integer(), 1000);
  EXPECT_EQ(doc["e"].number(), -0.0625);
  EXPECT_EQ(doc["f"].number(), INFINITY);
  EXPECT_TRUE(std::isnan(*doc["g"].number()));
  EXPECT_EQ(doc["h"].text(), "1979-05-27 07:32:00.5-07:00");
  EXPECT_EQ(doc["i"].text(), "07:32");
  EXPECT_EQ(doc["j"].integer(), INT64_MAX);
  EXPECT_EQ(doc["k"].text(), "2024-02-29");
  for (const char* bad : {"012", "1__0", "_1", "1.", ".5", "1e", "0x", "0xg", "+0x1", "1e_1",
                          "9223372036854775808", "2023-02-29", "24:00:00", "1979-13-01", "True"}) {
    EXPECT_FALSE(parse_toml(std::string("v = ") + bad)) << bad;
  }
}

TEST(Toml, WhatContradictsItselfIsAnError) {
  for (const char* bad :
       {"a = 1\na = 2", "[a]\n[a]", "a = 1\n[a]", "a.b = 1\na.b.c = 2", "[a.b]\n[a]\nb.c = 1",
        "a = {}\n[a.b]", "a = [{}]\n[[a]]", "[[a]]\n[a]", "[a]\n[[a]]", "a.b = 1\n[a]",
        "a = {b = 1, b = 2}", "a = 1 b = 2", "= 1", "a", "[a", "[[a]", "[]", "a = ", "a..b = 1"}) {
    EXPECT_FALSE(parse_toml(bad)) << bad;
  }
}

// Inputs that made a library that was here before abort, or worse.
TEST(Toml, HostileShapesAreErrors) {
  for (const char* bad :
       {"x={y=1,[", "x={y=1,[[a.`]]}", "a = [1,\xd1\xa2}", "\xc3\xa9 = 1", "{", "x=[,"})
    EXPECT_FALSE(parse_toml(bad)) << bad;
  EXPECT_EQ(parse_toml("a = " + std::string(100000, '[')).error().fault, Fault::too_large);
  std::string dotted = "a", inlined = "a = ", header = "[a";
  for (int i = 0; i < 100000; ++i) {
    dotted += ".a";
    header += ".a";
    inlined += "{a=";
  }
  EXPECT_EQ(parse_toml(dotted + " = 1").error().fault, Fault::too_large);
  EXPECT_EQ(parse_toml(header + "]").error().fault, Fault::too_large);
  EXPECT_EQ(parse_toml(inlined).error().fault, Fault::too_large);
}

}  // namespace
}  // namespace boltseal
