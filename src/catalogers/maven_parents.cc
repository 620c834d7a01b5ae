// A pom.xml seldom says all: its parent lies a folder above, and versions are managed there or in a
// bom that it imports. Where those lie in the same tree they are applied as Maven does; what only a
// repository has stays out.
//
// maven.apache.org/ref/current/maven-model-builder: a parent is looked for at <relativePath>,
// counts when its coordinates are those that were asked for, and is else looked for among all poms
// at hand.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "base/text.h"
#include "catalogers/maven_pom.h"

namespace boltseal {
namespace {

constexpr std::size_t max_parents = 16, max_named = 8;
constexpr std::uint64_t budget_of_all = 5'000'000;

// `relative` from the folder of `path`; nullopt when it leads out of the tree.
std::optional<std::string> path_from(std::string_view path, std::string_view relative) {
  std::vector<std::string_view> parts = split(path, '/');
  parts.pop_back();
  for (const auto part : split(relative, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else {
      if (parts.empty()) return std::nullopt;
      parts.pop_back();
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

bool is_the_parent(const MavenModel& model, const MavenParent& wanted) {
  const auto& group = model.group.empty() && model.parent ? model.parent->group : model.group;
  const auto& version =
      model.version.empty() && model.parent ? model.parent->version : model.version;
  return group == wanted.group && model.artifact == wanted.artifact && version == wanted.version;
}

class Tree {
 public:
  explicit Tree(std::vector<Fragment>& fragments) {
    for (Fragment& fragment : fragments) {
      if (fragment.maven_models.empty()) continue;
      files_.push_back(&fragment);
      indexes_.emplace_back(fragment.maven_models.front());
      by_path_.try_emplace(fragment.path, files_.size() - 1);
      path_of_.emplace(&indexes_.back(), fragment.path);
    }
    const auto find_bom = [this](const std::string& coordinates) -> const MavenProject* {
      const auto at = by_coordinates_.find(coordinates);
      return at == by_coordinates_.end() ? nullptr : &projects_[at->second];
    };
    // A project's own coordinates need its parents, so those that lie elsewhere are found last.
    for (const bool anywhere : {false, true}) {
      projects_.clear();
      for (std::size_t i = 0; i < files_.size(); ++i)
        projects_.emplace_back(chain_of(i, anywhere), find_bom, budget_);
      by_coordinates_.clear();
      for (std::size_t i = 0; i < files_.size(); ++i)
        by_coordinates_.try_emplace(projects_[i].coordinates(), i);
      by_coordinates_.erase("");
    }
  }

  void complete() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const auto helpers = helpers_of(i);
      if (helpers.empty()) continue;
      auto completed = packages_of(projects_[i].pom());
      Fragment& file = *files_[i];
      if (budget_ == 0) {
        file.unknowns.push_back(
            {file.path,
             file.layer,
             "pom-xml",
             Fault::too_large,
             "too many projects to complete; from here on each pom stands for itself",
             {}});
        return;
      }
      replace(file, completed, fmt::format("; completed by {}", fmt::join(helpers, ", ")));
    }
  }

 private:
  std::optional<std::size_t> parent_of(std::size_t child, bool anywhere) const {
    const auto& parent = indexes_[child].model.parent;
    if (!parent) return std::nullopt;
    const auto path =
        parent->path.empty() ? std::nullopt : path_from(files_[child]->path, parent->path);
    for (const std::string_view file : {"", "pom.xml", "/pom.xml"}) {
      if (!path) break;
      const auto at = by_path_.find(*path + std::string(file));
      if (at != by_path_.end() && is_the_parent(indexes_[at->second].model, *parent))
        return at->second;
    }
    if (!anywhere) return std::nullopt;
    const auto at = by_coordinates_.find(
        fmt::format("{}:{}:{}", parent->group, parent->artifact, parent->version));
    return at == by_coordinates_.end() ? std::nullopt : std::optional(at->second);
  }

  std::vector<const MavenIndex*> chain_of(std::size_t file, bool anywhere) const {
    std::vector<const MavenIndex*> chain;
    std::optional<std::size_t> at = file;
    for (; at && chain.size() < max_parents; at = parent_of(*at, anywhere)) {
      if (std::ranges::find(chain, &indexes_[*at]) != chain.end()) break;
      chain.push_back(&indexes_[*at]);
    }
    return chain;
  }

  // The files that have a say in a project besides its own.
  std::vector<std::string_view> helpers_of(std::size_t project) const {
    std::vector<std::string_view> paths;
    const auto note = [&](const std::vector<const MavenIndex*>& chain) {
      for (const MavenIndex* index : chain) {
        const std::string_view path = path_of_.at(index);
        if (path != files_[project]->path && std::ranges::find(paths, path) == paths.end() &&
            paths.size() < max_named)
          paths.push_back(path);
      }
    };
    note(projects_[project].chain());
    for (const MavenProject* bom : projects_[project].boms()) note(bom->chain());
    return paths;
  }

  // What the file alone gave keeps its evidence.
  static void replace(Fragment& file, std::vector<PomPackage>& completed,
                      const std::string& helped) {
    const std::vector<Package> alone = std::exchange(file.packages, {});
    std::set<std::pair<std::string_view, std::string_view>> versions;
    for (const Package& p : alone) versions.emplace(p.name, p.version);
    for (PomPackage& found : completed) {
      const bool known = versions.contains({found.package.name, found.package.version});
      found.package.evidence.push_back(
          {file.path, file.layer, std::string(found.what) + (known ? "" : helped)});
      file.packages.push_back(std::move(found.package));
    }
  }

  std::uint64_t budget_ = budget_of_all;
  std::vector<Fragment*> files_;
  std::deque<MavenIndex> indexes_;  // of files_, in the same order, as are the projects
  std::deque<MavenProject> projects_;
  std::unordered_map<std::string, std::size_t> by_path_, by_coordinates_;
  std::unordered_map<const MavenIndex*, std::string_view> path_of_;
};

}  // namespace

void complete_maven_projects(std::vector<Fragment>& fragments) { Tree(fragments).complete(); }

}  // namespace boltseal
