// A few paths as a tree in which millions of others are looked up. A node is where a path ends or
// two part, so there are at most two for each path that was put in, however deep it lies.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace boltseal {

class PathTree {
 public:
  struct Node {
    std::string_view path;
    std::uint32_t parent = 0;  // of the root: itself
  };
  struct Place {
    std::uint32_t node = none;  // the one at the path, or the topmost one below it
    bool at = false;            // it is at the path
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  PathTree() : nodes_(1) {}  // the root, whose path is ""
  // The node at `path`, whose bytes must outlive the tree.
  std::uint32_t insert(std::string_view path);
  // Where `path` is, or what was put below it; node none: neither. Fast where the path begins as
  // the one before did.
  Place find(std::string_view path);

  const std::vector<Node>& nodes() const { return nodes_; }
  // Numbers of all nodes, each behind its parent.
  std::vector<std::uint32_t> downwards() const;

 private:
  struct Edge {
    std::uint32_t from;
    std::string_view part;  // the first one of the path from there
    bool operator==(const Edge&) const = default;
  };
  struct EdgeHash {
    std::size_t operator()(const Edge& edge) const {
      return std::hash<std::string_view>{}(edge.part) ^ edge.from * 0x9e3779b97f4a7c15U;
    }
  };
  std::string_view part_behind(std::string_view path, std::uint32_t node) const;

  std::vector<Node> nodes_;
  std::unordered_map<Edge, std::uint32_t, EdgeHash> edges_;
  std::vector<std::uint32_t> way_;  // that the last path goes through, without the root
};

}  // namespace boltseal
