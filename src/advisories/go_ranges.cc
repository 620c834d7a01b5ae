// Where the Go database cannot map an advisory's versions to module versions, it says "all
// versions" in SEMVER and keeps the advisory's own numbers in custom_ranges
// (https://go.dev/doc/security/vuln/database). Believing only the first flags every version for
// ever; believing only the second misses pseudo-versions below the custom start. So:
//  - "all versions" is replaced by the custom ranges and, when none starts at 0, by everything up
//    to v0.0.0, which is where pseudo-versions of untagged modules sort;
//  - other SEMVER ranges stay beside the custom ones; one without an end ends where the custom
//    interval ends that holds its start, or else where the next custom interval begins, which
//    speaks for the rest: between the branches of a module stand the fixed versions of the older.
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

bool is_first(const Event& event) { return event.kind == Kind::introduced && event.version == "0"; }

bool from_start(const std::vector<Event>& range) { return is_first(range[0]); }

// Whether a version that a range begins with is at or past another.
bool reaches(const Event& start, const Event& bound) {
  return is_first(bound) || (!is_first(start) && !less(start.version, bound.version));
}

// The event that ends a range which begins at `start` and has no end of its own; nothing when the
// custom ranges know none either.
std::optional<Event> end_of(const Event& start, const std::vector<std::vector<Event>>& custom) {
  std::optional<Event> end, next;  // of what holds the start, and the next beginning
  for (const auto& range : custom) {
    for (std::size_t i = 0; i < range.size(); ++i) {
      const Event& begin = range[i];
      if (begin.kind != Kind::introduced) continue;
      if (!reaches(start, begin)) {
        if (!next || less(begin.version, next->version)) next = {Kind::limit, begin.version};
        continue;
      }
      if (i + 1 == range.size()) return std::nullopt;
      const Event& bound = range[i + 1];
      if (bound.kind == Kind::introduced) return std::nullopt;
      const bool holds = is_first(start) || less(start.version, bound.version) ||
                         (bound.kind == Kind::last_affected && start.version == bound.version);
      if (holds && (!end || less(end->version, bound.version))) end = bound;
    }
  }
  return end ? end : next;
}

}  // namespace

std::vector<std::vector<Event>> with_custom_ranges(std::vector<std::vector<Event>> ranges,
                                                   std::vector<std::vector<Event>> custom) {
  const bool sound = !custom.empty() && std::ranges::all_of(custom, [](const auto& range) {
    return std::ranges::all_of(range, readable);
  });
  if (!sound) return ranges;
  if (ranges.size() == 1 && ranges[0].size() == 1 && is_first(ranges[0][0])) {
    if (std::ranges::none_of(custom, from_start))
      custom.push_back({{Kind::introduced, "0"}, {Kind::last_affected, "0.0.0"}});
    return custom;
  }
  for (auto& range : ranges) {
    if (range.back().kind != Kind::introduced) continue;
    if (auto end = end_of(range.back(), custom)) range.push_back(std::move(*end));
  }
  std::ranges::move(custom, std::back_inserter(ranges));
  return ranges;
}

}  // namespace boltseal
