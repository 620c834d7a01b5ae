#include "match/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace boltseal {
namespace {

using Order = std::strong_ordering;
using MaybeOrder = std::optional<Order>;

// How the versions of an ecosystem are written in its advisories, as compared with its packages.
class Comparer {
 public:
  Comparer(Scheme scheme, std::string_view version, bool explain, Texts& texts)
      : scheme_(scheme),
        version_(version),
        public_version_(version),
        explain_(explain),
        texts_(texts) {
    // "dev-main" sorts before every release in composer, yet says nothing of what is in it.
    branch_ =
        scheme == Scheme::packagist && (version.starts_with("dev-") || version.ends_with("-dev"));
    // Of 2.6.0+cu124 a bound without a local part means 2.6.0:
    // https://packaging.python.org/en/latest/specifications/version-specifiers/#version-matching
    if (scheme == Scheme::pep440) public_version_ = version.substr(0, version.find('+'));
  }

  MaybeOrder compare(std::string_view a, std::string_view b) const {
    if (scheme_ == Scheme::packagist)
      return compare_versions(scheme_, composer_form(a), composer_form(b));
    return compare_versions(scheme_, a, b);
  }
  // The fix that decides a range is asked for again by who lists the fixes.
  MaybeOrder to(std::string_view bound) {
    if (branch_) return std::nullopt;
    if (bound.data() != last_bound_.data() || bound.size() != last_bound_.size()) {
      last_order_ = compare(bound.contains('+') ? version_ : public_version_, bound);
      last_bound_ = bound;
    }
    return last_order_;
  }
  std::string_view version() const { return version_; }
  std::string_view scheme() const { return name_of(scheme_); }

  Texts& texts() const { return texts_; }

  // A step of the proof, in words that stand in the program; nothing when nobody asked for one, but
  // for what cannot be decided.
  ProofStep say(std::string_view rule, std::string_view text) const {
    if (!explain_) return {};
    return {rule, text};
  }
  ProofStep step(std::string_view bound, MaybeOrder order, std::string_view meaning) const {
    if (order && !explain_) return {};
    const std::string_view sign = !order       ? "has no order with"
                                  : *order < 0 ? "<"
                                  : *order > 0 ? ">"
                                               : "=";
    return {"comparison",
            texts_.join({version_, " ", sign, " ", bound, " (", name_of(scheme_), "): ", meaning})};
  }

 private:
  // Composer compares normalised versions: in lower case, with four numbers, without build metadata
  // and without the word "stable".
  static std::string composer_form(std::string_view text) {
    std::string out = lower(text.substr(0, text.find('+')));
    if (out.ends_with("stable")) {
      out.resize(out.size() - 6);
      while (out.ends_with('-') || out.ends_with('.') || out.ends_with('_')) out.pop_back();
    }
    std::size_t end = out.starts_with('v') ? 1 : 0, numbers = 0;
    while (end < out.size() && numbers < 4 && is_digit(out[end])) {
      while (end < out.size() && is_digit(out[end])) ++end;
      if (++numbers == 4 || end + 1 >= out.size() || out[end] != '.' || !is_digit(out[end + 1]))
        break;
      ++end;
    }
    std::string zeros;
    for (; numbers > 0 && numbers < 4; ++numbers) zeros += ".0";
    return out.insert(end, zeros);
  }

  Scheme scheme_;
  std::string_view version_, public_version_;
  bool explain_;
  Texts& texts_;
  bool branch_ = false;
  std::string_view last_bound_;
  MaybeOrder last_order_;
};

struct RangeVerdict {
  Verdict verdict = Verdict::not_affected;
  ProofStep step;
};

constexpr std::string_view below_all = "the record begins later";

// Events at one version follow each other so: what was before is fixed, the flaw comes (back), and
// that same version is the last one that has it.
int step_at(Event::Kind kind) {
  return kind == Event::Kind::last_affected ? 2 : kind == Event::Kind::introduced ? 1 : 0;
}

// "From 3.0 up to 3.0.0.M2": a milestone sorts before its release, so the range ends before it
// begins. By the letter everything from 3.0 on would be affected; whoever wrote it meant the end.
std::optional<RangeVerdict> upside_down(const std::vector<Event>& range, Comparer& comparer) {
  using Kind = Event::Kind;
  if (range.size() != 2) return {};
  // The database keeps events in the order of their versions, so the end comes first.
  const bool sorted = range[1].kind == Kind::introduced;
  const Event &start = range[sorted ? 1 : 0], &end = range[sorted ? 0 : 1];
  if (start.kind != Kind::introduced || start.version == "0") return {};
  if (end.kind != Kind::fixed && end.kind != Kind::last_affected) return {};
  if (comparer.compare(end.version, start.version) != Order::less) return {};
  const MaybeOrder order = comparer.to(start.version);
  if (order && *order > 0)
    return RangeVerdict{Verdict::fixed,
                        comparer.step(start.version, order,
                                      "past both ends of a range that ends before it begins")};
  return RangeVerdict{
      Verdict::undecided,
      {"comparison",
       comparer.texts().format("the record's range from {} to {} ends before it begins ({})",
                               start.version, end.version, comparer.scheme())}};
}

// The event that decides is the last one, in the order of versions, at or before the version.
RangeVerdict in_range(const std::vector<Event>& range, Comparer& comparer) {
  using Kind = Event::Kind;
  if (const auto verdict = upside_down(range, comparer)) return *verdict;
  const Event* last = nullptr;
  const Event* next = nullptr;  // the first bound above the version
  MaybeOrder last_order;
  bool limited = false, below_a_limit = false;
  for (const Event& event : range) {
    const bool from_start = event.version == "0" && event.kind != Kind::last_affected;
    if (from_start && event.kind == Kind::fixed)
      return {Verdict::not_affected,
              comparer.say("never-affected",
                           "its fix is given as version 0, which says that the package never was "
                           "affected")};
    const MaybeOrder order = from_start ? Order::greater : comparer.to(event.version);
    if (!order)
      return {Verdict::undecided, comparer.step(event.version, order, "undecided, not guessed")};
    if (event.kind == Kind::limit) {
      limited = true;
      below_a_limit |= *order < 0;
      continue;
    }
    const bool reached = event.kind == Kind::last_affected ? *order > 0 : *order >= 0;
    const Event*& best = reached ? last : next;
    if (best == nullptr) {
      best = &event;
      if (reached) last_order = order;
      continue;
    }
    MaybeOrder place = best->version == event.version ? Order::equal
                       : event.version == "0"         ? Order::less
                       : best->version == "0"         ? Order::greater
                                              : comparer.compare(event.version, best->version);
    if (!place)
      return {Verdict::undecided,
              comparer.step(event.version, order, "the record's bounds have no order")};
    if (reached ? *place > 0 || (*place == 0 && step_at(event.kind) > step_at(best->kind))
                : *place < 0) {
      best = &event;
      if (reached) last_order = order;
    }
  }
  if (last == nullptr) {
    if (next == nullptr) return {};
    return {Verdict::not_affected, comparer.step(next->version, Order::less, below_all)};
  }
  if (last->kind == Kind::fixed)
    return {Verdict::fixed, comparer.step(last->version, last_order, "at or past the fix")};
  if (last->kind == Kind::last_affected)
    return {Verdict::fixed,
            comparer.step(last->version, last_order, "past the last affected version")};
  if (limited && !below_a_limit)
    return {Verdict::not_affected,
            comparer.say("limit", "the version is past the limits of the record")};
  if (next != nullptr && next->kind == Kind::fixed)
    return {Verdict::affected, comparer.step(next->version, Order::less, "below the fix")};
  if (next != nullptr && next->kind == Kind::last_affected)
    return {Verdict::affected, comparer.step(next->version, comparer.to(next->version),
                                             "not past the last affected version")};
  if (last->version == "0")
    return {Verdict::affected,
            comparer.say("all-versions",
                         "the record says that all versions are affected; there is no fix")};
  return {Verdict::affected,
          comparer.step(last->version, last_order,
                        "at or past the version that brought the flaw; there is no fix")};
}

// "~> 1.2.3": at least that, and below 1.3 with all its pre-releases.
bool below_next(const Comparer& comparer, std::string_view bound) {
  const auto parts = split(bound, '.');
  const auto installed = split(comparer.version(), '.');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i)
    if (comparer.compare(i < installed.size() ? installed[i] : "0", parts[i]) != Order::equal)
      return false;
  return true;
}

// One requirement of the kind ">= 1.2, < 1.4"; nothing when a part cannot be read.
std::optional<bool> satisfies(Comparer& comparer, std::string_view requirement) {
  for (auto part : split(requirement, ',')) {
    part = trim(part);
    const auto length = std::min(part.find_first_not_of("<>=~!"), part.size());
    const auto op = part.substr(0, length), bound = trim(part.substr(length));
    const auto order = comparer.to(bound);
    if (!order) return std::nullopt;
    bool holds = false;
    if (op.empty() || op == "=" || op == "==")
      holds = *order == 0;
    else if (op == "!=")
      holds = *order != 0;
    else if (op == "<")
      holds = *order < 0;
    else if (op == "<=")
      holds = *order <= 0;
    else if (op == ">")
      holds = *order > 0;
    else if (op == ">=")
      holds = *order >= 0;
    else if (op == "~>")
      holds = *order >= 0 && below_next(comparer, bound);
    else
      return std::nullopt;
    if (!holds) return false;
  }
  return true;
}

bool is_listed(const Affected& affected, Comparer& comparer) {
  return std::ranges::any_of(affected.versions, [&](const std::string& listed) {
    return listed == comparer.version() || comparer.to(listed) == Order::equal;
  });
}

// Ranges that overlap ("before 12.0.7", "before 12.2.2") name fixes that others of them still
// cover; a list may hold one, too.
bool still_affected(const Affected& affected, Scheme scheme, std::string_view version) {
  Texts texts;
  Comparer comparer(scheme, version, false, texts);
  return is_listed(affected, comparer) ||
         std::ranges::any_of(affected.ranges, [&](const auto& range) {
           return in_range(range, comparer).verdict == Verdict::affected;
         });
}

void collect_fixes(const Affected& affected, Scheme scheme, Comparer& comparer, Judgement& out) {
  for (const auto& range : affected.ranges)
    for (const auto& event : range)
      if (event.kind == Event::Kind::fixed && event.version != "0") {
        const auto order = comparer.to(event.version);
        if (order == Order::less) out.fixed_versions.push_back(event.version);
        out.at_a_bound |= order == Order::equal;
      }
  auto& fixes = out.fixed_versions;
  sort_versions(scheme, fixes);
  if (affected.ranges.size() > 1 || !affected.versions.empty())
    std::erase_if(fixes, [&](auto fix) { return still_affected(affected, scheme, fix); });
  constexpr std::size_t enough = 16;
  if (fixes.size() > enough) fixes.resize(enough);
}

}  // namespace

// A plain insertion by comparison: the order of an ecosystem may have holes that a library sort
// must not see.
void sort_versions(Scheme scheme, std::vector<std::string_view>& versions) {
  if (versions.size() < 2) return;
  Texts texts;
  const Comparer comparer(scheme, {}, false, texts);
  for (std::size_t i = 1; i < versions.size(); ++i)
    for (std::size_t k = i; k > 0 && comparer.compare(versions[k], versions[k - 1]) == Order::less;
         --k)
      std::swap(versions[k], versions[k - 1]);
  versions.erase(std::ranges::unique(versions).begin(), versions.end());
}

Judgement evaluate(const Affected& affected, Scheme scheme, std::string_view version, bool explain,
                   Texts& texts) {
  Comparer comparer(scheme, version, explain, texts);
  Judgement out;
  Verdict worst = Verdict::not_affected;
  const auto add = [&](ProofStep step) {
    if (!step.rule.empty()) out.steps.push_back(step);
  };
  for (const auto& requirement : affected.unaffected) {
    const auto holds = satisfies(comparer, requirement);
    if (holds == false) continue;
    worst = holds ? Verdict::not_affected : Verdict::undecided;
    if (explain || !holds)
      add({"unaffected",
           texts.format("{} {} \"{}\", which the record names as not affected", version,
                        holds ? "satisfies" : "has no order with", requirement)});
    if (holds) return out;
  }
  const bool listed = is_listed(affected, comparer);
  if (listed) {
    worst = Verdict::affected;
    if (explain)
      add({"listed", texts.join({version, " is in the record's list of affected versions"})});
  }
  if (!listed && version.empty() && !affected.versions.empty()) {
    worst = Verdict::undecided;
    add({"listed", "the package has no version that the record's list could be asked for"});
  }
  // The gravest verdict of all ranges: affected, undecided, fixed, not affected, in the order of
  // the enumeration.
  std::vector<ProofStep> steps;
  for (const auto& range : affected.ranges) {
    auto [verdict, step] = in_range(range, comparer);
    if (verdict < worst) {
      worst = verdict;
      steps.clear();
    }
    constexpr std::size_t enough = 4;
    if (verdict == worst && !step.rule.empty() && steps.size() < enough) steps.push_back(step);
  }
  out.verdict = worst;
  std::ranges::move(steps, std::back_inserter(out.steps));
  if (explain && out.steps.empty())
    add({"unlisted", texts.join({version, " is in no range and no list of the record"})});
  if (worst <= Verdict::fixed) collect_fixes(affected, scheme, comparer, out);
  return out;
}

}  // namespace boltseal
