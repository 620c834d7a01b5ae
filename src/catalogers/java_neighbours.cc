// An archive without Maven metadata seldom stands alone: others beside it were built by Maven, and
// their poms name what they depend on in full. A pom that asks for the very version settles the
// group; one that knows the artifact under a single group beats a guess from its classes. Where
// files are called by group and artifact, they tell where the one ends too.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/text.h"
#include "catalogers/java_identity.h"

namespace boltseal {
namespace {

struct Needed {
  std::set<std::string_view> versions;
  std::string_view by;  // the first package that asks for it, by name
};
// artifact → group → who asks for it
using Asked = std::map<std::string_view, std::map<std::string_view, Needed>>;

bool is_inferred(const Package& package) {
  return package.type == PackageType::maven && !package.evidence.empty() &&
         package.evidence.front().what.starts_with(inferred_java_name);
}

// "group:artifact" as its parts; the group is "" where there is none.
std::pair<std::string_view, std::string_view> parts_of(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return {{}, name};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

// Where a file name may part into group and artifact: "org.acme.probe-core" into "org" and
// "acme.probe-core", and so on. At a hyphen only where a domain stands before it.
template <class Use>
void each_prefix(std::string_view artifact, Use use) {
  int left = max_name_parts;
  for (auto at = artifact.find_first_of("._-"); at != std::string_view::npos && left-- > 0;
       at = artifact.find_first_of("._-", at + 1)) {
    const auto group = artifact.substr(0, at);
    if (artifact[at] != '-' || group.find('.') != std::string_view::npos)
      use(group, artifact.substr(at + 1));
  }
}

Asked what_poms_ask(const std::vector<Package>& packages,
                    const std::set<std::string_view>& wanted) {
  Asked asked;
  for (const Package& package : packages) {
    if (package.type != PackageType::maven || is_inferred(package)) continue;
    for (const std::string_view need : package.depends) {
      const auto at = need.find('@');
      const auto [group, artifact] = parts_of(need.substr(0, at));
      if (group.empty() || !wanted.contains(artifact)) continue;
      Needed& needed = asked[artifact][group];
      if (at != std::string_view::npos) needed.versions.insert(need.substr(at + 1));
      if (needed.by.empty() || package.name < needed.by) needed.by = package.name;
    }
  }
  return asked;
}

// Names of one word are many projects': they need the group to look like the one that was guessed.
bool plausible(std::string_view artifact, std::string_view guessed, std::string_view group) {
  if (artifact.find_first_of("-_.") != std::string_view::npos) return true;
  const auto end = guessed.find('.', guessed.find('.') + 1);
  return !guessed.empty() && group.starts_with(guessed.substr(0, end));
}

// True when the file is called by group and artifact, and a pom asks for just these.
bool settle_prefix(Package& package, std::string_view artifact, const Asked& asked) {
  std::string name;
  std::string_view by;
  each_prefix(artifact, [&](std::string_view group, std::string_view rest) {
    const auto found = asked.find(rest);
    if (found == asked.end()) return;
    const auto needed = found->second.find(group);
    if (needed == found->second.end()) return;
    name = std::string(group) + ":" + std::string(rest);
    by = needed->second.by;
  });
  if (name.empty()) return false;
  package.name = std::move(name);
  std::string& how = package.evidence.front().what;
  how.resize(std::min(how.size(), how.find(java_group_from)));
  how += std::string(java_group_from) + "the pom of " + std::string(by);
  return true;
}

bool is_sure(std::string_view how) {
  const auto at = how.find(java_group_from);
  return at != std::string_view::npos &&
         std::ranges::find(sure_java_groups, how.substr(at + java_group_from.size())) !=
             std::end(sure_java_groups);
}

}  // namespace

void settle_java_groups(std::vector<Package>& packages) {
  // Names are compared as they were before any was settled.
  std::vector<std::pair<Package*, std::string>> guesses;
  for (Package& package : packages) {
    if (is_inferred(package)) guesses.emplace_back(&package, package.name);
  }
  if (guesses.empty()) return;
  std::set<std::string_view> wanted;
  for (const auto& [package, name] : guesses) {
    wanted.insert(parts_of(name).second);
    if (is_sure(package->evidence.front().what)) continue;
    each_prefix(parts_of(name).second, [&](auto, auto rest) { wanted.insert(rest); });
  }
  const Asked asked = what_poms_ask(packages, wanted);
  for (const auto& [package, name] : guesses) {
    const auto [guessed, artifact] = parts_of(name);
    const auto found = asked.find(artifact);
    if (found == asked.end()) {
      if (!is_sure(package->evidence.front().what)) settle_prefix(*package, artifact, asked);
      continue;
    }
    const auto& groups = found->second;
    const auto exact = [&](const auto& g) { return g.second.versions.contains(package->version); };
    auto best = std::ranges::find_if(groups, exact);
    const bool settled = std::ranges::count_if(groups, exact) == 1;
    if (!settled) best = groups.begin();
    std::string& how = package->evidence.front().what;
    const bool better =
        groups.size() == 1 && !is_sure(how) && plausible(artifact, guessed, best->first);
    if ((!settled && !better) || best->first == guessed) continue;
    package->name = std::string(best->first) + ":" + std::string(artifact);
    how.resize(std::min(how.size(), how.find(java_group_from)));
    how += std::string(java_group_from) + "the pom of " + std::string(best->second.by);
  }
}

}  // namespace boltseal
