// packages.lock.json: the packages that NuGet resolved for a project, per target framework.
//
// Format:
// https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies.
// Types Direct, Transitive and CentralTransitive are packages, Project is not. contentHash is taken
// over the unsigned content, so it is not the hash of the .nupkg file, and is left out. One package
// in several frameworks is listed once.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

Result<> read(const FileView& file, Sink& sink) {
  TRY(const Document lock, parse_json(file.content));
  std::map<std::pair<std::string, std::string>, Package>
      packages;  // by name without case, and version
  std::size_t needs = 0;
  NeedWriter writer(file.content.size(), sink);
  for (const auto& [framework, list] : lock["dependencies"].members()) {
    std::map<std::string, std::string_view> version_of;
    for (const auto& [name, item] : list.members())
      version_of.emplace(lower(name), item["resolved"].text());
    for (const auto& [name, item] : list.members()) {
      const auto version = item["resolved"].string();
      if (version.empty() || item["type"].text() == "Project") continue;
      if (packages.size() >= max_locked_packages)
        return fail(Fault::too_large, "too many packages");
      auto& package = packages[{lower(name), version}];
      package.type = PackageType::nuget;
      package.name = name;
      package.version = version;
      for (const auto& [needed, range] : item["dependencies"].members()) {
        if (++needs > max_locked_dependencies)
          return fail(Fault::too_large, "too many dependencies");
        const auto known = version_of.find(lower(needed));
        writer.add(package.depends, needed,
                   known == version_of.end() ? std::string_view{} : known->second);
      }
    }
  }
  for (auto& [key, package] : packages) {
    settle_depends(package);
    sink.package(std::move(package), "packages.lock.json");
  }
  return {};
}

constexpr std::string_view globs[] = {"**/packages.lock.json"};

}  // namespace

extern const Reader nuget_lock_reader;
const Reader nuget_lock_reader = {"nuget-lock", 2, globs, {}, 64 << 20, read};

}  // namespace boltseal
