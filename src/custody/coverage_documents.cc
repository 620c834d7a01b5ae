// Coverage as JSON and XML.
// gcov: `gcov --json-format` (gcov(1)), files[].lines[].{line_number,count}. coverage.py: `coverage
// json`, files{}.executed_lines, and contexts{} line → tests where it ran with dynamic contexts.
// Istanbul: {path: {statementMap, s}}. Cobertura's XML (coverage.py, gcovr, cargo-tarpaulin, …):
// class/@filename below a source/ folder, line/@number and @hits. JaCoCo's XML: package/sourcefile
// with line/@nr and @ci, the covered instructions.
#include <pugixml.hpp>

#include "base/text.h"
#include "codec/value.h"
#include "codec/xml.h"
#include "custody/coverage_formats.h"

namespace boltseal {
namespace {

Result<std::uint64_t> line_number(const Value& value) {
  const auto n = value.integer();
  if (!n || *n < 1) return fail(Fault::corrupt, "coverage of a line that can be none");
  return static_cast<std::uint64_t>(*n);
}

Result<LineCoverage> read_gcov(const Value& root) {
  LineCoverage out{.format = "gcov"};
  for (const Value& file : root["files"].items()) {
    CoveredLines& lines = out.files[file["file"].string()];
    for (const Value& line : file["lines"].items()) {
      if (line["count"].number().value_or(0) <= 0) continue;
      TRY(const auto number, line_number(line["line_number"]));
      TRY_DO(cover_lines(out, lines, number, number));
    }
  }
  return out;
}

Result<LineCoverage> read_coverage_py(const Value& root) {
  LineCoverage out{.format = "coverage.py"};
  for (const auto& [path, file] : root["files"].members()) {
    CoveredLines& lines = out.files[std::string(path)];
    for (const Value& line : file["executed_lines"].items()) {
      TRY(const auto number, line_number(line));
      TRY_DO(cover_lines(out, lines, number, number));
    }
    for (const auto& [line, tests] : file["contexts"].members()) {
      const auto number = parse_u64(line);
      if (!number) return fail(Fault::corrupt, "coverage.py: a context of no line");
      for (const Value& test : tests.items())
        if (!test.text().empty()) TRY_DO(cover_lines(out, lines, *number, *number, test.string()));
    }
  }
  return out;
}

// First lines of the functions of a file, and whether one of those on it was called.
Result<std::map<std::uint64_t, bool>> istanbul_functions(const Value& file) {
  std::map<std::uint64_t, bool> out;
  for (const auto& [id, function] : file["fnMap"].members()) {
    TRY(const auto first, line_number(function["loc"]["start"]["line"]));
    out[first] |= file["f"][id].integer().value_or(0) > 0;
  }
  return out;
}

Result<LineCoverage> read_istanbul(const Value& root) {
  LineCoverage out{.format = "istanbul"};
  for (const auto& [path, file] : root.members()) {
    CoveredLines& lines = out.files[std::string(path)];
    TRY(const auto functions, istanbul_functions(file));
    for (const auto& [id, count] : file["s"].members()) {
      if (count.integer().value_or(0) <= 0) continue;
      const Value& place = file["statementMap"][id];
      TRY(const auto first, line_number(place["start"]["line"]));
      TRY(auto last, line_number(place["end"]["line"]));
      // What stands in a function inside of a statement has statements of its own.
      const auto inner = functions.lower_bound(first);
      if (inner != functions.end() && inner->first <= last) last = first;
      // "const f = () => {…}" on one line runs without f.
      if (inner != functions.end() && inner->first == first && !inner->second) continue;
      TRY_DO(cover_lines(out, lines, first, last));
    }
  }
  return out;
}

Result<std::uint64_t> line_number(const pugi::xml_attribute& attribute) {
  const auto n = parse_u64(attribute.value());
  if (!n || *n == 0) return fail(Fault::corrupt, "coverage of a line that can be none");
  return *n;
}

bool is_nonzero(const pugi::xml_attribute& attribute) {
  return parse_u64(attribute.value()).value_or(0) > 0;
}

Result<LineCoverage> read_cobertura(const pugi::xml_node& root) {
  LineCoverage out{.format = "cobertura"};
  for (const auto& package : root.child("packages").children("package")) {
    for (const auto& type : package.child("classes").children("class")) {
      CoveredLines& lines = out.files[type.attribute("filename").value()];
      for (const auto& line : type.child("lines").children("line")) {
        if (!is_nonzero(line.attribute("hits"))) continue;
        TRY(const auto number, line_number(line.attribute("number")));
        TRY_DO(cover_lines(out, lines, number, number));
      }
    }
  }
  return out;
}

// Groups may hold groups; the depth is bounded by parse_xml.
Result<> read_jacoco(const pugi::xml_node& group, LineCoverage& out) {
  for (const auto& inner : group.children("group")) TRY_DO(read_jacoco(inner, out));
  for (const auto& package : group.children("package")) {
    for (const auto& file : package.children("sourcefile")) {
      const std::string folder = package.attribute("name").value();
      CoveredLines& lines =
          out.files[(folder.empty() ? "" : folder + "/") + file.attribute("name").value()];
      for (const auto& line : file.children("line")) {
        if (!is_nonzero(line.attribute("ci"))) continue;
        TRY(const auto number, line_number(line.attribute("nr")));
        TRY_DO(cover_lines(out, lines, number, number));
      }
    }
  }
  return {};
}

// Both formats name their DTD, which nothing here needs; one with declarations of its own stays,
// and parse_xml refuses it.
std::string without_doctype(std::string_view text) {
  const auto begin = text.find("<!DOCTYPE");
  const auto end = begin == std::string_view::npos ? begin : text.find('>', begin);
  if (end == std::string_view::npos ||
      text.substr(begin, end - begin).find('[') != std::string_view::npos)
    return std::string(text);
  return std::string(text.substr(0, begin)) + std::string(text.substr(end + 1));
}

}  // namespace

Result<LineCoverage> read_coverage_json(std::string_view text) {
  TRY(const auto document, parse_json(text));
  const Value& root = document.root();
  if (root["files"].is_array() && root["gcc_version"]) return read_gcov(root);
  if (root["files"].is_object() && root["meta"]) return read_coverage_py(root);
  if (!root.members().empty() && root.members().front().value["statementMap"])
    return read_istanbul(root);
  return fail(Fault::unsupported, "JSON that is no coverage of gcov, coverage.py or Istanbul");
}

Result<LineCoverage> read_coverage_xml(std::string_view text) {
  pugi::xml_document document;
  TRY_DO(parse_xml(without_doctype(text), document));
  const auto root = document.document_element();
  if (std::string_view(root.name()) == "coverage") return read_cobertura(root);
  if (std::string_view(root.name()) != "report")
    return fail(Fault::unsupported, "XML that is no coverage of Cobertura's or JaCoCo's form");
  LineCoverage out{.format = "jacoco"};
  TRY_DO(read_jacoco(root, out));
  return out;
}

}  // namespace boltseal
