#include "codec/deb822.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace boltseal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<ControlParagraph> all(std::string_view text) {
  std::vector<ControlParagraph> out;
  each_paragraph(text, [&](const ControlParagraph& p) {
    out.push_back(p);
    return true;
  });
  return out;
}

TEST(Deb822, ReadsFieldsInAnyCaseWithContinuationLines) {
  const auto paragraphs =
      all("\n\nPackage: a\nDescription: first\n second\n .\n\tthird\nEmpty:\n\n \t\nPACKAGE:  b  ");
  ASSERT_EQ(paragraphs.size(), 2U);
  EXPECT_EQ(paragraphs[0]["package"], "a");
  EXPECT_EQ(paragraphs[0]["Description"], "first\n second\n .\n\tthird");
  EXPECT_EQ(paragraphs[0].first_line("description"), "first");
  EXPECT_EQ(paragraphs[0]["Empty"], "");
  EXPECT_EQ(paragraphs[0]["absent"], "");
  EXPECT_EQ(paragraphs[0].offset, 2U);
  EXPECT_EQ(paragraphs[1]["Package"], "b");
}

TEST(Deb822, TheFirstOfTwoEqualFieldsCounts) { EXPECT_EQ(all("A: 1\na: 2\n")[0]["A"], "1"); }

TEST(Deb822, AValueMayBeginOnTheNextLine) {
  const auto paragraphs = all("Depends:\n a,\n b\nEnd: x\r\n");
  EXPECT_EQ(paragraphs[0]["Depends"], "a,\n b");
  EXPECT_EQ(paragraphs[0]["End"], "x");
}

TEST(Deb822, NamesTheFirstBrokenLineAndReadsOn) {
  const auto paragraphs =
      all("# comment\nA: 1\nnonsense\nB: 2\n\n continuation of nothing\n\n: x\n");
  ASSERT_EQ(paragraphs.size(), 3U);
  EXPECT_EQ(paragraphs[0].broken, 15U);
  EXPECT_EQ(paragraphs[0]["B"], "2");
  EXPECT_TRUE(paragraphs[1].broken);
  EXPECT_TRUE(paragraphs[2].broken);
}

TEST(Deb822, StopsWhenToldAndGivesNothingForNothing) {
  int calls = 0;
  each_paragraph("A: 1\n\nB: 2\n\n", [&](const ControlParagraph&) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(all(""), IsEmpty());
  EXPECT_THAT(all("\n\n#\n \n"), IsEmpty());
}

TEST(Deb822, FieldsHaveABound) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "F: x\n continued\n";
  const auto paragraphs = all(text);
  ASSERT_EQ(paragraphs.size(), 1U);
  EXPECT_EQ(paragraphs[0].fields.size(), ControlParagraph::max_fields);
  EXPECT_FALSE(paragraphs[0].broken);
}

TEST(RelationNames, DropVersionsArchitecturesAndProfiles) {
  EXPECT_THAT(relation_names("a (>= 1), b:any|c [amd64] | d <!nocheck> ,\n e(= 1),, a"),
              ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(relation_names(""), IsEmpty());
  EXPECT_THAT(relation_names("a,b,c", 2), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace boltseal
