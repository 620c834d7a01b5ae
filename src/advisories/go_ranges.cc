// Where the Go database cannot map an advisory's versions to module versions, it says "all
// versions" in SEMVER and keeps the advisory's own numbers in custom_ranges
// (https://go.dev/doc/security/vuln/database). Believing only the first flags every version for
// ever; believing only the second misses pseudo-versions below the custom start. So:
//  - "all versions" is replaced by the custom ranges and, when none starts at 0, by everything up
//    to v0.0.0, which is where pseudo-versions of untagged modules sort;
//  - other SEMVER ranges stay beside the custom ones; one without an end gets the highest custom
//    fix as its end, if all custom ranges have one.
#include "advisories/go_ranges.h"

#include <algorithm>
#include <optional>
#include <string>

#include "versions/versions.h"

namespace boltseal {
namespace {

using Kind = Event::Kind;

bool readable(const Event& event) {
  return event.version == "0" ||
         compare_versions(Scheme::go, event.version, event.version).has_value();
}

bool less(const std::string& a, const std::string& b) {
  return compare_versions(Scheme::go, a, b) == std::strong_ordering::less;
}

// The fix after which nothing is affected; nothing when a range has no end.
std::optional<std::string> last_fix(const std::vector<std::vector<Event>>& ranges) {
  std::optional<std::string> last;
  for (const auto& range : ranges) {
    if (range.back().kind != Kind::fixed) return std::nullopt;
    if (!last || less(*last, range.back().version)) last = range.back().version;
  }
  return last;
}

}  // namespace

std::vector<std::vector<Event>> with_custom_ranges(std::vector<std::vector<Event>> ranges,
                                                   std::vector<std::vector<Event>> custom) {
  const bool sound = !custom.empty() && std::ranges::all_of(custom, [](const auto& range) {
    return std::ranges::all_of(range, readable);
  });
  if (!sound) return ranges;
  const auto is_start = [](const Event& e) {
    return e.kind == Kind::introduced && e.version == "0";
  };
  if (ranges.size() == 1 && ranges[0].size() == 1 && is_start(ranges[0][0])) {
    const bool from_start =
        std::ranges::any_of(custom, [&](const auto& r) { return is_start(r[0]); });
    if (!from_start) custom.push_back({{Kind::introduced, "0"}, {Kind::last_affected, "0.0.0"}});
    return custom;
  }
  if (const auto end = last_fix(custom)) {
    for (auto& range : ranges) {
      const Event& last = range.back();
      if (last.kind != Kind::introduced) continue;
      if (last.version == "0" || less(last.version, *end)) range.push_back({Kind::fixed, *end});
    }
  }
  std::ranges::move(custom, std::back_inserter(ranges));
  return ranges;
}

}  // namespace boltseal
