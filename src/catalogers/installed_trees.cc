#include "catalogers/installed_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "catalogers/language.h"

namespace boltseal {
namespace {

constexpr std::string_view node_modules = "node_modules/";
constexpr std::string_view node_locks[] = {"bun.lock", "npm-shrinkwrap.json", "package-lock.json",
                                           "pnpm-lock.yaml", "yarn.lock"};

std::string key(std::uint32_t folder, const Package& package) {
  return fmt::format("{}\n{}\n{}", folder, package.name, package.version);
}

}  // namespace

InstalledTrees::InstalledTrees(const std::vector<Fragment>& fragments) {
  std::vector<std::string_view> projects;
  for (const Fragment& fragment : fragments) {
    const std::string_view path = fragment.path;
    if (const auto name = file_name(path);
        std::ranges::find(node_locks, name) != std::end(node_locks))
      projects.push_back(folder_of(path));
    const auto at = path.find(node_modules);
    if (at == std::string_view::npos || fragment.packages.empty()) continue;
    const std::string_view folder = path.substr(0, at);
    if (!folder.empty() && !folder.ends_with('/')) continue;  // my_node_modules/
    const auto number = static_cast<std::uint32_t>(folders_.size());
    const auto found = folders_.try_emplace(std::string(folder), number).first;
    projects.push_back(folder);
    for (const Package& package : fragment.packages) installed_.insert(key(found->second, package));
  }
  std::ranges::sort(projects);
  for (const std::string_view folder : projects) {
    if (folder.empty())
      top_is_project_ = true;
    else if (projects_.empty() || !folder.starts_with(*projects_.rbegin()))
      projects_.emplace_hint(projects_.end(), folder);
  }
}

void InstalledTrees::apply(Fragment& lock) const {
  if (lock.path.find(node_modules) != std::string::npos) return;
  const bool in_project = is_in_project(lock.path);
  std::erase_if(lock.packages, [&](const Package& p) {
    return in_project && p.evidence.front().what == unpacked_package_evidence;
  });
  const auto folder = folders_.find(std::string(folder_of(lock.path)));
  if (folder == folders_.end()) return;
  std::erase_if(lock.packages, [&](const Package& p) {
    return p.type == PackageType::npm && p.evidence.front().what != linked_folder_evidence &&
           !installed_.contains(key(folder->second, p));
  });
}

// True when node_modules or a lock file lies beside `path` or above: it belongs to a project. At
// the top of an image such a file says nothing about the folders below.
bool InstalledTrees::is_in_project(std::string_view path) const {
  if (path.find('/') == std::string_view::npos) return top_is_project_;
  const auto after = projects_.upper_bound(path);
  return after != projects_.begin() && path.starts_with(*std::prev(after));
}

}  // namespace boltseal
