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
  std::map<std::string, CoveredLines> files;  // by the path that the tool wrote
};

// Knows the format by the content; gzip (gcov writes it) is taken off. unsupported for what is
// none.
Result<LineCoverage> read_line_coverage(std::string_view bytes);

constexpr std::uint32_t max_covered_line = 5'000'000;
// Adds the lines `first` … `last`; corrupt for a range of more than max_covered_line.
Result<> cover_lines(CoveredLines& lines, std::uint64_t first, std::uint64_t last,
                     const std::string& test = {});

Result<LineCoverage> read_lcov(std::string_view text);
Result<LineCoverage> read_go_cover(std::string_view text);
Result<LineCoverage> read_coverage_json(std::string_view text);  // gcov, coverage.py, Istanbul
Result<LineCoverage> read_coverage_xml(std::string_view text);   // Cobertura, JaCoCo

}  // namespace boltseal
