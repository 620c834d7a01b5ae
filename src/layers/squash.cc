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
  std::uint32_t both_before = 0;       // what `both` was before its layer
  std::vector<std::uint16_t> by = {};  // lengths of the paths in that layer that set it

  static constexpr std::uint16_t for_good = 0xffff;

  void take_both(std::uint32_t layer, std::size_t path) {
    constexpr std::size_t most = 8;  // of those that can be given back
    if (both != layer) {
      both_before = both;
      both = layer;
      by.clear();
    }
    const auto length = static_cast<std::uint16_t>(by.size() < most ? path : for_good);
    if (std::ranges::find(by, length) == by.end()) by.push_back(length);
  }
  void give_back(std::uint32_t layer, std::size_t path) {
    if (both == layer && std::erase(by, path) > 0 && by.empty()) both = both_before;
  }
};

void note(const EntryWalk& entry, std::uint32_t layer, PathTree& tree,
          std::vector<Cleared>& cleared) {
  const PathTree::Place place = tree.find(entry.path());
  if (place.node == PathTree::none) return;
  Cleared& node = cleared[place.node];
  switch (entry.kind()) {
    case EntryKind::file:
    case EntryKind::whiteout:
      node.take_both(layer, entry.path().size());
      break;
    case EntryKind::opaque:
      // overlayfs, which runs most images, does not ask the root of a layer whether it is opaque.
      if (entry.path().empty()) break;
      if (place.at)
        node.below = layer;
      else
        node.take_both(layer, Cleared::for_good);
      break;
    case EntryKind::folder:
      // A folder that comes after the whiteout of its name replaces that, and is not opaque: what
      // lower layers have there is seen again.
      node.give_back(layer, entry.path().size());
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
