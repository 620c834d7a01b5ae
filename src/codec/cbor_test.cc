#include "codec/cbor.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace boltseal {
namespace {

Result<CborValue> parsed(std::string& keep, std::string_view hex_text) {
  keep = *unhex(hex_text);
  return parse_cbor(keep);
}

TEST(Cbor, ReadsTheExamplesOfRfc8949) {
  std::string keep;
  EXPECT_EQ(parsed(keep, "1b000000e8d4a51000")->number, 1000000000000);
  EXPECT_EQ(parsed(keep, "3903e7")->number, -1000);
  EXPECT_EQ(parsed(keep, "6449455446")->string, "IETF");
  EXPECT_EQ(parsed(keep, "4401020304")->string, "\x01\x02\x03\x04");
  EXPECT_EQ(parsed(keep, "c11a514b67b0")->items.at(0).number, 1363896240);
  const auto map = parsed(keep, "a26161016162820203");
  ASSERT_TRUE(map) << map.error().message();
  EXPECT_EQ(map->at("a").number, 1);
  EXPECT_EQ(map->at("b").items.size(), 2U);
  EXPECT_TRUE(map->at("c").is(CborValue::Kind::absent));
  EXPECT_TRUE(parsed(keep, "f5")->number);
}

TEST(Cbor, RefusesWhatHasASecondReading) {
  std::string keep;
  for (const char* text : {
           "",            // nothing
           "0000",        // two values
           "1817",        // 23 in two bytes
           "1900ff",      // 255 in three
           "5f4101ff",    // indefinite
           "61ff",        // no UTF-8
           "a201020103",  // a key twice
           "a1400102",    // a key that is bytes
           "820102ff",    // behind the end
           "83010203ff",  // the same
           "1bffffffffffffffff",
           "fb3ff199999999999a",   // floating point
           "5b7fffffffffffffff00"  // a length that is a lie
       })
    EXPECT_FALSE(parsed(keep, text)) << text;
}

TEST(Cbor, StopsAtDepthAndCount) {
  EXPECT_EQ(parse_cbor(std::string(100, '\x81') + "\x01").error().fault, Fault::too_large);
  EXPECT_EQ(parse_cbor("\x99\x75\x30" + std::string(30000, '\x01')).error().fault,
            Fault::too_large);
}

TEST(Cbor, WritesWhatItReads) {
  const std::string bytes = CborWriter()
                                .tag(18)
                                .array(4)
                                .bytes("protected")
                                .map(2)
                                .integer(33)
                                .array(1)
                                .bytes("certificate")
                                .text("agent")
                                .text("boltseal")
                                .integer(-37)
                                .integer(70000)
                                .take();
  const auto read = parse_cbor(bytes);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->number, 18);
  const auto& items = read->items.at(0).items;
  EXPECT_EQ(items.at(1).at(33).items.at(0).string, "certificate");
  EXPECT_EQ(items.at(2).number, -37);
  EXPECT_EQ(items.at(3).number, 70000);
}

}  // namespace
}  // namespace boltseal
