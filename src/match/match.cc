// The list of steps that turn an inventory into findings; each has its own file.
#include "match/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <thread>
#include <tuple>

#include "base/cursor.h"
#include "match/coverage.h"
#include "match/resolve.h"
#include "match/suppress.h"

namespace boltseal {
namespace {

bool counts(Verdict v) { return v == Verdict::affected || v == Verdict::undecided; }

std::string_view kind_of(const Package& package) { return name_of(package.type); }

// Where the package was seen and which step of the build brought it.
ProofStep evidence_of(const Package& package, const ImageInfo& image, Texts& texts) {
  std::string text = fmt::format("{} {} {}", kind_of(package), package.name, package.version);
  if (package.evidence.empty()) return {"evidence", texts.join({text, " is in the inventory"})};
  const Evidence& evidence = package.evidence.front();
  text += fmt::format(" is in {} ({})", evidence.path, evidence.what);
  if (evidence.layer < image.layers.size()) {
    const LayerInfo& layer = image.layers[evidence.layer];
    text += fmt::format(", layer {} {}", evidence.layer + 1,
                        layer.digest.empty() ? layer.diff_id : layer.digest);
    if (!layer.created_by.empty()) text += fmt::format(" made by \"{}\"", layer.created_by);
  }
  return {"evidence", texts.keep(text)};
}

ProofStep built_from(const Package& package, Texts& texts) {
  const auto& version = package.source_version.empty() ? package.version : package.source_version;
  return {"built-from", texts.format("{} {} is built from source {} {}", kind_of(package),
                                     package.name, package.source_name, version)};
}

// What every proof of the package begins with.
std::vector<ProofStep> seen_of(const Package& package, const ImageInfo& image, Texts& texts) {
  std::vector<ProofStep> out = {evidence_of(package, image, texts)};
  if (is_os_package(package.type) && !package.source_name.empty() &&
      package.source_name != package.name)
    out.push_back(built_from(package, texts));
  return out;
}

// What every matcher looks into.
struct Facts {
  const Database& database;
  const Inventory& inventory;
  const MatchOptions& options;
  Ecosystems ecosystems;
  std::vector<std::string> foreign;            // why a package is none of the distribution's own
  mutable std::atomic<std::size_t> found = 0;  // by all matchers

  Facts(const Database& d, const Inventory& i, const MatchOptions& o)
      : database(d),
        inventory(i),
        options(o),
        ecosystems(d, i.distribution),
        foreign(boltseal::foreign(i)) {}

  // It depends on the sum alone which scan fails, and so on no thread.
  Result<> count(std::size_t findings) const {
    if ((found += findings) <= options.max_findings) return {};
    return fail(Fault::too_large,
                fmt::format("over {} findings: too many to report; leave out with --exclude what "
                            "names so many packages, or scan in parts",
                            options.max_findings),
                inventory.image.reference);
  }
};

// Judges packages one after the other; several do so side by side.
class Matcher {
 public:
  explicit Matcher(const Facts& facts)
      : facts_(facts), resolver_(facts.database, facts.ecosystems, facts.options.explain, texts_) {}

  Result<> packages(const std::vector<std::uint32_t>& group) {
    for (const auto i : group) TRY_DO(resolver_.expect(facts_.inventory.packages[i]));
    for (const auto i : group) TRY_DO(package(i));
    return {};
  }

  void give(Report& report) {
    std::ranges::move(findings_, std::back_inserter(report.findings));
    std::ranges::move(dropped_, std::back_inserter(report.dropped));
    for (std::size_t v = 0; v < unlisted_.size(); ++v) report.unlisted[v] += unlisted_[v];
    report.texts.adopt(std::move(texts_));
  }

 private:
  Result<> package(std::uint32_t index) {
    const Package& package = facts_.inventory.packages[index];
    TRY(auto found, resolver_.findings(package));
    for (std::size_t v = 0; v < found.unlisted.size(); ++v) unlisted_[v] += found.unlisted[v];
    if (found.findings.empty()) return {};
    TRY_DO(facts_.count(found.findings.size()));
    std::vector<ProofStep> seen;
    TRY(const Package* owner, deciding_owner(package));
    for (Finding& finding : found.findings) {
      finding.package = index;
      if (!finding.proof.empty()) {
        if (seen.empty()) seen = seen_of(package, facts_.inventory.image, texts_);
        finding.proof.insert(finding.proof.begin(), seen.begin(), seen.end());
      }
      const bool open = counts(finding.verdict);
      if (open && owner) {
        finding.verdict = Verdict::covered_by_owner;
        finding.proof.push_back(
            {"covered-by-owner",
             texts_.format("its files belong to {} {} {}, and {} judges that package",
                           kind_of(*owner), owner->name, owner->version,
                           facts_.ecosystems.wanted())});
      }
      (open && !owner ? findings_ : dropped_).push_back(std::move(finding));
    }
    return {};
  }

  // The OS package whose feed decides in place of the language's. The trackers of Debian and Ubuntu
  // judge all of their packages; whoever lists only what was fixed (Alpine, Wolfi, AlmaLinux, …)
  // has judged those that it names. Amazon's feed does not claim even that.
  Result<const Package*> deciding_owner(const Package& package) const {
    const auto& packages = facts_.inventory.packages;
    if (package.owner < 0 || static_cast<std::size_t>(package.owner) >= packages.size())
      return nullptr;
    const Package& owner = packages[static_cast<std::size_t>(package.owner)];
    const std::string_view feed = facts_.ecosystems.wanted();
    if (!is_os_package(owner.type) || !facts_.ecosystems.covers(owner) ||
        !facts_.foreign[static_cast<std::size_t>(package.owner)].empty() ||
        feed.starts_with("Amazon"))
      return nullptr;
    if (feed.starts_with("Debian") || feed.starts_with("Ubuntu")) return &owner;
    for (const Key& key : facts_.ecosystems.keys(owner)) {
      TRY(const auto place, facts_.database.place_of(key.ecosystem, key.name));
      if (place) return &owner;
    }
    return nullptr;
  }

  const Facts& facts_;
  std::vector<Finding> findings_, dropped_;
  VerdictCounts unlisted_{};
  Texts texts_;  // of both
  Resolver resolver_;
};

using Groups = std::vector<std::vector<std::uint32_t>>;

// The packages to judge, those that share a source together: they ask the same questions.
Groups groups_of(const Facts& facts, std::size_t& passed_over) {
  Groups groups;
  std::map<std::string_view, std::size_t> by_source;
  for (std::uint32_t i = 0; i < facts.inventory.packages.size(); ++i) {
    const Package& package = facts.inventory.packages[i];
    if (package.development && !facts.options.development) {
      ++passed_over;
    } else if (facts.foreign[i].empty()) {
      const auto [at, is_new] = by_source.try_emplace(
          package.source_name.empty() ? package.name : package.source_name, groups.size());
      if (is_new) groups.emplace_back();
      groups[at->second].push_back(i);
    }
  }
  return groups;
}

Result<> judge(const Facts& facts, const Groups& groups, Report& report) {
  constexpr std::size_t worth_a_thread = 200;  // groups: less takes no longer than starting one
  const unsigned wanted =
      facts.options.threads ? facts.options.threads : std::thread::hardware_concurrency();
  const std::size_t count =
      std::clamp<std::size_t>(std::min<std::size_t>(wanted, groups.size() / worth_a_thread), 1, 8);
  std::deque<Matcher> matchers;
  std::vector<Result<>> outcomes(groups.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&](Matcher& matcher) {
    for (std::size_t i = next++; i < groups.size(); i = next++) {
      outcomes[i] = matcher.packages(groups[i]);
      if (!outcomes[i]) next = groups.size();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) matchers.emplace_back(facts);
  for (std::size_t i = 1; i < count; ++i) threads.emplace_back(work, std::ref(matchers[i]));
  work(matchers.front());
  for (std::thread& thread : threads) thread.join();
  for (const auto& outcome : outcomes) TRY_DO(outcome);
  for (Matcher& matcher : matchers) matcher.give(report);
  return {};
}

// The first sixteen bytes as numbers that order as they do: all there is to most ids.
std::pair<std::uint64_t, std::uint64_t> beginning(std::string_view id) {
  char bytes[16] = {};
  std::ranges::copy(id.substr(0, sizeof bytes), bytes);
  Cursor in({bytes, sizeof bytes});
  const auto first = in.u64be();
  return {first, in.u64be()};
}

// Most urgent first: exploited, grave, fixable, then by name. Findings are large, so their places
// are sorted, by numbers where those decide, and each is moved once.
void sort_by_urgency(std::vector<Finding>& findings) {
  struct Place {
    unsigned urgency;
    std::pair<std::uint64_t, std::uint64_t> id;  // its beginning
    Finding* finding;
  };
  const auto urgency = [](const Finding& f) {
    constexpr auto worst = static_cast<unsigned>(Severity::critical);
    return (f.kev ? 0U : 64U) + 2 * (worst - static_cast<unsigned>(f.severity)) +
           (f.fixed_versions.empty() ? 1U : 0U);
  };
  const auto before = [](const Place& a, const Place& b) {
    if (a.urgency != b.urgency) return a.urgency < b.urgency;
    if (a.id != b.id) return a.id < b.id;
    if (const int order = a.finding->id.compare(b.finding->id); order != 0) return order < 0;
    return std::tie(a.finding->package, a.finding->record) <
           std::tie(b.finding->package, b.finding->record);
  };
  std::vector<Place> order;
  order.reserve(findings.size());
  for (Finding& finding : findings)
    order.push_back({urgency(finding), beginning(finding.id), &finding});
  std::ranges::sort(order, before);
  std::vector<Finding> sorted;
  sorted.reserve(findings.size());
  for (const Place& place : order) sorted.push_back(std::move(*place.finding));
  findings = std::move(sorted);
}

}  // namespace

Result<> match(const Database& database, const MatchOptions& options, Report& report) {
  report.findings.clear();
  report.dropped.clear();
  report.unlisted = {};
  report.texts = {};
  const Facts facts(database, report.inventory, options);
  std::size_t passed_over = 0;
  TRY_DO(judge(facts, groups_of(facts, passed_over), report));
  if (passed_over > 0)
    report.notices.push_back(fmt::format(
        "{} packages that are only needed to build or test were not judged", passed_over));
  report.uncovered = uncovered(report.inventory, facts.ecosystems, facts.foreign);
  report.end_of_life = end_of_life(report.inventory.distribution, options.today);
  suppress(options, report);
  sort_by_urgency(report.findings);
  sort_by_urgency(report.dropped);
  return {};
}

}  // namespace boltseal
