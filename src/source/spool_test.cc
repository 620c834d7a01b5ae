#include "source/spool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "source/temporary_test.h"

namespace boltseal {
namespace {

// /proc takes no files, not even root's.
TEST(Spool, IsInTheTemporaryFolderWhereTheOtherGivesNone) {
  const TemporaryFolder folder;
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  for (const char* none : {"", "/proc/.cache/boltseal", "/proc/self"}) {
    const auto spool = make_spool(none);
    ASSERT_TRUE(spool) << spool.error().message();
    EXPECT_EQ(spool->folder, folder.path());
    EXPECT_TRUE(write_all(spool->file.get(), "bytes", "test"));
  }
  const auto wanted = make_spool(folder.path("cache"));
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->folder, folder.path("cache"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("cache")));
  ::setenv("TMPDIR", "/proc/nope", 1);
  const auto nowhere = make_spool("/proc/.cache");
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message().find("TMPDIR"), std::string::npos);
  if (before == nullptr)
    ::unsetenv("TMPDIR");
  else
    ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace boltseal
