// RubyGems requirements ("~> 1.2.3", ">= 1.0, < 2") turned into ranges of what is left affected
// (https://guides.rubygems.org/patterns/#semantic-versioning).
//
// "~> 1.2.3" is >= 1.2.3 and below 1.3 without the pre-releases of 1.3, hence up to "1.3.a".
#include <algorithm>
#include <limits>
#include <optional>

#include "advisories/importers.h"
#include "base/text.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

// A place between versions: just before `version`, or just after it. Before the first one and after
// the last one have their own kinds.
struct Place {
  enum class Kind : std::uint8_t { start, version, end };
  Kind kind = Kind::start;
  std::string version = {};
  bool after = false;
};

bool operator<(const Place& a, const Place& b) {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.kind != Place::Kind::version) return false;
  const auto order = compare_versions(Scheme::rubygems, a.version, b.version);
  if (order == std::strong_ordering::equal) return a.after < b.after;
  return order == std::strong_ordering::less;
}

struct Interval {
  Place from{Place::Kind::start};
  Place to{Place::Kind::end};
};

// "1.2.3" → "1.3.a"; nothing when a number would not fit.
std::optional<std::string> next_release(std::string_view version) {
  std::vector<std::string> segments;
  for (const auto segment : split(version, '.')) {
    if (!parse_u64(segment)) break;  // a pre-release starts here
    segments.emplace_back(segment);
  }
  if (segments.size() > 1) segments.pop_back();
  if (segments.empty()) return std::nullopt;
  const auto last = parse_u64(segments.back());
  if (!last || *last == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  segments.back() = std::to_string(*last + 1);
  return join(segments, ".") + ".a";
}

Result<> narrow(Interval& interval, std::string_view part) {
  part = trim(part);
  const auto length = std::min(part.find_first_not_of("<>=~!"), part.size());
  const auto op = part.substr(0, length);
  const std::string version(trim(part.substr(length)));
  if (!sound_text(version) || !compare_versions(Scheme::rubygems, version, version)) {
    return fail(Fault::corrupt, "not a requirement: " + std::string(part));
  }
  const auto place = [&](bool after) { return Place{Place::Kind::version, version, after}; };
  const bool exact = op.empty() || op == "=";
  if (exact || op == ">=" || op == "~>") interval.from = std::max(interval.from, place(false));
  if (op == ">") interval.from = std::max(interval.from, place(true));
  if (exact || op == "<=") interval.to = std::min(interval.to, place(true));
  if (op == "<") interval.to = std::min(interval.to, place(false));
  if (op == "~>") {
    const auto next = next_release(version);
    if (!next) return fail(Fault::corrupt, "not a requirement: " + std::string(part));
    interval.to = std::min(interval.to, Place{Place::Kind::version, *next, false});
  } else if (!exact && op != ">=" && op != ">" && op != "<=" && op != "<") {
    return fail(Fault::unsupported, "a requirement with " + std::string(op));
  }
  return {};
}

std::vector<Event> events_of(const Place& from, const Place& to, std::vector<std::string>& points) {
  std::vector<Event> out;
  if (from.kind == Place::Kind::start) {
    out.push_back({Event::Kind::introduced, "0"});
  } else {
    out.push_back({Event::Kind::introduced, from.version});
    if (from.after) points.push_back("= " + from.version);
  }
  if (to.kind == Place::Kind::version) {
    out.push_back({to.after ? Event::Kind::last_affected : Event::Kind::fixed, to.version});
  }
  return out;
}

}  // namespace

Result<std::vector<std::vector<Event>>> affected_gems(const std::vector<std::string>& requirements,
                                                      std::vector<std::string>& points) {
  std::vector<Interval> safe;
  for (const auto& requirement : requirements) {
    Interval interval;
    for (const auto part : split(requirement, ',')) TRY_DO(narrow(interval, part));
    if (interval.from < interval.to) safe.push_back(interval);
  }
  std::ranges::sort(safe, [](const auto& a, const auto& b) { return a.from < b.from; });
  std::vector<std::vector<Event>> out;
  Place at;
  for (const auto& interval : safe) {
    if (at < interval.from) out.push_back(events_of(at, interval.from, points));
    at = std::max(at, interval.to);
  }
  if (at.kind != Place::Kind::end) out.push_back(events_of(at, {Place::Kind::end}, points));
  return out;
}

}  // namespace boltseal
