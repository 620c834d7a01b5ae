#include "base/cursor.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

using namespace std::literals;

TEST(Cursor, ReadsNumbersOfBothOrders) {
  Cursor in("\x01\x02\x03\x04\x05\x06"sv);
  EXPECT_EQ(in.u16le(), 0x0201);
  EXPECT_EQ(in.u32be(), 0x03040506u);
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.at_end());
}

TEST(Cursor, FailsForGoodPastTheEnd) {
  Cursor in("\x01\x02"sv);
  EXPECT_EQ(in.u32le(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.bytes(1), "");
  EXPECT_EQ(in.left(), 0u);
}

TEST(Cursor, ACountThatOverflowsIsPastTheEnd) {
  Cursor in("abcdef"sv);
  in.skip(3);
  EXPECT_EQ(in.bytes(UINT64_MAX), "");
  EXPECT_FALSE(in.ok());
  Cursor slice("abcdef"sv);
  EXPECT_EQ(slice.slice(4, UINT64_MAX - 2), "");
  EXPECT_FALSE(slice.ok());
}

TEST(Cursor, VarintsOfMoreThan64BitsFail) {
  EXPECT_EQ(Cursor("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv).varint(), UINT64_MAX);
  Cursor over("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv);
  EXPECT_EQ(over.varint(), 0u);
  EXPECT_FALSE(over.ok());
  Cursor endless("\x80\x80"sv);
  endless.varint();
  EXPECT_FALSE(endless.ok());
}

TEST(Cursor, UntilNeedsItsEnd) {
  Cursor in("key=value"sv);
  EXPECT_EQ(in.until('='), "key");
  EXPECT_EQ(in.peek(), "value");
  EXPECT_EQ(in.until('='), "");
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace boltseal
