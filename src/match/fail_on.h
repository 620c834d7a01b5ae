// --fail-on: what makes a scan end with exit code 1.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/finding.h"

namespace boltseal {

// One alternative: all of its conditions at once.
struct FailCondition {
  std::optional<Severity> at_least;
  bool unknown = false, kev = false, fixable = false, undecided = false,
       any = false;                                              // of one finding
  bool uncovered = false, end_of_life = false, licence = false;  // of the report
};

struct FailOn {
  std::vector<FailCondition> alternatives;  // none: nothing fails
};

// "high", "critical,kev", "high+fixable": severity names (that or worse), unknown (nobody rated
// it), kev, fixable, undecided, uncovered, eol, licence (a denied one), any, none;
// "," between alternatives, "+" between what must hold of one finding. corrupt for anything else.
Result<FailOn> parse_fail_on(std::string_view text);

bool fails(const FailOn& limit, const Report& report);

}  // namespace boltseal
