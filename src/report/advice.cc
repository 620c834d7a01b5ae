#include "report/advice.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

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

std::optional<Scheme> scheme_of_type(PackageType type) {
  switch (type) {
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
      return std::nullopt;
  }
  return std::nullopt;
}

// Each finding needs its lowest fix; the step needs the highest of those. Where versions cannot be
// ordered the first stands.
void choose_target(Step& step, const Report& report) {
  const auto scheme = scheme_of_type(step.type);
  for (const auto i : step.findings) {
    const Finding& finding = report.findings[i];
    if (finding.fixed_versions.empty()) continue;
    const std::string_view fix = finding.fixed_versions.front();
    if (step.target.empty()) {
      step.target = fix;
    } else if (scheme) {
      const auto order = compare_versions(*scheme, step.target, fix);
      if (order && *order < 0) step.target = fix;
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
