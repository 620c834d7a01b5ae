#include "layers/squash.h"

#include <algorithm>
#include <unordered_map>

#include "layers/entries.h"

namespace boltseal {
namespace {

// The few files that anybody cares about, as a tree of their folders: the entries of a layer
// (millions) are looked up in it one by one, instead of the other way round.
struct Node {
  std::vector<std::uint32_t> files;     // indices of files with exactly this path
  std::vector<std::uint32_t> children;  // nodes one level down
};

class Tree {
 public:
  explicit Tree(const std::vector<LayerFile>& files) {
    for (std::uint32_t i = 0; i < files.size(); ++i) nodes_[node(files[i].path)].files.push_back(i);
  }
  const Node* find(std::string_view path) const {
    const auto found = index_.find(path);
    return found == index_.end() ? nullptr : &nodes_[found->second];
  }
  // Calls f(file) for all files under `from`, its own ones only with `self`. Iterative: the
  // attacker chooses the depth.
  template <class F>
  void each(const Node& from, bool self, F&& f) const {
    std::vector<const Node*> todo;
    if (self) std::ranges::for_each(from.files, f);
    for (const auto child : from.children) todo.push_back(&nodes_[child]);
    while (!todo.empty()) {
      const Node* node = todo.back();
      todo.pop_back();
      std::ranges::for_each(node->files, f);
      for (const auto child : node->children) todo.push_back(&nodes_[child]);
    }
  }

 private:
  std::uint32_t node(std::string_view path) {
    std::uint32_t child = 0;
    bool has_child = false;
    std::uint32_t result = 0;
    for (bool first = true;; first = false) {
      const auto [found, fresh] =
          index_.try_emplace(path, static_cast<std::uint32_t>(nodes_.size()));
      if (fresh) nodes_.emplace_back();
      if (first) result = found->second;
      if (has_child) nodes_[found->second].children.push_back(child);
      const auto slash = path.rfind('/');
      if (!fresh || path.empty()) return result;
      child = found->second;
      has_child = true;
      path = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
    }
  }
  std::unordered_map<std::string_view, std::uint32_t> index_;
  std::vector<Node> nodes_;
};

}  // namespace

Result<std::vector<bool>> squash(const std::vector<std::string_view>& layers,
                                 const std::vector<LayerFile>& files) {
  std::vector<bool> visible(files.size(), true);
  const Tree tree(files);
  for (std::uint32_t layer = 0; layer < layers.size(); ++layer) {
    const auto hide_below = [&](std::uint32_t file) {
      if (files[file].layer < layer) visible[file] = false;
    };
    EntryWalk walk(layers[layer]);
    while (walk.next()) {
      const Node* node = tree.find(walk.path());
      if (!node) continue;
      switch (walk.kind()) {
        case EntryKind::file:
        case EntryKind::whiteout:
          tree.each(*node, true, hide_below);
          break;
        case EntryKind::opaque:
          tree.each(*node, false, hide_below);
          break;
        case EntryKind::folder:
          std::ranges::for_each(node->files, hide_below);
          break;
      }
    }
    if (walk.damaged()) return fail(Fault::corrupt, "the list of a layer's entries is damaged");
  }
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
