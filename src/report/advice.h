// What to do next: the findings of a report grouped by the one change that removes them.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "inventory/finding.h"

namespace boltseal {

// Worst first: the order in which every report shows severities.
constexpr std::array<Severity, 6> worst_first = {Severity::critical,   Severity::high,
                                                 Severity::medium,     Severity::low,
                                                 Severity::negligible, Severity::unknown};

struct SeverityCounts {
  std::array<std::uint32_t, 6> of{};  // indexed by Severity
  std::uint32_t operator[](Severity s) const { return of[static_cast<std::size_t>(s)]; }
  std::uint32_t total() const;
  void add(Severity s) { ++of[static_cast<std::size_t>(s)]; }
};

// The packages that change together (an OS source package, or one version of a library) and the
// findings that a change of them would remove. `packages` and `findings` index Inventory::packages
// and Report::findings.
struct Step {
  PackageType type = PackageType::generic;
  std::string name;       // source package of an OS package, else the package
  std::string installed;  // its version
  std::string target;     // a version that removes all of `findings`; empty where there is no fix
  std::vector<std::uint32_t> packages;  // sorted
  std::vector<std::uint32_t> findings;  // worst first
  SeverityCounts counts;        // a vulnerability counts once, in however many packages it is
  std::uint32_t exploited = 0;  // how many of them are in CISA's KEV
};

struct Advice {
  std::vector<Step> upgrades;  // the one that removes the worst findings first
  std::vector<Step> no_fix;    // same order
  std::vector<std::uint32_t>
      undecided;          // findings that nobody can judge, in the order of the report
  SeverityCounts counts;  // of all that is affected, each (step, vulnerability) once
  std::uint32_t exploited = 0;
  std::uint32_t fixable = 0;  // sum over `upgrades`
};

Advice advise(const Report& report);

// The dropped candidates by what dropped them, listed or not.
VerdictCounts count_dropped(const Report& report);

}  // namespace boltseal
