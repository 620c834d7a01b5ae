// package-lock.json and npm-shrinkwrap.json: the tree that npm resolved.
//
// Format: https://docs.npmjs.com/cli/configuring-npm/package-lock-json. lockfileVersion 1 nests
// "dependencies"; 2 and 3 list "packages" by folder ("node_modules/a/node_modules/b"; version 2 has
// both). A dependency is looked up as Node does: in the folder's own node_modules, then in each
// parent's. "" is the project itself; "link": true stands for a folder elsewhere (a workspace, a
// "file:" dependency), which `npm ls` lists as a package too when it has a version. "devOptional"
// is what development needs and an optional dependency too, so it runs. What comes from a
// repository or an address has no version in version 1. Files inside node_modules were not used for
// this installation; npm's own node_modules/.package-lock.json repeats package.json files.
#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view modules = "node_modules/";
constexpr std::size_t max_folder = 4096;

struct Id {
  std::string_view name, version;
};

Id id_of(std::string_view name, const Value& item) {
  Id id{item["name"].text_or(name), item["version"].text()};
  if (const auto at = id.name.rfind(modules); at != std::string_view::npos)
    id.name.remove_prefix(at + modules.size());
  // Version 1 puts an alias, a folder or an address there: "npm:b@1.2.3", "git+ssh://…".
  if (id.version.starts_with("npm:")) {
    const auto at = id.version.rfind('@');
    if (at != std::string_view::npos && at > 4)
      id = {id.version.substr(4, at - 4), id.version.substr(at + 1)};
  }
  if (id.version.find(':') != std::string_view::npos) id.version = {};
  return id;
}

Package package_of(const Id& id, const Value& item) {
  Package package;
  package.type = PackageType::npm;
  package.name = id.name;
  package.version = id.version;
  declare_licence(package, node_licence(item));
  if (const auto hash = hash_of_integrity(item["integrity"].text()))
    package.hashes.push_back(*hash);
  package.development = item["dev"].boolean();
  return package;
}

// ---- lockfileVersion 2 and 3 ----

using Folders = std::unordered_map<std::string_view, const Value*>;

// What `name` means for code in `folder`; nullptr when it is not installed.
const Value* resolve(const Folders& folders, std::string_view folder, std::string_view name) {
  for (std::size_t steps = 0; steps < 64; ++steps) {
    const auto at = folders.find(std::string(folder) + (folder.empty() ? "" : "/") +
                                 std::string(modules) + std::string(name));
    if (at != folders.end()) return at->second;
    if (folder.empty()) break;
    const auto up = folder.rfind("/node_modules/");
    folder = up == std::string_view::npos ? std::string_view{} : folder.substr(0, up);
  }
  return nullptr;
}

// The folder that a link leads to and its entry; of anything else its own.
std::pair<std::string_view, const Value*> linked_folder(const Folders& folders,
                                                        std::string_view folder,
                                                        const Value& item) {
  if (!item["link"].boolean()) return {folder, &item};
  const auto to = item["resolved"].text();
  const auto found = to.empty() || to.size() > max_folder ? folders.end() : folders.find(to);
  return found == folders.end() ? std::pair{folder, &item} : std::pair{found->first, found->second};
}

Result<> read_packages(const Value& packages, NeedWriter writer, Sink& sink) {
  if (packages.members().size() > max_locked_packages)
    return fail(Fault::too_large, "too many packages");
  Folders folders;
  for (const auto& [folder, item] : packages.members()) folders.emplace(folder, &item);
  std::size_t dependencies = 0;
  for (const auto& [folder, item] : packages.members()) {
    const auto at = folder.rfind(modules);
    if (at == std::string_view::npos) continue;
    if (folder.size() > max_folder) return fail(Fault::corrupt, "an overlong folder name");
    const bool linked = item["link"].boolean();
    const auto [home, real] = linked_folder(folders, folder, item);
    if (linked && (*real)["version"].text().empty()) continue;
    auto package = package_of(id_of(folder.substr(at + modules.size()), *real), *real);
    for (const auto* key : {"dependencies", "optionalDependencies", "peerDependencies"}) {
      for (const auto& [name, range] : (*real)[key].members()) {
        if (++dependencies > max_locked_dependencies)
          return fail(Fault::too_large, "too many dependencies");
        const auto* target = name.size() < 512 ? resolve(folders, home, name) : nullptr;
        // Else it is optional, and not for this platform, or a peer that nobody brought.
        if (target == nullptr) continue;
        const Value& needed = *linked_folder(folders, {}, *target).second;
        writer.add(package.depends, needed["name"].text_or(name), needed["version"].text());
      }
    }
    settle_depends(package);
    sink.package(std::move(package), linked ? linked_folder_evidence : "npm lock file");
  }
  return {};
}

// ---- lockfileVersion 1 ----

class OldLock {
 public:
  OldLock(NeedWriter writer, Sink& sink) : writer_(writer), sink_(sink) {}

  // The depth is limited with that of JSON values.
  Result<> read(const Value& dependencies) {
    add_level(dependencies);
    for (const auto& [name, item] : dependencies.members()) {
      if (++count_ > max_locked_packages) return fail(Fault::too_large, "too many packages");
      const Value& inner = item["dependencies"];
      auto package = package_of(id_of(name, item), item);
      if (inner.is_object()) add_level(inner);
      TRY_DO(add_requires(package, item["requires"]));
      if (inner.is_object()) levels_.pop_back();
      // A folder beside the project is its own; npm 6 does not say which version it has.
      const bool own = item["version"].text().starts_with("file:");
      if (!own && !package.name.empty()) sink_.package(std::move(package), "npm lock file");
      if (inner.is_object()) TRY_DO(read(inner));
    }
    levels_.pop_back();
    return {};
  }

 private:
  void add_level(const Value& dependencies) {
    auto& level = levels_.emplace_back();
    for (const auto& [name, item] : dependencies.members()) level.emplace(name, id_of(name, item));
  }

  Result<> add_requires(Package& package, const Value& needs) {
    for (const auto& [name, range] : needs.members()) {
      for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
        if (++steps_ > max_locked_dependencies * 4)
          return fail(Fault::too_large, "too many dependencies");
        const auto found = level->find(name);
        if (found == level->end()) continue;
        writer_.add(package.depends, found->second.name, found->second.version);
        break;
      }
    }
    settle_depends(package);
    return {};
  }

  NeedWriter writer_;
  Sink& sink_;
  std::vector<std::unordered_map<std::string_view, Id>> levels_;
  std::size_t count_ = 0, steps_ = 0;
};

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  TRY(const Document lock, parse_json(file.content));
  const NeedWriter writer(file.content.size(), sink);
  if (lock["packages"].is_object()) return read_packages(lock["packages"], writer, sink);
  return OldLock(writer, sink).read(lock["dependencies"]);
}

constexpr std::string_view globs[] = {"**/npm-shrinkwrap.json", "**/package-lock.json"};

}  // namespace

extern const Reader npm_lock_reader;
const Reader npm_lock_reader = {"npm-lock", 3, globs, {}, 128 << 20, read};

}  // namespace boltseal
