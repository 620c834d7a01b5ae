// GOROOT/src holds the modules "std" and "cmd" with what they vendor, and modules of programs that
// write some of its files (crypto/md5/_asm). What std and cmd vendor is part of the toolchain: Go
// publishes flaws of it as flaws of its own, fixed by releases of Go, and the versions in go.mod
// are of branches that no advisory speaks of. What the generators need is nowhere installed.
//
// Anybody may write "module std", so more is asked before a go.mod counts as Go's own:
// - bin/go beside src is a program whose build info names no module, as what lies in Go's own tree
//   is linked. It is in the inventory as stdlib, with the version that the program itself carries:
//   whatever is left out here has that package to stand for it.
// - src/go.mod says "module std"; src/cmd/go.mod, at that place only, "module cmd".
// - A generator lies in a folder "_…", which the go command passes over, but not at the top of src;
//   its name is one that no download can have (no dot in the first part); and the next module
//   around it is one of the two. So a project that somebody put below GOROOT/src stays.
// - All are of one layer: who writes a file there later has changed it.
#include "catalogers/go_root.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "catalogers/declared_evidence.h"
#include "catalogers/language.h"

namespace boltseal {
namespace {

constexpr int max_levels = 16;  // from a generator up to its module

// Folders end with their slash; "" is the top.
std::string_view parent_of(std::string_view folder) {
  return folder_of(folder.substr(0, folder.size() - 1));
}

// The folder whose bin/go this is, when it is a toolchain's.
std::optional<std::string_view> root_of(const Fragment& fragment) {
  const std::string_view path = fragment.path;
  const auto name = file_name(path);
  if (name != "go" && name != "go.exe") return std::nullopt;
  const auto folder = folder_of(path);
  if (folder != "bin/" && !folder.ends_with("/bin/")) return std::nullopt;
  const auto is_go = [](const Package& p) { return p.type == PackageType::golang; };
  const auto only = std::ranges::find_if(fragment.packages, is_go);
  if (only == fragment.packages.end() || only->name != "stdlib" ||
      std::ranges::count_if(fragment.packages, is_go) != 1)
    return std::nullopt;
  return parent_of(folder);
}

// The name that go_mod.cc noted: only of modules that may be Go's own.
std::string_view noted_name(const Fragment& fragment) {
  if (fragment.packages.empty()) return {};
  std::string_view what = fragment.packages.front().evidence.front().what;
  const auto at = what.find(go_mod_name_note);
  if (at == std::string_view::npos) return {};
  what.remove_prefix(at + go_mod_name_note.size());
  return what.substr(0, what.find(','));
}

class GoRoots {
 public:
  explicit GoRoots(const std::vector<Fragment>& fragments) {
    for (const Fragment& fragment : fragments) {
      if (const auto root = root_of(fragment)) roots_.insert(*root);
      if (file_name(fragment.path) == "go.mod")
        modules_[folder_of(fragment.path)] = {noted_name(fragment), fragment.layer};
    }
    if (roots_.empty()) return;
    for (const auto& [folder, module] : modules_) {
      if (is_own(folder, module)) own_.emplace(folder, module.layer);
    }
  }

  // Whether the module in that folder is Go's own, and still as that layer brought it.
  bool own(std::string_view folder, std::uint32_t layer) const {
    const auto found = own_.find(folder);
    return found != own_.end() && found->second == layer;
  }

 private:
  struct Module {
    std::string_view name;
    std::uint32_t layer = 0;
  };

  bool is_std(std::string_view folder, const Module& module) const {
    return module.name == "std" && (folder == "src/" || folder.ends_with("/src/")) &&
           roots_.contains(parent_of(folder));
  }

  bool is_own(std::string_view folder, const Module& module) const {
    if (module.name.empty()) return false;
    if (is_std(folder, module)) return true;
    auto around = folder;
    auto found = modules_.end();
    for (int level = 0; found == modules_.end(); ++level) {
      if (around.empty() || level == max_levels) return false;
      around = parent_of(around);
      found = modules_.find(around);
    }
    if (found->second.layer != module.layer) return false;
    const bool in_std = is_std(around, found->second);
    const auto below = folder.substr(around.size());
    if (module.name == "cmd") return in_std && below == "cmd/";
    const bool in_cmd = found->second.name == "cmd" && is_own(around, found->second);
    return (in_std && !below.starts_with('_') && below.find("/_") != std::string_view::npos) ||
           (in_cmd && (below.starts_with('_') || below.find("/_") != std::string_view::npos));
  }

  std::unordered_set<std::string_view> roots_;
  std::unordered_map<std::string_view, Module> modules_;     // by folder
  std::unordered_map<std::string_view, std::uint32_t> own_;  // folder → layer
};

}  // namespace

void drop_go_toolchain_sources(std::vector<Fragment>& fragments) {
  const GoRoots roots(fragments);
  for (Fragment& fragment : fragments) {
    const auto name = file_name(fragment.path);
    const bool vendored = name == "modules.txt" && !fragment.packages.empty() &&
                          fragment.packages.front().evidence.front().what == go_vendor_evidence;
    if (name != "go.mod" && name != "go.sum" && !vendored) continue;
    const auto folder = folder_of(fragment.path);
    if (roots.own(vendored ? parent_of(folder) : folder, fragment.layer)) fragment.packages.clear();
  }
}

}  // namespace boltseal
