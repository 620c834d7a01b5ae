#include "layers/path_tree.h"

#include <algorithm>

namespace boltseal {
namespace {

// How many bytes of two paths are whole parts that both have.
std::size_t common_parts(std::string_view a, std::string_view b) {
  const auto same = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const auto ends = [same](std::string_view path) {
    return same == path.size() || path[same] == '/';
  };
  if (ends(a) && ends(b)) return same;
  const auto slash = a.substr(0, same).rfind('/');
  return slash == std::string_view::npos ? 0 : slash;
}

// Whether `folder` is `path` or above it, where they are known to have the first `same` bytes.
bool holds(std::string_view folder, std::string_view path, std::size_t same) {
  return path.substr(same).starts_with(folder.substr(same)) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

std::string_view PathTree::part_behind(std::string_view path, std::uint32_t node) const {
  const auto begin = node == 0 ? 0 : nodes_[node].path.size() + 1;
  return path.substr(begin, path.find('/', begin) - begin);
}

std::uint32_t PathTree::insert(std::string_view path) {
  std::uint32_t at = 0;
  while (path.size() > nodes_[at].path.size()) {
    const auto fresh = static_cast<std::uint32_t>(nodes_.size());
    const auto edge = edges_.try_emplace({at, part_behind(path, at)}, fresh).first;
    const std::uint32_t child = edge->second;
    if (child == fresh) {
      nodes_.push_back({path, at});
      return fresh;
    }
    const std::string_view there = nodes_[child].path;
    if (!holds(there, path, nodes_[at].path.size())) {  // a node where the two part
      edge->second = fresh;
      nodes_.push_back({path.substr(0, common_parts(path, there)), at});
      nodes_[child].parent = fresh;
      edges_.try_emplace({fresh, part_behind(there, fresh)}, child);
    }
    at = edge->second;
  }
  return at;
}

PathTree::Place PathTree::find(std::string_view path) {
  if (path.empty()) return {0, true};
  if (!way_.empty()) {
    const std::size_t same = common_parts(nodes_[way_.back()].path, path);
    while (!way_.empty() && (same == 0 || nodes_[way_.back()].path.size() > same)) way_.pop_back();
  }
  for (;;) {
    const std::uint32_t at = way_.empty() ? 0 : way_.back();
    const std::size_t same = nodes_[at].path.size();
    if (same == path.size()) return {at, true};
    const auto edge = edges_.find({at, part_behind(path, at)});
    if (edge == edges_.end()) return {};
    const std::string_view there = nodes_[edge->second].path;
    if (!holds(there, path, same))
      return holds(path, there, same) ? Place{edge->second, false} : Place{};
    way_.push_back(edge->second);
  }
}

std::vector<std::uint32_t> PathTree::downwards() const {
  std::vector<std::uint32_t> order(nodes_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return nodes_[i].path.size(); });
  return order;
}

}  // namespace boltseal
