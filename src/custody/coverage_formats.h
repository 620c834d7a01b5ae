// Which lines tests have run through, as the tools of many languages write it.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

// Line → the tests that ran through it; empty where the format does not say which.
using CoveredLines = std::map<std::uint32_t, std::set<std::string>>;

struct LineCoverage {
  std::string format;  // "lcov", "gcov", "coverage.py", "cobertura", "jacoco", "go", "istanbul"
  std::map<std::string, CoveredLines> files = {};  // by the path that the tool wrote
  std::uint64_t covered = 0;                       // lines, each range counted anew
};

// Knows the format by the content; gzip (gcov writes it) is taken off. unsupported for what is
// none.
Result<LineCoverage> read_line_coverage(std::string_view bytes);

constexpr std::uint32_t max_covered_line = 5'000'000;
// Adds the lines `first` … `last` of a file of `of`; corrupt for lines that can be none, too_large
// when a document claims more of them than any program has.
Result<> cover_lines(LineCoverage& of, CoveredLines& lines, std::uint64_t first, std::uint64_t last,
                     const std::string& test = {});

Result<LineCoverage> read_lcov(std::string_view text);
Result<LineCoverage> read_go_cover(std::string_view text);
Result<LineCoverage> read_coverage_json(std::string_view text);  // gcov, coverage.py, Istanbul
Result<LineCoverage> read_coverage_xml(std::string_view text);   // Cobertura, JaCoCo

}  // namespace boltseal
