#include "report/advice.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "base/text.h"
#include "match/ecosystem.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

// Steps of one kind while they grow, found by what makes packages change together.
struct Steps {
  std::map<std::tuple<PackageType, std::string, std::string>, std::size_t> index;
  std::vector<Step> list;

  Step& of(const Package& package) {
    // Binary packages of one source share its version and are upgraded together.
    const bool source = is_os_package(package.type) && !package.source_name.empty();
    const std::string& name = source ? package.source_name : package.name;
    const bool other = source && !package.source_version.empty();
    const std::string& version = other ? package.source_version : package.version;
    const auto [found, fresh] = index.try_emplace({package.type, name, version}, list.size());
    if (fresh) {
      Step& step = list.emplace_back();
      step.type = package.type;
      step.name = name;
      step.installed = version;
    }
    return list[found->second];
  }
};

std::optional<Scheme> scheme_of_package(const Package& package) {
  switch (package.type) {
    case PackageType::deb:
      return Scheme::dpkg;
    case PackageType::apk:
      return Scheme::apk;
    case PackageType::rpm:
      return Scheme::rpm;
    case PackageType::pypi:
      return Scheme::pep440;
    case PackageType::npm:
      return Scheme::npm;
    case PackageType::maven:
      return Scheme::maven;
    case PackageType::golang:
      return Scheme::go;
    case PackageType::cargo:
      return Scheme::semver;
    case PackageType::gem:
      return Scheme::rubygems;
    case PackageType::composer:
      return Scheme::packagist;
    case PackageType::nuget:
      return Scheme::nuget;
    case PackageType::generic:
      return scheme_of(language_ecosystem(package));
  }
  return std::nullopt;
}

bool below(Scheme scheme, std::string_view a, std::string_view b) {
  const auto order = compare_versions(scheme, a, b);
  return order && *order < 0;
}

// The first `count` numbers of a version, without a leading "v": its branch. "" where it has less.
std::string_view branch_of(std::string_view version, int count) {
  std::size_t at = version.starts_with('v') ? 1 : 0;
  const std::size_t from = at;
  for (int i = 0; i < count; ++i) {
    if (i > 0 && (at >= version.size() || version[at++] != '.')) return {};
    const std::size_t number = at;
    while (at < version.size() && is_digit(version[at])) ++at;
    if (at == number) return {};
  }
  return version.substr(from, at - from);
}

// A fix that `target` must be raised to before the finding can be said to be gone; "" for none.
// Lists of fixes are of maintained branches: a version has the fix of its own branch, or the one of
// its major version unless that has a later one. Between two branches nobody knows.
std::string_view still_needed(const Finding& finding, Scheme scheme, std::string_view target) {
  std::string_view reached, missing;
  for (const auto fix : finding.fixed_versions) {
    if (!below(scheme, target, fix)) {
      reached = fix;
      continue;
    }
    if (branch_of(fix, 2) == branch_of(target, 2)) return fix;
    if (missing.empty()) missing = fix;
  }
  if (missing.empty() || reached.empty() || reached == target) return {};
  if (branch_of(reached, 2) == branch_of(target, 2)) return {};
  const auto major = branch_of(target, 1);
  return branch_of(reached, 1) == major && branch_of(missing, 1) != major ? std::string_view()
                                                                          : missing;
}

// Each finding needs its lowest fix; the step needs the highest of those, and more where that is in
// another branch of a finding. Where versions cannot be ordered the first stands.
void choose_target(Step& step, const Report& report) {
  const auto scheme = scheme_of_package(report.inventory.packages[step.packages.front()]);
  for (const auto i : step.findings) {
    const Finding& finding = report.findings[i];
    if (finding.fixed_versions.empty()) continue;
    const std::string_view fix = finding.fixed_versions.front();
    if (step.target.empty() || (scheme && below(*scheme, step.target, fix))) step.target = fix;
  }
  // The packages of a distribution have no branches.
  if (!scheme || is_os_package(step.type)) return;
  bool raised = true;
  for (int round = 0; raised && round < 256; ++round) {
    raised = false;
    for (const auto i : step.findings) {
      const auto fix = still_needed(report.findings[i], *scheme, step.target);
      if (fix.empty()) continue;
      step.target = fix;
      raised = true;
    }
  }
}

void finish(std::vector<Step>& steps, const Report& report) {
  for (Step& step : steps) {
    std::ranges::stable_sort(step.findings, [&](std::uint32_t a, std::uint32_t b) {
      const Finding &x = report.findings[a], &y = report.findings[b];
      return std::tuple(y.kev, y.severity) < std::tuple(x.kev, x.severity);
    });
    std::set<std::string_view> seen;
    for (const auto i : step.findings) {
      const Finding& finding = report.findings[i];
      step.packages.push_back(finding.package);
      if (!seen.insert(finding.id).second) continue;
      step.counts.add(finding.severity);
      step.exploited += finding.kev ? 1 : 0;
    }
    std::ranges::sort(step.packages);
    step.packages.erase(std::ranges::unique(step.packages).begin(), step.packages.end());
    choose_target(step, report);
  }
  // What is being exploited comes first, then whatever removes more of the worst.
  const auto key = [](const Step& s) {
    const auto n = [&](Severity severity) {
      return -static_cast<std::int64_t>(s.counts[severity]);
    };
    return std::tuple(-static_cast<std::int64_t>(s.exploited), n(Severity::critical),
                      n(Severity::high), n(Severity::medium), n(Severity::low),
                      n(Severity::negligible), n(Severity::unknown),
                      std::tie(s.type, s.name, s.installed));
  };
  std::ranges::sort(steps, [&](const Step& a, const Step& b) { return key(a) < key(b); });
}

}  // namespace

std::uint32_t SeverityCounts::total() const { return std::accumulate(of.begin(), of.end(), 0U); }

Advice advise(const Report& report) {
  Advice advice;
  Steps upgrades, no_fix;
  for (std::uint32_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    if (finding.package >= report.inventory.packages.size()) continue;
    if (finding.verdict == Verdict::undecided) {
      advice.undecided.push_back(i);
      continue;
    }
    Steps& steps = finding.fixed_versions.empty() ? no_fix : upgrades;
    steps.of(report.inventory.packages[finding.package]).findings.push_back(i);
  }
  advice.upgrades = std::move(upgrades.list);
  advice.no_fix = std::move(no_fix.list);
  finish(advice.upgrades, report);
  finish(advice.no_fix, report);
  for (const auto* steps : {&advice.upgrades, &advice.no_fix})
    for (const Step& step : *steps) {
      for (std::size_t s = 0; s < step.counts.of.size(); ++s)
        advice.counts.of[s] += step.counts.of[s];
      advice.exploited += step.exploited;
    }
  for (const Step& step : advice.upgrades) advice.fixable += step.counts.total();
  return advice;
}

VerdictCounts count_dropped(const Report& report) {
  VerdictCounts counts = report.unlisted;
  for (const Finding& finding : report.dropped) ++counts[static_cast<std::size_t>(finding.verdict)];
  return counts;
}

}  // namespace boltseal
