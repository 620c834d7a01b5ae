#include "inventory/finding.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace boltseal {
namespace {
constexpr std::array<std::string_view, 6> severities = {"unknown", "negligible", "low",
                                                        "medium",  "high",       "critical"};
constexpr std::array<std::string_view, 7> verdicts = {"affected",        "undecided",  "fixed",
                                                      "not-affected",    "suppressed", "withdrawn",
                                                      "covered-by-owner"};
constexpr std::array<std::string_view, 6> fix_states = {"unknown",  "fixed",    "not-fixed",
                                                        "wont-fix", "deferred", "end-of-life"};
}  // namespace

std::string_view name_of(Severity severity) {
  return severities.at(static_cast<std::size_t>(severity));
}
std::string_view name_of(Verdict verdict) { return verdicts.at(static_cast<std::size_t>(verdict)); }
std::string_view name_of(FixState state) { return fix_states.at(static_cast<std::size_t>(state)); }

std::optional<Severity> severity_of(std::string_view name) {
  const std::string key = lower(name);
  if (key == "moderate") return Severity::medium;
  if (key == "important") return Severity::high;
  if (key == "unimportant" || key == "none") return Severity::negligible;
  const auto found = std::ranges::find(severities, std::string_view(key));
  if (found == severities.end()) return std::nullopt;
  return static_cast<Severity>(found - severities.begin());
}

}  // namespace boltseal
