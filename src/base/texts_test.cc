#include "base/texts.h"

#include <gtest/gtest.h>

#include <string>

namespace boltseal {
namespace {

TEST(Texts, LiveUntilTheirOwnerGoesWhereverItMoves) {
  Texts texts;
  std::vector<std::string_view> views;
  for (int i = 0; i < 100'000; ++i) views.push_back(texts.format("text {} of many", i));
  const std::string long_one(1 << 20, 'x');
  const auto kept = texts.keep(long_one);
  Texts moved = std::move(texts);
  EXPECT_EQ(views[0], "text 0 of many");
  EXPECT_EQ(views[99'999], "text 99999 of many");
  EXPECT_EQ(kept, long_one);
  EXPECT_EQ(texts.join({"a", "", "bc"}), "abc") << "the emptied one begins anew";
  EXPECT_EQ(views[1], "text 1 of many");
  EXPECT_EQ(moved.join({}), "");
}

}  // namespace
}  // namespace boltseal
