#include "codec/unicode.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

using namespace std::string_view_literals;

TEST(Unicode, ReadsUtf16InBothOrders) {
  EXPECT_EQ(utf8_of_utf16("\xff\xfe"
                          "a\0\xe4\0\xac\x20\x3d\xd8\x00\xde"sv),
            "a\u00e4\u20ac\U0001f600");
  EXPECT_EQ(utf8_of_utf16("\xfe\xff\0a\0\xe4\x20\xac\xd8\x3d\xde\x00"sv),
            "a\u00e4\u20ac\U0001f600");
  EXPECT_EQ(utf8_of_utf16("\xff\xfe"sv), "");
}

TEST(Unicode, WantsAMark) {
  EXPECT_FALSE(utf8_of_utf16("a\0b\0"sv));
  EXPECT_FALSE(utf8_of_utf16("\xff"sv));
  EXPECT_FALSE(utf8_of_utf16(""));
}

TEST(Unicode, ReplacesHalfAPair) {
  EXPECT_EQ(utf8_of_utf16("\xff\xfe\x3d\xd8"
                          "a\0"sv),
            "\ufffda");
  EXPECT_EQ(utf8_of_utf16("\xff\xfe\x00\xde\x3d\xd8"sv), "\ufffd\ufffd");
  EXPECT_EQ(utf8_of_utf16("\xff\xfe"
                          "a\0b"sv),
            "a");
}

}  // namespace
}  // namespace boltseal
