// pnpm-lock.yaml, versions 5 to 9: what pnpm resolved.
//
// Format: https://github.com/pnpm/spec/tree/master/lockfile. "packages" is keyed
// "/name/1.2.3_peers" (5),
// "/name@1.2.3(peers)" (6) or "name@1.2.3" (9, where "snapshots", keyed with peers, hold the
// dependencies). A dependency's value is a version with peers, or a whole key when the name is an
// alias. Versions 5 and 6 mark "dev: true"; 9 leaves it to the reader to see what "importers" reach
// without their devDependencies. Packages from an address carry name and version. Several variants
// of a package that differ in their peers only are one package.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

struct Id {
  std::string name, version;
  auto operator<=>(const Id&) const = default;
};

std::string_view without_peers(std::string_view text, bool old) {
  return text.substr(0, text.find(old ? '_' : '('));
}

// "/@s/a/1.0.0_p@2" (old), "/@s/a@1.0.0(p@2)", "@s/a@1.0.0".
Id id_of_key(std::string_view key, bool old) {
  if (key.starts_with('/')) key.remove_prefix(1);
  if (!old) {
    key = without_peers(key, old);
    const auto at = key.find('@', 1);
    return at == std::string_view::npos
               ? Id{}
               : Id{std::string(key.substr(0, at)), std::string(key.substr(at + 1))};
  }
  // A name may hold "_", so the version is found first: it follows the second "/" of a scoped name.
  const auto scope = key.starts_with('@') ? key.find('/') : std::string_view::npos;
  const auto slash = key.find('/', scope == std::string_view::npos ? 0 : scope + 1);
  if (slash == std::string_view::npos) return {};
  return {std::string(key.substr(0, slash)),
          std::string(without_peers(key.substr(slash + 1), old))};
}

Id id_of_need(std::string_view name, std::string_view value, bool old) {
  if (value.starts_with("link:") || value.starts_with("file:") ||
      value.find("://") != std::string_view::npos)
    return {};
  const bool whole_key = value.starts_with('/') ||
                         (!old && without_peers(value, old).find('@', 1) != std::string_view::npos);
  if (whole_key) return id_of_key(value, old);
  return {std::string(name), std::string(without_peers(value, old))};
}

class PnpmLock {
 public:
  explicit PnpmLock(const Value& root) : root_(root) {
    const auto version = root["lockfileVersion"].scalar();
    old_ = version.starts_with('5') || version.starts_with('4') || version.starts_with('3');
    snapshots_ = root["snapshots"].is_object();
  }

  Result<> read(Sink& sink) {
    TRY_DO(add_packages());
    TRY_DO(add_needs(root_[snapshots_ ? "snapshots" : "packages"]));
    if (snapshots_) mark_development();
    for (auto& package : packages_) {
      settle_depends(package);
      sink.package(std::move(package), "pnpm-lock.yaml");
    }
    return {};
  }

 private:
  Result<> add_packages() {
    for (const auto& [key, item] : root_["packages"].members()) {
      if (packages_.size() >= max_locked_packages)
        return fail(Fault::too_large, "too many packages");
      auto id = id_of_key(key, old_);
      if (item["name"].is_text()) id.name = item["name"].text();
      if (item["version"].is_text()) id.version = item["version"].text();
      if (id.name.empty() || id.version.empty() || id.version.find(':') != std::string::npos)
        continue;
      const auto [at, fresh] = index_.emplace(id, static_cast<std::uint32_t>(packages_.size()));
      index_of_key_.emplace(key, at->second);
      if (!fresh) continue;
      Package package;
      package.type = PackageType::npm;
      package.name = id.name;
      package.version = id.version;
      package.development = item["dev"].boolean();
      if (const auto hash = hash_of_integrity(item["resolution"]["integrity"].text()))
        package.hashes.push_back(*hash);
      packages_.push_back(std::move(package));
    }
    return {};
  }

  // The package that a key of packages or snapshots describes; none for what was left out above.
  std::optional<std::uint32_t> find_key(std::string_view key) const {
    const auto whole = index_of_key_.find(std::string(key));
    if (whole != index_of_key_.end()) return whole->second;
    const auto bare = index_of_key_.find(std::string(without_peers(key, old_)));
    return bare == index_of_key_.end() ? std::nullopt : std::optional(bare->second);
  }
  std::optional<std::uint32_t> find_need(std::string_view name, std::string_view value) const {
    const auto found = index_.find(id_of_need(name, value, old_));
    return found == index_.end() ? std::nullopt : std::optional(found->second);
  }

  Result<> add_needs(const Value& list) {
    for (const auto& [key, item] : list.members()) {
      const auto package = find_key(key);
      if (!package) continue;
      for (const auto* kind : {"dependencies", "optionalDependencies"}) {
        for (const auto& [name, value] : item[kind].members()) {
          const auto target = find_need(name, value.scalar());
          if (!target) continue;
          if (edges_.size() >= max_locked_dependencies)
            return fail(Fault::too_large, "too many dependencies");
          edges_.emplace_back(*package, *target);
          packages_[*package].depends.push_back(packages_[*target].name + "@" +
                                                packages_[*target].version);
        }
      }
    }
    std::ranges::sort(edges_);
    return {};
  }

  void mark_development() {
    std::vector<std::uint32_t> roots;
    for (const auto& [folder, importer] : root_["importers"].members()) {
      for (const auto* kind : {"dependencies", "optionalDependencies"}) {
        for (const auto& [name, item] : importer[kind].members()) {
          if (const auto target = find_need(name, item["version"].scalar()))
            roots.push_back(*target);
        }
      }
    }
    const auto runs = reachable(packages_.size(), edges_, std::move(roots));
    for (std::size_t i = 0; i < packages_.size(); ++i) packages_[i].development = !runs[i];
  }

  const Value& root_;
  bool old_ = false, snapshots_ = false;
  std::vector<Package> packages_;
  std::map<Id, std::uint32_t> index_;
  std::unordered_map<std::string, std::uint32_t> index_of_key_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;
};

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  TRY(const Document lock, parse_yaml(file.content));
  return PnpmLock(lock.root()).read(sink);
}

constexpr std::string_view globs[] = {"**/pnpm-lock.yaml"};

}  // namespace

extern const Reader pnpm_lock_reader;
const Reader pnpm_lock_reader = {"pnpm-lock", 1, globs, {}, 32 << 20, read};

}  // namespace boltseal
