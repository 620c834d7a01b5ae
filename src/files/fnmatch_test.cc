#include "files/fnmatch.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

TEST(Fnmatch, AsPythonHasIt) {
  EXPECT_TRUE(fnmatch_matches("*", "a/b"));
  EXPECT_TRUE(fnmatch_matches("src/*.[ch]", "src/x/a.c"));
  EXPECT_FALSE(fnmatch_matches("src/*.[!ch]", "src/a.c"));
  EXPECT_TRUE(fnmatch_matches("a?c",
                              "a\xc3\xa4"
                              "c"));
  EXPECT_TRUE(fnmatch_matches("[", "["));
  EXPECT_TRUE(fnmatch_matches("[]]", "]"));
  EXPECT_TRUE(fnmatch_matches("[a-c]x", "bx"));
  EXPECT_FALSE(fnmatch_matches("", "a"));
  EXPECT_FALSE(fnmatch_matches("A", "a"));
}

}  // namespace
}  // namespace boltseal
