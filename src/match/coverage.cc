#include "match/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "inventory/origin.h"

namespace boltseal {
namespace {

std::string count(std::size_t n, std::string_view what) {
  return fmt::format("{} {} package{}", n, what, n == 1 ? "" : "s");
}

std::string name_of_distribution(const Distribution& d) {
  const std::string release = !d.version_id.empty() ? d.version_id : d.codename;
  return release.empty() ? d.id : d.id + " " + release;
}

std::string reason_for(const Package& package, const Distribution& distribution,
                       const Ecosystems& ecosystems) {
  if (!is_os_package(package.type)) {
    const auto ecosystem = language_ecosystem(package);
    if (ecosystem.empty()) return "no feed names packages of this kind";
    return fmt::format("the database has no feed for {}", ecosystem);
  }
  if (!distribution) return "the distribution is not known: there is no os-release";
  if (ecosystems.wanted().empty())
    return fmt::format("no feed names the distribution {}", distribution.id);
  if (ecosystems.lacks_release())
    return fmt::format("feeds speak of releases, and nothing says which one of {} this is",
                       distribution.id);
  return fmt::format("the database has no feed for {}", ecosystems.wanted());
}

}  // namespace

std::vector<std::string> foreign(const Inventory& inventory) {
  std::vector<std::string> out;
  out.reserve(inventory.packages.size());
  for (const Package& package : inventory.packages)
    out.push_back(third_party(package, inventory.distribution));
  return out;
}

std::vector<Uncovered> uncovered(const Inventory& inventory, const Ecosystems& ecosystems,
                                 const std::vector<std::string>& foreign) {
  std::map<std::pair<PackageType, std::string_view>, std::vector<std::uint32_t>> groups;
  std::map<std::pair<PackageType, std::string_view>, std::vector<std::uint32_t>> others;
  for (std::uint32_t i = 0; i < inventory.packages.size(); ++i) {
    const Package& package = inventory.packages[i];
    if (!foreign[i].empty())
      others[{package.type, foreign[i]}].push_back(i);
    else if (!ecosystems.covers(package))
      groups[{package.type, language_ecosystem(package)}].push_back(i);
  }
  std::vector<Uncovered> out;
  for (auto& [kind, packages] : groups) {
    const auto& [type, ecosystem] = kind;
    const bool other = type == PackageType::generic && !ecosystem.empty();
    Uncovered& set = out.emplace_back();
    set.what = count(packages.size(), other ? ecosystem : name_of(type));
    if (is_os_package(type) && inventory.distribution)
      set.what = fmt::format("{}: {}", name_of_distribution(inventory.distribution), set.what);
    set.reason =
        reason_for(inventory.packages[packages.front()], inventory.distribution, ecosystems);
    set.packages = std::move(packages);
  }
  for (auto& [kind, packages] : others) {
    Uncovered& set = out.emplace_back();
    set.what = fmt::format("not {}'s own: {}", inventory.distribution.id,
                           count(packages.size(), name_of(kind.first)));
    set.reason = fmt::format("{}, so the distribution's feed does not speak of it", kind.second);
    set.packages = std::move(packages);
  }
  // A distribution whose package database we do not read, or that is broken, must not look clean.
  const bool none = std::ranges::none_of(inventory.packages,
                                         [](const Package& p) { return is_os_package(p.type); });
  if (inventory.distribution && none && inventory.image.kind != "sbom")
    out.push_back({name_of_distribution(inventory.distribution),
                   "no package database of it was found, so its own packages were not judged",
                   {}});
  return out;
}

}  // namespace boltseal
