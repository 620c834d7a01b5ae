#include "layers/squash.h"

#include <algorithm>
#include <unordered_map>

#include "layers/entries.h"
#include "layers/path_tree.h"

namespace boltseal {
namespace {

// The last layer that took away what lower ones have: at a node's path, below it, or both. Layer 0
// takes nothing away, so it is "none" too. Only noted while the entries pass: the attacker chooses
// how often a path is named, and how much lies below it.
struct Cleared {
  std::uint32_t own = 0, below = 0, both = 0;
};

void note(const EntryWalk& entry, std::uint32_t layer, PathTree& tree,
          std::vector<Cleared>& cleared) {
  const PathTree::Place place = tree.find(entry.path());
  if (place.node == PathTree::none) return;
  Cleared& node = cleared[place.node];
  switch (entry.kind()) {
    case EntryKind::file:
    case EntryKind::whiteout:
      node.both = layer;
      break;
    case EntryKind::opaque:
      (place.at ? node.below : node.both) = layer;
      break;
    case EntryKind::folder:
      if (place.at) node.own = layer;
      break;
  }
}

// What is taken away below a node is taken away from all nodes under it.
void spread(const PathTree& tree, std::vector<Cleared>& cleared) {
  for (const std::uint32_t i : tree.downwards()) {
    Cleared& node = cleared[i];
    const std::uint32_t from_above =
        std::max(node.both, i == 0 ? 0 : cleared[tree.nodes()[i].parent].below);
    node.own = std::max(node.own, from_above);
    node.below = std::max(node.below, from_above);
  }
}

}  // namespace

Result<std::vector<bool>> squash(const std::vector<std::string_view>& layers,
                                 const std::vector<LayerFile>& files) {
  // The few files that anybody cares about, as a tree: the entries of a layer (millions) are looked
  // up in it one by one, instead of the other way round.
  PathTree tree;
  std::vector<std::uint32_t> node_of;
  node_of.reserve(files.size());
  for (const LayerFile& file : files) node_of.push_back(tree.insert(file.path));
  std::vector<Cleared> cleared(tree.nodes().size());
  for (std::uint32_t layer = 0; layer < layers.size(); ++layer) {
    EntryWalk walk(layers[layer]);
    while (walk.next()) note(walk, layer, tree, cleared);
    if (walk.damaged()) return fail(Fault::corrupt, "the list of a layer's entries is damaged");
  }
  spread(tree, cleared);
  std::vector<bool> visible(files.size());
  for (std::size_t i = 0; i < files.size(); ++i)
    visible[i] = files[i].layer >= cleared[node_of[i]].own;
  // Twice in one layer: the later entry wins, as it does for tar.
  std::unordered_map<std::string_view, std::uint32_t> last;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (!visible[i]) continue;
    const auto [found, fresh] = last.try_emplace(files[i].path, i);
    if (fresh) continue;
    if (files[found->second].layer <= files[i].layer) {
      visible[found->second] = false;
      found->second = i;
    } else {
      visible[i] = false;
    }
  }
  return visible;
}

}  // namespace boltseal
