// The results of test runners.
//
// JUnit's XML has no specification but its readers: <testsuites> or one <testsuite>, suites may
// nest, a <testcase> holds <failure>, <error> or <skipped>. The cases themselves are counted, not
// the totals that the suites claim; a suite that claims more failures than its cases show is
// believed that too. TAP: https://testanything.org (12 to 14): "ok", "not ok", the directives for
// what is skipped or still to do, the plan "1..N", "Bail out!"; indented subtests are summed up by
// their parent's line. `go test -json`: cmd/test2json; the last action of a test is its result, and
// a package that fails without a failed test (it did not build) counts as one.
#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <set>

#include "base/text.h"
#include "codec/value.h"
#include "codec/xml.h"
#include "custody/phase_evidence.h"

namespace boltseal {
namespace {

void count_case(const pugi::xml_node& test, TestCounts& out) {
  if (test.child("failure") || test.child("error"))
    ++out.failed;
  else if (test.child("skipped"))
    ++out.skipped;
  else
    ++out.passed;
}

// Depth is bounded by parse_xml.
TestCounts count_suite(const pugi::xml_node& suite) {
  TestCounts out;
  for (const auto& child : suite.children()) {
    const std::string_view name = child.name();
    if (name == "testcase") count_case(child, out);
    if (name != "testsuite") continue;
    const TestCounts inner = count_suite(child);
    out.passed += inner.passed;
    out.failed += inner.failed;
    out.skipped += inner.skipped;
  }
  const auto claimed = parse_u64(suite.attribute("failures").value()).value_or(0);
  const auto errors = parse_u64(suite.attribute("errors").value()).value_or(0);
  if (claimed < 1'000'000'000 && errors < 1'000'000'000)
    out.failed = std::max(out.failed, claimed + errors);
  return out;
}

bool says(std::string_view line, std::string_view directive) {
  const auto hash = line.find('#');
  return hash != std::string_view::npos &&
         lower(trim(line.substr(hash + 1))).starts_with(lower(directive));
}

}  // namespace

Result<TestCounts> read_junit(std::string_view xml) {
  pugi::xml_document document;
  TRY_DO(parse_xml(xml, document));
  const auto root = document.document_element();
  const std::string_view name = root.name();
  if (name != "testsuites" && name != "testsuite")
    return fail(Fault::unsupported, "XML that is no JUnit report");
  return count_suite(root);
}

Result<TestCounts> read_tap(std::string_view text) {
  TestCounts out;
  std::optional<std::uint64_t> plan;
  bool bailed = false;
  each_line(text, [&](std::string_view line) {
    if (line.starts_with("Bail out!")) bailed = true;
    if (line.starts_with("1..") && !plan)
      plan = parse_u64(
          trim(line.substr(3, line.find('#') == std::string_view::npos ? std::string_view::npos
                                                                       : line.find('#') - 3)));
    const bool good = line == "ok" || line.starts_with("ok ");
    const bool bad = line == "not ok" || line.starts_with("not ok ");
    if (!good && !bad) return;
    if (says(line, "skip"))
      ++out.skipped;
    else if (good)
      ++out.passed;
    else if (says(line, "todo"))
      ++out.skipped;
    else
      ++out.failed;
  });
  if (bailed) return fail(Fault::corrupt, "TAP that was bailed out of");
  if (!plan) return fail(Fault::corrupt, "TAP without a plan: did the run end?");
  if (const auto seen = out.passed + out.failed + out.skipped; seen < *plan)
    out.failed += *plan - seen;  // what was planned and did not come has not passed
  return out;
}

Result<TestCounts> read_go_test(std::string_view lines) {
  std::map<std::string, std::string> last;  // "package\ntest" → action
  std::set<std::string> failed_packages, with_failed_test;
  std::optional<Error> wrong;
  each_line(lines, [&](std::string_view line) {
    if (wrong || trim(line).empty()) return;
    const auto event = parse_json(line);
    if (!event) {
      wrong = event.error();
      return;
    }
    const Value& root = event->root();
    const std::string action = root["Action"].string(), package = root["Package"].string();
    const std::string_view test = root["Test"].text();
    if (action != "pass" && action != "fail" && action != "skip") {
      if (!test.empty() && action == "run")
        last.emplace(package + "\n" + std::string(test), "fail");
      return;
    }
    if (test.empty()) {
      if (action == "fail") failed_packages.insert(package);
      return;
    }
    last[package + "\n" + std::string(test)] = action;
    if (action == "fail") with_failed_test.insert(package);
  });
  if (wrong) return std::unexpected(*wrong);
  TestCounts out;
  for (const auto& [test, action] : last)
    ++(action == "pass" ? out.passed : action == "skip" ? out.skipped : out.failed);
  for (const auto& package : failed_packages)
    out.failed += with_failed_test.contains(package) ? 0 : 1;
  return out;
}

}  // namespace boltseal
