#include "catalogers/dependencies.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "inventory/names.h"

namespace boltseal {
namespace {

constexpr std::size_t most_candidates = 64;            // of one name that are compared
constexpr std::size_t most_places = 8;                 // of one package
constexpr std::uint64_t most_compared = 256ULL << 20;  // bytes of paths, over an image

using Index = std::unordered_map<std::string, std::vector<std::uint32_t>>;

void add(Index& index, std::string key, std::uint32_t package) {
  auto& candidates = index[std::move(key)];
  if (candidates.size() < most_candidates) candidates.push_back(package);
}

std::string key_of(PackageType type, std::string_view name) {
  return fmt::format("{}\n{}", name_of(type), compared_name(type, name));
}

// How many bytes of folders two paths share.
std::size_t shared_folders(std::string_view a, std::string_view b) {
  const auto apart = std::ranges::mismatch(a, b).in1 - a.begin();
  const auto slash = a.substr(0, static_cast<std::size_t>(apart)).rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

// Where the package lies: of what Node runs, the folders that it is installed in, if there are any.
std::vector<std::string_view> places_of(const Package& package) {
  std::vector<std::string_view> all, installed;
  for (const Evidence& evidence : package.evidence) {
    if (all.size() >= most_places) break;
    all.emplace_back(evidence.path);
    if (evidence.path.find("node_modules/") != std::string::npos)
      installed.emplace_back(evidence.path);
  }
  return installed.empty() ? all : installed;
}

// The larger, the likelier the package at `path` is what the one at `from` finds: what lies
// nearest. Node looks in the node_modules of its own folder and of those above it alone.
using Nearness = std::tuple<bool, std::size_t, std::int64_t>;

Nearness nearness(std::string_view from, std::string_view path) {
  const auto modules = path.rfind("node_modules/");
  const bool reached =
      modules == std::string_view::npos || from.starts_with(path.substr(0, modules));
  return {reached, shared_folders(from, path), -static_cast<std::int64_t>(path.size())};
}

// Chooses among packages of one name.
class Chooser {
 public:
  explicit Chooser(const std::vector<Package>& packages) : packages_(packages) {}

  // Adds what the copies of `asks` find.
  void choose(std::uint32_t asks, const std::vector<std::uint32_t>& candidates,
              std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges) {
    const auto add = [&](std::uint32_t found) {
      if (found != asks) edges.emplace_back(asks, found);
    };
    if (candidates.size() == 1 || compared_ > most_compared) return add(candidates.front());
    for (const std::string_view from : places_of(packages_[asks])) {
      std::optional<std::pair<int, Nearness>> most;
      std::uint32_t best = 0;
      for (const std::uint32_t one : candidates) {
        const int architecture = fits(packages_[asks], packages_[one]);
        for (const std::string_view path : places_of(packages_[one])) {
          compared_ += std::min(from.size(), path.size()) + 1;
          const std::pair is(architecture, nearness(from, path));
          if (!most || is > *most) most = is, best = one;
        }
      }
      add(best);
    }
  }

 private:
  static int fits(const Package& asks, const Package& found) {
    if (!is_os_package(asks.type)) return 0;
    return found.arch == asks.arch ? 2 : found.arch == "all" || found.arch == "noarch";
  }

  const std::vector<Package>& packages_;
  std::uint64_t compared_ = 0;
};

}  // namespace

std::string compared_name(PackageType type, std::string_view name) {
  return type == PackageType::pypi    ? pypi_name(name)
         : type == PackageType::nuget ? lower(name)
                                      : std::string(name);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> resolve_dependencies(
    const std::vector<Package>& packages) {
  Index exact, by_name, provided;
  for (std::uint32_t i = 0; i < packages.size(); ++i) {
    const Package& p = packages[i];
    const std::string key = key_of(p.type, p.name);
    add(exact, fmt::format("{}@{}", key, p.version), i);
    add(by_name, key, i);
    for (const auto& name : p.provides) add(provided, key_of(p.type, name), i);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  Chooser chooser(packages);
  for (std::uint32_t i = 0; i < packages.size(); ++i) {
    for (const std::string& need : packages[i].depends) {
      const std::string key = key_of(packages[i].type, need);
      for (const auto* index : {&exact, &by_name, &provided}) {
        const auto found = index->find(key);
        if (found == index->end()) continue;
        chooser.choose(i, found->second, edges);
        break;
      }
    }
  }
  std::ranges::sort(edges);
  edges.erase(std::ranges::unique(edges).begin(), edges.end());
  return edges;
}

}  // namespace boltseal
