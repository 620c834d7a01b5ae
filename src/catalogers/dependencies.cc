#include "catalogers/dependencies.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "inventory/names.h"

namespace boltseal {
namespace {

constexpr std::size_t most_candidates = 64;            // of one name that are compared
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

// The larger, the likelier `found` is what `asks` means: what is of its architecture, then what
// lies nearest. Node looks in the node_modules of its own folder and of those above it alone.
std::tuple<int, bool, std::size_t, std::int64_t> likelihood(const Package& asks,
                                                            const Package& found) {
  const std::string_view from = asks.evidence.front().path, path = found.evidence.front().path;
  int architecture = 0;
  if (is_os_package(asks.type))
    architecture = found.arch == asks.arch ? 2 : found.arch == "all" || found.arch == "noarch";
  const auto modules = path.rfind("node_modules/");
  const bool reached =
      modules == std::string_view::npos || from.starts_with(path.substr(0, modules));
  return {architecture, reached, shared_folders(from, path),
          -static_cast<std::int64_t>(path.size())};
}

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
  std::uint64_t compared = 0;
  for (std::uint32_t i = 0; i < packages.size(); ++i) {
    const Package& asks = packages[i];
    for (const std::string& need : asks.depends) {
      const std::string key = key_of(asks.type, need);
      for (const auto* index : {&exact, &by_name, &provided}) {
        const auto found = index->find(key);
        if (found == index->end()) continue;
        const auto& all = found->second;
        auto best = all.begin();
        if (all.size() > 1) compared += all.size() * asks.evidence.front().path.size();
        if (all.size() > 1 && compared < most_compared)
          best = std::ranges::max_element(
              all, {}, [&](std::uint32_t one) { return likelihood(asks, packages[one]); });
        if (*best != i) edges.emplace_back(i, *best);
        break;
      }
    }
  }
  std::ranges::sort(edges);
  edges.erase(std::ranges::unique(edges).begin(), edges.end());
  return edges;
}

}  // namespace boltseal
