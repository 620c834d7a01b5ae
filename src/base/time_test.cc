#include "base/time.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

TEST(Time, WritesAndReadsTheSameMoment) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(rfc3339(1'709'210'096), "2024-02-29T12:34:56Z");
  for (const std::int64_t moment : {-62'135'596'800LL, -1LL, 0LL, 951'782'400LL, 253'402'300'799LL})
    EXPECT_EQ(parse_rfc3339(rfc3339(moment)), moment);
  EXPECT_EQ(rfc3339(253'402'300'800), "253402300800");
}

TEST(Time, TakesFractionsAndOffsets) {
  EXPECT_EQ(parse_rfc3339("2024-02-29T12:34:56.999Z"), 1'709'210'096);
  EXPECT_EQ(parse_rfc3339("2024-02-29T13:34:56+01:00"), 1'709'210'096);
  EXPECT_EQ(parse_rfc3339("2024-02-29t07:04:56-05:30"), 1'709'210'096);
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2016-12-31T23:59:59Z"));
}

TEST(Time, RefusesWhatIsNone) {
  for (const char* text :
       {"", "2024-02-29", "2024-02-30T00:00:00Z", "2024-02-29T24:00:00Z", "2024-02-29T12:34:56",
        "2024-02-29T12:34:56.Z", "2024-02-29T12:34:56Z ", "2024-2-29T12:34:56Z",
        "2024-02-29 12:34:56Z", "2024-02-29T12:34:56+0100", "+024-02-29T12:34:56Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace boltseal
