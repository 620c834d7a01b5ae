// The list of steps that turn an inventory into findings; each has its own file.
#include "match/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "match/coverage.h"
#include "match/resolve.h"
#include "match/suppress.h"

namespace boltseal {
namespace {

bool counts(Verdict v) { return v == Verdict::affected || v == Verdict::undecided; }

std::string_view kind_of(const Package& package) { return name_of(package.type); }

// Where the package was seen and which step of the build brought it.
ProofStep evidence_of(const Package& package, const ImageInfo& image) {
  std::string text = fmt::format("{} {} {}", kind_of(package), package.name, package.version);
  if (package.evidence.empty()) return {"evidence", text + " is in the inventory"};
  const Evidence& evidence = package.evidence.front();
  text += fmt::format(" is in {} ({})", evidence.path, evidence.what);
  if (evidence.layer < image.layers.size()) {
    const LayerInfo& layer = image.layers[evidence.layer];
    text += fmt::format(", layer {} {}", evidence.layer + 1,
                        layer.digest.empty() ? layer.diff_id : layer.digest);
    if (!layer.created_by.empty()) text += fmt::format(" made by \"{}\"", layer.created_by);
  }
  return {"evidence", std::move(text)};
}

ProofStep built_from(const Package& package) {
  const auto& version = package.source_version.empty() ? package.version : package.source_version;
  return {"built-from", fmt::format("{} {} is built from source {} {}", kind_of(package),
                                    package.name, package.source_name, version)};
}

class Matcher {
 public:
  Matcher(const Database& database, Report& report, bool explain)
      : report_(report),
        ecosystems_(database, report.inventory.distribution),
        resolver_(database, ecosystems_, explain) {}

  const Ecosystems& ecosystems() const { return ecosystems_; }

  void expect(const Package& package) { resolver_.expect(package); }

  Result<> package(std::uint32_t index) {
    const Package& package = report_.inventory.packages[index];
    TRY(auto found, resolver_.findings(package));
    if (found.empty()) return {};
    std::vector<ProofStep> seen = {evidence_of(package, report_.inventory.image)};
    if (is_os_package(package.type) && !package.source_name.empty() &&
        package.source_name != package.name)
      seen.push_back(built_from(package));
    const Package* owner = deciding_owner(package);
    for (Finding& finding : found) {
      finding.package = index;
      if (!finding.proof.empty())
        finding.proof.insert(finding.proof.begin(), seen.begin(), seen.end());
      const bool open = counts(finding.verdict);
      if (open && owner) {
        finding.verdict = Verdict::covered_by_owner;
        finding.proof.push_back(
            {"covered-by-owner",
             fmt::format("its files belong to {} {} {}, and {} judges that package",
                         kind_of(*owner), owner->name, owner->version, ecosystems_.wanted())});
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
    const bool decides = is_os_package(owner.type) && ecosystems_.covers(owner.type) &&
                         !ecosystems_.wanted().starts_with("Amazon");
    return decides ? &owner : nullptr;
  }

  Report& report_;
  Ecosystems ecosystems_;
  Resolver resolver_;
};

// Most urgent first: exploited, grave, fixable, then by name.
bool more_urgent(const Finding& a, const Finding& b) {
  const auto key = [](const Finding& f) {
    return std::tuple(!f.kev, -static_cast<int>(f.severity), f.fixed_versions.empty(),
                      std::string_view(f.id), f.package, std::string_view(f.record));
  };
  return key(a) < key(b);
}

// Findings are large, so their places are sorted, and each is moved once.
void sort_by_urgency(std::vector<Finding>& findings) {
  std::vector<const Finding*> order;
  order.reserve(findings.size());
  for (const Finding& finding : findings) order.push_back(&finding);
  std::ranges::sort(order, [](const Finding* a, const Finding* b) { return more_urgent(*a, *b); });
  std::vector<Finding> sorted;
  sorted.reserve(findings.size());
  for (const Finding* finding : order) {
    sorted.push_back(std::move(findings[static_cast<std::size_t>(finding - findings.data())]));
  }
  findings = std::move(sorted);
}

}  // namespace

Result<> match(const Database& database, const MatchOptions& options, Report& report) {
  report.findings.clear();
  report.dropped.clear();
  Matcher matcher(database, report, options.explain);
  std::size_t passed_over = 0;
  const auto wanted = [&](const Package& p) { return options.development || !p.development; };
  for (const Package& package : report.inventory.packages)
    if (wanted(package)) matcher.expect(package);
  for (std::uint32_t i = 0; i < report.inventory.packages.size(); ++i) {
    if (!wanted(report.inventory.packages[i])) {
      ++passed_over;
    } else {
      TRY_DO(matcher.package(i));
    }
  }
  if (passed_over > 0)
    report.notices.push_back(fmt::format(
        "{} packages that are only needed to build or test were not judged", passed_over));
  report.uncovered = uncovered(report.inventory, matcher.ecosystems());
  report.end_of_life = end_of_life(report.inventory.distribution, options.today);
  suppress(options, report);
  sort_by_urgency(report.findings);
  sort_by_urgency(report.dropped);
  return {};
}

}  // namespace boltseal
