// Go programs whose version was given to the linker, and records that name commits.
#include <gmock/gmock.h>

#include "match/sample_test.h"

namespace boltseal {
namespace {

using match_sample::Case;
using match_sample::package;
using match_sample::proof;
using match_sample::record;
using match_sample::until;
using testing::HasSubstr;

const std::string fix = "0.0.0-20260501000000-0123456789ab";

// The verdict on a program of version v3.0.0 whose build recorded `built_from`.
std::string verdict(const std::string& built_from, const std::string& fixed,
                    const std::string& version = "v3.0.0") {
  Case c;
  Package program = package(PackageType::golang, "example.org/m", version);
  program.source_version = built_from;
  const auto& r = c.with(record("GO-1", "Go", "example.org/m", until(fixed))).with(program).run();
  const auto& all = r.findings.empty() ? r.dropped : r.findings;
  return all.size() == 1 ? std::string(name_of(all[0].verdict)) : "none";
}

TEST(GoCommits, AreComparedWithWhatTheBuildRecorded) {
  EXPECT_EQ(verdict("v0.0.0-20260401000000-abcdefabcdef", fix), "affected");
  EXPECT_EQ(verdict("v0.0.0-20260601000000-abcdefabcdef+dirty", fix), "fixed");
  EXPECT_EQ(verdict("(devel)", fix), "undecided");
}

TEST(GoCommits, TheProofSaysWhatWasCompared) {
  for (const bool explain : {false, true}) {
    Case c;
    c.options.explain = explain;
    Package program = package(PackageType::golang, "example.org/m", "v3.0.0");
    program.source_version = "(devel)";
    const auto& r = c.with(record("GO-1", "Go", "example.org/m", until(fix))).with(program).run();
    ASSERT_EQ(r.findings.size(), 1U);
    EXPECT_THAT(proof(r.findings[0]),
                HasSubstr("asked about (devel), which the program was built"));
    EXPECT_THAT(proof(r.findings[0]), HasSubstr("(devel) has no order with " + fix));
  }
}

TEST(GoCommits, HaveAnOrderWithAVersionOfAModule) {
  EXPECT_EQ(verdict("", fix), "fixed") << "a tag, as of golang.org/x/crypto";
}

TEST(GoCommits, ReleasesAreComparedWithTheVersionOfTheProgram) {
  for (const auto* built_from : {"(devel)", "v0.0.0-20260401000000-abcdefabcdef"}) {
    EXPECT_EQ(verdict(built_from, "3.1.0"), "affected");
    EXPECT_EQ(verdict(built_from, "3.0.0"), "fixed");
  }
}

TEST(GoCommits, TheGraverAnswerHoldsWhereARecordNamesBoth) {
  Case c;
  Package program = package(PackageType::golang, "example.org/m", "v3.0.0");
  program.source_version = "v0.0.0-20260601000000-abcdefabcdef";
  auto both = record("GO-1", "Go", "example.org/m", until(fix));
  both.affected[0].ranges.push_back(until("3.0.1", "3.0.0"));
  const auto& r = c.with(both).with(program).run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_THAT(proof(r.findings[0]), HasSubstr("v3.0.0 < 3.0.1"));
}

TEST(GoCommits, TwoBuildsOfOneVersionAreAskedOneByOne) {
  Case c;
  Package old = package(PackageType::golang, "example.org/m", "v3.0.0", "a");
  Package recent = package(PackageType::golang, "example.org/m", "v3.0.0", "b");
  old.source_version = "v0.0.0-20260401000000-abcdefabcdef";
  recent.source_version = "v0.0.0-20260601000000-abcdefabcdef";
  const auto& r =
      c.with(record("GO-1", "Go", "example.org/m", until(fix))).with(recent).with(old).run();
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].package, 1U);
}

}  // namespace
}  // namespace boltseal
