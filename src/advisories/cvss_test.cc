#include "advisories/cvss.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

struct Row {
  const char* vector;
  double score;
};

// Scores as published by NVD or worked out in FIRST's examples.
TEST(Cvss, ScoresVectorsOfAllVersions) {
  constexpr Row rows[] = {
      {"AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8},
      {"(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 10.0},
      {"CVSS2#AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2},
      {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C", 6.4},
      {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H", 9.2},
      {"AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0},
      // The impact of the base is not held at 10, and its score not at 0 before the environment
      // counts.
      {"AV:L/AC:L/Au:N/C:C/I:C/A:C", 7.2},
      {"AV:L/AC:L/Au:N/C:C/I:C/A:C/E:POC/RL:U/RC:ND", 6.5},
      {"AV:L/AC:L/Au:N/C:C/I:C/A:C/CDP:N/TD:H/CR:M/IR:M/AR:M", 7.1},
      {"AV:L/AC:H/Au:M/C:P/I:N/A:N/CDP:MH/TD:ND/CR:L/IR:H/AR:ND", 3.9},
      {"AV:L/AC:H/Au:M/C:P/I:N/A:N/CDP:ND/TD:M/CR:L/IR:L/AR:M", 0.0},
      {"CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9},
      {"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0},  // CVE-2021-44228
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8},   // CVE-2022-22965
      {"CVSS:3.1/S:U/AV:N/AC:L/PR:N/UI:N/C:H/I:N/A:N", 7.5},   // any order
      {"CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U", 7.8},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MAV:P", 6.8},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3},
      {"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3},
      {"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 5.2},
      {"CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N/MSI:S/S:P", 9.7},
      {"CVSS:4.0/AV:A/AC:H/AT:N/PR:H/UI:A/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N/E:U", 0.1},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0},
  };
  for (const auto& row : rows) {
    const auto score = cvss_score(row.vector);
    ASSERT_TRUE(score) << row.vector << ": " << score.error().message();
    EXPECT_DOUBLE_EQ(*score, row.score) << row.vector;
  }
}

TEST(Cvss, RefusesWhatTheSpecificationDoesNotAllow) {
  constexpr const char* rows[] = {
      "",
      "/",
      "7.5",
      "CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:C",
      "AV:N/AC:L/Au:N/C:N/I:N",
      "AV:A/AC:L/Au:N/C:C/I:C/A:C/E:F",
      "AV:A/AC:L/Au:N/A:C/I:C/C:C",
      "CVSS:3.1",
      "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
      "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
      "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H",
      "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X",
      "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A-H",
      "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/E:A/SA:N",
      "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N",
      "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:LN/VI:L/VA:N/SC:N/SI:N/SA:N",
      "CVSS:4.0///////",
  };
  for (const auto* row : rows) EXPECT_FALSE(cvss_score(row)) << row;
  EXPECT_EQ(cvss_score(std::string(1'000'000, 'A')).error().fault, Fault::too_large);
}

TEST(Cvss, RatesScores) {
  EXPECT_EQ(cvss_severity(0.1), Severity::low);
  EXPECT_EQ(cvss_severity(3.9), Severity::low);
  EXPECT_EQ(cvss_severity(4.0), Severity::medium);
  EXPECT_EQ(cvss_severity(7.0), Severity::high);
  EXPECT_EQ(cvss_severity(9.0), Severity::critical);
  EXPECT_EQ(cvss_severity(10.0, true), Severity::high);
}

}  // namespace
}  // namespace boltseal
