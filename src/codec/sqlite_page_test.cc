#include "codec/sqlite_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace boltseal {
namespace {

using testing::ElementsAre;

struct Outcome {
  std::vector<std::string> rows;
  int damages = 0;
  bool ok = false;
  Fault fault = Fault::io;
};

Outcome scan(std::string_view file, std::string_view table) {
  Outcome out;
  const auto row = [&](std::int64_t id, std::span<const SqliteValue> values) {
    std::string text = std::to_string(id);
    for (const auto& v : values) {
      using Kind = SqliteValue::Kind;
      text += v.kind == Kind::null      ? " null"
              : v.kind == Kind::integer ? " " + std::to_string(v.integer)
              : v.kind == Kind::text    ? " '" + std::string(v.bytes) + "'"
                                        : " x" + hex(v.bytes);
    }
    out.rows.push_back(text);
  };
  const auto result = scan_sqlite_table(file, table, {row, [&](const Error&) { ++out.damages; }});
  out.ok = result.has_value();
  if (!result) out.fault = result.error().fault;
  return out;
}

std::string be(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string page(std::string_view head, std::string_view cells, std::size_t size = 512) {
  std::string out(head);
  out.resize(size - cells.size());
  return out.append(cells);
}

// A database of pages of 512 bytes: the schema, and the table `t` on page 2.
std::string database(std::string_view second, std::string_view more = {}) {
  const std::string record =
      std::string("\6\x17\x0f\x0f\1\x0f", 6) + "tabletT\2" + "s";  // type name tbl_name root sql
  const std::string cell = std::string(1, static_cast<char>(record.size())) + "\1" + record;
  std::string head("SQLite format 3\0", 16);
  head += be(512, 2) + "\1\1" + std::string("\0", 1) + "\x40\x20\x20";
  head.resize(56);
  head += be(1, 4);
  head.resize(100);
  head +=
      "\x0d" + be(0, 2) + be(1, 2) + be(512 - cell.size(), 2) + be(0, 1) + be(512 - cell.size(), 2);
  return page(head, cell) + std::string(second) + std::string(more);
}

std::string leaf(std::string_view cell) {
  return page(
      "\x0d" + be(0, 2) + be(1, 2) + be(512 - cell.size(), 2) + be(0, 1) + be(512 - cell.size(), 2),
      cell);
}

TEST(Sqlite, ReadsEverySerialType) {
  // Header of 11 bytes, then types 0 1 2 3 4 5 6 8 9 blob(1) text(2).
  const std::string record = std::string("\x0c\0\1\2\3\4\5\6\x08\x09\x0e\x11", 12) + "\xff" +
                             be(0x0102, 2) + be(0xfffffe, 3) + be(5, 4) + be(6, 6) + be(~0ULL, 8) +
                             "\x7f" + "hi";
  const auto out =
      scan(database(leaf(std::string(1, static_cast<char>(record.size())) + "\x07" + record)), "T");
  EXPECT_TRUE(out.ok);
  EXPECT_EQ(out.damages, 0);
  EXPECT_THAT(out.rows, ElementsAre("7 null -1 258 -2 5 6 -1 0 1 x7f 'hi'"));
}

TEST(Sqlite, WalksInteriorPagesInOrder) {
  const std::string interior =
      page("\x05" + be(0, 2) + be(1, 2) + be(507, 2) + be(0, 1) + be(4, 4) + be(507, 2),
           be(3, 4) + "\1");
  const auto out = scan(database(interior, leaf(std::string("\3\1\2\x0f", 4) + "a") +
                                               leaf(std::string("\3\2\2\x0f", 4) + "b")),
                        "t");
  EXPECT_THAT(out.rows, ElementsAre("1 'a'", "2 'b'"));
}

TEST(Sqlite, APageServesOnce) {
  // The interior page is its own child and its own right neighbour.
  const auto out = scan(
      database(page("\x05" + be(0, 2) + be(1, 2) + be(507, 2) + be(0, 1) + be(2, 4) + be(507, 2),
                    be(2, 4) + "\1")),
      "t");
  EXPECT_TRUE(out.ok);
  EXPECT_EQ(out.damages, 2);
}

TEST(Sqlite, SaysWhatIsNoDatabase) {
  EXPECT_EQ(scan("", "t").fault, Fault::corrupt);
  EXPECT_EQ(scan("SQLite format 3", "t").fault, Fault::corrupt);
  EXPECT_EQ(scan(database(""), "other").fault, Fault::not_found);
  std::string utf16 = database("");
  utf16[59] = 2;
  EXPECT_EQ(scan(utf16, "t").fault, Fault::unsupported);
  std::string odd = database("");
  odd[17] = 3;
  EXPECT_EQ(scan(odd, "t").fault, Fault::corrupt);
}

TEST(Sqlite, CellsDoNotOverlap) {
  // 200 cell pointers to one cell of 102 bytes.
  std::string cell = std::string("\x64\1\3\x81\x4f", 5) + std::string(97, 'x');
  std::string head = "\x0d" + be(0, 2) + be(200, 2) + be(0, 3);
  for (int i = 0; i < 200; ++i) head += be(512 - cell.size(), 2);
  const auto out = scan(database(page(head, cell)), "t");
  EXPECT_LE(out.rows.size(), 6U);
  EXPECT_EQ(out.damages, 1);
}

TEST(Sqlite, ClaimsBeyondTheFileAreDamage) {
  EXPECT_EQ(scan(database(""), "t").damages, 1);  // page 2 is not there
  EXPECT_EQ(
      scan(database(leaf(std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10))), "t").damages,
      1);
  EXPECT_EQ(scan(database(leaf(std::string("\3\1\2\x7f", 4) + "a")), "t").damages,
            1);  // a text of 57 bytes in one
  // 65,535 cells in a page: at most a hundred complaints.
  EXPECT_LE(scan(database(page("\x05" + be(0, 2) + be(65'535, 2) + be(0, 3) + be(9, 4), "")), "t")
                .damages,
            100);
}

}  // namespace
}  // namespace boltseal
