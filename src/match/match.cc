// The list of steps that turn an inventory into findings; each has its own file.
#include "match/match.h"

#include <fmt/format.h>

#include <algorithm>
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

class Matcher {
 public:
  Matcher(const Database& database, Report& report, bool explain)
      : report_(report),
        ecosystems_(database, report.inventory.distribution),
        foreign_(foreign(report.inventory)),
        resolver_(database, ecosystems_, explain, report.texts) {}

  const Ecosystems& ecosystems() const { return ecosystems_; }
  const std::vector<std::string>& others() const { return foreign_; }

  Result<> expect(const Package& package) { return resolver_.expect(package); }

  Result<> package(std::uint32_t index) {
    const Package& package = report_.inventory.packages[index];
    TRY(auto found, resolver_.findings(package));
    for (std::size_t v = 0; v < found.unlisted.size(); ++v)
      report_.unlisted[v] += found.unlisted[v];
    if (found.findings.empty()) return {};
    std::vector<ProofStep> seen;
    const Package* owner = deciding_owner(package);
    for (Finding& finding : found.findings) {
      finding.package = index;
      if (!finding.proof.empty()) {
        if (seen.empty()) seen = seen_of(package, report_.inventory.image, report_.texts);
        finding.proof.insert(finding.proof.begin(), seen.begin(), seen.end());
      }
      const bool open = counts(finding.verdict);
      if (open && owner) {
        finding.verdict = Verdict::covered_by_owner;
        finding.proof.push_back(
            {"covered-by-owner",
             report_.texts.format("its files belong to {} {} {}, and {} judges that package",
                                  kind_of(*owner), owner->name, owner->version,
                                  ecosystems_.wanted())});
      }
      (open && !owner ? report_.findings : report_.dropped).push_back(std::move(finding));
    }
    return {};
  }

 private:
  // The OS package whose feed decides in place of the language's. Amazon's feed does not claim to
  // judge all of its packages.
  const Package* deciding_owner(const Package& package) const {
    const auto& packages = report_.inventory.packages;
    if (package.owner < 0 || static_cast<std::size_t>(package.owner) >= packages.size())
      return nullptr;
    const Package& owner = packages[static_cast<std::size_t>(package.owner)];
    const bool decides = is_os_package(owner.type) && ecosystems_.covers(owner) &&
                         foreign_[static_cast<std::size_t>(package.owner)].empty() &&
                         !ecosystems_.wanted().starts_with("Amazon");
    return decides ? &owner : nullptr;
  }

  Report& report_;
  Ecosystems ecosystems_;
  std::vector<std::string> foreign_;  // why a package is none of the distribution's own
  Resolver resolver_;
};

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
  Matcher matcher(database, report, options.explain);
  std::size_t passed_over = 0;
  const auto& others = matcher.others();
  std::vector<std::uint32_t> judged;
  for (std::uint32_t i = 0; i < report.inventory.packages.size(); ++i) {
    const Package& package = report.inventory.packages[i];
    if (package.development && !options.development) {
      ++passed_over;
    } else if (others[i].empty()) {
      judged.push_back(i);
      TRY_DO(matcher.expect(package));
    }
  }
  for (const auto i : judged) TRY_DO(matcher.package(i));
  if (passed_over > 0)
    report.notices.push_back(fmt::format(
        "{} packages that are only needed to build or test were not judged", passed_over));
  report.uncovered = uncovered(report.inventory, matcher.ecosystems(), others);
  report.end_of_life = end_of_life(report.inventory.distribution, options.today);
  suppress(options, report);
  sort_by_urgency(report.findings);
  sort_by_urgency(report.dropped);
  return {};
}

}  // namespace boltseal
