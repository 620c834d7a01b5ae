#include "match/match.h"

#include <gmock/gmock.h>

#include "match/sample_test.h"

namespace boltseal {
namespace {

using namespace match_sample;
using testing::HasSubstr;

TEST(Match, MoreFindingsThanAreAllowedAreAnError) {
  for (const unsigned threads : {1U, 2U}) {
    Case c;
    for (int i = 0; i < 500; ++i) {
      const auto name = fmt::format("p{}", i);
      c.with(record(fmt::format("CVE-2024-{}", i), "PyPI", name, until("2")));
      c.with(package(PackageType::pypi, name, "1.0"));
    }
    DatabaseInput input;
    input.advisories = c.advisories;
    const auto bytes = build_database(std::move(input));
    ASSERT_TRUE(bytes);
    const auto database = Database::over(*bytes);
    ASSERT_TRUE(database);
    c.options.threads = threads;
    c.options.max_findings = 500;
    EXPECT_TRUE(match(*database, c.options, c.report));
    EXPECT_EQ(c.report.findings.size(), 500U);
    c.options.max_findings = 499;
    const auto done = match(*database, c.options, c.report);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::too_large);
    EXPECT_THAT(done.error().message(), HasSubstr("over 499 findings"));
  }
}

}  // namespace
}  // namespace boltseal
