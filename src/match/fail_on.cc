#include "match/fail_on.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace boltseal {
namespace {

Result<> add(std::string_view word, FailCondition& out) {
  const std::string name = lower(trim(word));
  if (name == "kev")
    out.kev = true;
  else if (name == "fixable")
    out.fixable = true;
  else if (name == "undecided")
    out.undecided = true;
  else if (name == "any")
    out.any = true;
  else if (name == "uncovered")
    out.uncovered = true;
  else if (name == "eol")
    out.end_of_life = true;
  else if (name == "licence" || name == "license")
    out.licence = true;
  else if (name == "unknown")
    out.unknown = true;
  else if (const auto severity = severity_of(name); severity && name != "none" && !out.at_least)
    out.at_least = severity;
  else
    return fail(
        Fault::corrupt,
        fmt::format("\"{}\" is nothing to fail on; use a severity (negligible, low, medium, high, "
                    "critical), unknown, kev, fixable, undecided, uncovered, eol, licence, any or "
                    "none",
                    name));
  return {};
}

bool about_findings(const FailCondition& c) {
  return c.at_least || c.unknown || c.kev || c.fixable || c.undecided || c.any;
}

bool holds(const FailCondition& c, const Finding& f) {
  // What is undecided counts as a finding only where it is asked for, or where everything is.
  if (f.verdict == Verdict::undecided && !c.undecided && !c.any) return false;
  return (!c.at_least || f.severity >= *c.at_least) && (!c.kev || f.kev) &&
         (!c.unknown || f.severity == Severity::unknown) &&
         (!c.fixable || !f.fixed_versions.empty()) &&
         (!c.undecided || f.verdict == Verdict::undecided);
}

}  // namespace

Result<FailOn> parse_fail_on(std::string_view text) {
  FailOn out;
  if (lower(trim(text)) == "none") return out;
  for (const auto alternative : split(text, ',')) {
    FailCondition condition;
    for (const auto word : split(alternative, '+')) TRY_DO(add(word, condition));
    out.alternatives.push_back(condition);
  }
  return out;
}

bool fails(const FailOn& limit, const Report& report) {
  return std::ranges::any_of(limit.alternatives, [&](const FailCondition& c) {
    if (c.uncovered && report.uncovered.empty()) return false;
    if (c.end_of_life && report.end_of_life.empty()) return false;
    const bool denied = std::ranges::any_of(report.licence_issues, &LicenceIssue::denied);
    if (c.licence && !denied) return false;
    if (!about_findings(c)) return true;
    return std::ranges::any_of(report.findings, [&](const Finding& f) { return holds(c, f); });
  });
}

}  // namespace boltseal
