// Text formats of coverage. lcov: geninfo(1), "FILES": records TN (test), SF (file), DA
// (line,count[,checksum]), end_of_record; all others are passed over. Go: a first line "mode: …",
// then "file.go:line.column,line.column statements count" (golang.org/x/tools/cover).
#include "custody/coverage_formats.h"

#include "base/text.h"
#include "codec/decompress.h"

namespace boltseal {
namespace {

constexpr std::uint64_t inflated_limit = 256 << 20, total_limit = 20'000'000;

}  // namespace

Result<> cover_lines(LineCoverage& of, CoveredLines& lines, std::uint64_t first, std::uint64_t last,
                     const std::string& test) {
  if (first == 0 || last < first || last > max_covered_line)
    return fail(Fault::corrupt, "coverage of lines that can be none");
  of.covered += last - first + 1;
  if (of.covered > total_limit)
    return fail(Fault::too_large, "coverage of more than twenty million lines");
  for (auto line = first; line <= last; ++line) {
    auto& tests = lines[static_cast<std::uint32_t>(line)];
    if (!test.empty()) tests.insert(test);
  }
  return {};
}

Result<LineCoverage> read_lcov(std::string_view text) {
  LineCoverage out{.format = "lcov"};
  std::string test;
  CoveredLines* lines = nullptr;
  Result<> state;
  each_line(text, [&](std::string_view line) {
    if (!state) return;
    if (line.starts_with("TN:")) {
      test = trim(line.substr(3));
    } else if (line.starts_with("SF:")) {
      lines = &out.files[std::string(trim(line.substr(3)))];
    } else if (line == "end_of_record") {
      lines = nullptr;
    } else if (line.starts_with("DA:")) {
      const auto parts = split(line.substr(3), ',');
      const auto number = parse_u64(parts[0]);
      const bool never = parts.size() > 1 && (parts[1] == "0" || parts[1].starts_with('-'));
      if (!lines || !number || parts.size() < 2)
        state = fail(Fault::corrupt, "lcov: a DA line out of place: " + printable(line));
      else if (!never)
        state = cover_lines(out, *lines, *number, *number, test);
    }
  });
  if (!state) return std::unexpected(state.error());
  if (lines) return fail(Fault::corrupt, "lcov: the last record does not end");
  return out;
}

Result<LineCoverage> read_go_cover(std::string_view text) {
  LineCoverage out{.format = "go"};
  Result<> state;
  each_line(text, [&](std::string_view line) {
    if (!state || line.starts_with("mode:") || trim(line).empty()) return;
    const auto fields = words(line);
    const auto colon = fields.empty() ? std::string_view::npos : fields[0].rfind(':');
    const auto range =
        colon == std::string_view::npos ? std::nullopt : cut(fields[0].substr(colon + 1), ",");
    const auto count = fields.size() == 3 ? parse_u64(fields[2]) : std::nullopt;
    const auto first = range ? parse_u64(split(range->first, '.')[0]) : std::nullopt;
    const auto last = range ? parse_u64(split(range->second, '.')[0]) : std::nullopt;
    if (!count || !first || !last)
      state = fail(Fault::corrupt, "not a line of a Go cover profile: " + printable(line));
    else if (*count > 0)
      state = cover_lines(out, out.files[std::string(fields[0].substr(0, colon))], *first, *last);
  });
  if (!state) return std::unexpected(state.error());
  return out;
}

Result<LineCoverage> read_line_coverage(std::string_view bytes) {
  if (bytes.starts_with("\x1f\x8b")) {
    TRY(const auto inflated, decompress(Compression::gzip, bytes, inflated_limit));
    if (inflated.starts_with("\x1f\x8b")) return fail(Fault::corrupt, "gzip in gzip");
    return read_line_coverage(inflated);
  }
  const auto text = trim(bytes);
  if (text.starts_with('<')) return read_coverage_xml(text);
  if (text.starts_with('{')) return read_coverage_json(text);
  if (text.starts_with("mode:")) return read_go_cover(text);
  if (text.starts_with("TN:") || text.starts_with("SF:")) return read_lcov(text);
  return fail(
      Fault::unsupported,
      "no coverage that is read here: lcov, gcov JSON, coverage.py JSON, Cobertura, JaCoCo, "
      "Go cover profile, Istanbul JSON");
}

}  // namespace boltseal
