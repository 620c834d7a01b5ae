// pnpm-lock.yaml, versions 5 to 9: what pnpm resolved.
//
// Format: https://github.com/pnpm/spec/tree/master/lockfile. "packages" is keyed
// "/name/1.2.3_peers" (5),
// "/name@1.2.3(peers)" (6) or "name@1.2.3" (9, where "snapshots", keyed with peers, hold the
// dependencies). A dependency's value is a version with peers, or a whole key when the name is an
// alias. Versions 5 and 6 mark "dev: true"; 9 leaves it to the reader to see what "importers" reach
// without their devDependencies. Packages from an address carry name and version; one from another
// registry has its host in front of the key ("example.com/name/1.2.3", 5). Several variants of a
// package that differ in their peers only are one package. pnpm 10 and later may put a document
// about itself and its plug-ins in front of the project's; that one is not read, as it says what
// the manager fetches and not what the project holds.
#include <fmt/format.h>

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
  if (key.starts_with('/'))
    key.remove_prefix(1);
  else if (old && !key.starts_with('@'))
    key.remove_prefix(std::min(key.find('/') + 1, key.size()));  // a host, or 0 where there is none
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
  if (slash == std::string_view::npos || slash + 1 == key.size() || !is_digit(key[slash + 1]))
    return {};  // "github.com/owner/name/<commit>"
  return {std::string(key.substr(0, slash)),
          std::string(without_peers(key.substr(slash + 1), old))};
}

Id id_of_need(std::string_view name, std::string_view value, bool old) {
  if (value.starts_with("link:") || value.starts_with("file:") ||
      value.find("://") != std::string_view::npos)
    return {};
  const bool whole_key =
      old ? without_peers(value, old).find('/') != std::string_view::npos
          : value.starts_with('/') || without_peers(value, old).find('@', 1) != value.npos;
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

  Result<> read(NeedWriter writer, Sink& sink) {
    TRY_DO(add_packages());
    TRY_DO(add_needs(root_[snapshots_ ? "snapshots" : "packages"], writer));
    if (snapshots_) mark_development();
    if (skipped_ > 0)
      sink.unknown(
          {Fault::corrupt,
           fmt::format("{} no package and version, the first is \"{}\"",
                       skipped_ == 1 ? "a key names" : fmt::format("{} keys name", skipped_),
                       valid_or_replaced_utf8(first_skipped_.substr(0, 200))),
           {},
           {}});
    for (std::size_t i = 0; i < packages_.size(); ++i) {
      settle_depends(packages_[i]);
      if (!own_[i]) sink.package(std::move(packages_[i]), "pnpm-lock.yaml");
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
      // An address stands where the version of an archive, a repository or a folder is not known.
      if (id.version.find(':') != std::string::npos) id.version.clear();
      const bool folder = item["resolution"]["directory"].is_text();
      if (id.name.empty() || (id.version.empty() && key.find(':') == key.npos)) {
        if (skipped_++ == 0) first_skipped_ = key;
        continue;
      }
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
      own_.push_back(folder && id.version.empty());
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

  // A node is a key of snapshots: a package as it was resolved against certain peers. Where a
  // value is no such key (versions 5 and 6, and what is only in packages) any node of the package.
  std::optional<std::uint32_t> find_need(std::string_view name, std::string_view value) const {
    // An alias and what comes from an address are keyed by the value itself.
    const std::string keys[] = {std::string(name) + "@" + std::string(value), std::string(value)};
    for (const auto& key : keys) {
      const auto node = node_of_key_.find(key);
      if (node != node_of_key_.end()) return node->second;
    }
    std::optional<std::uint32_t> package;
    for (const auto& key : keys) {
      if (!package) package = find_key(key);
    }
    if (!package) {
      const auto found = index_.find(id_of_need(name, value, old_));
      if (found != index_.end()) package = found->second;
    }
    const auto node = package ? node_of_package_.find(*package) : node_of_package_.end();
    return node == node_of_package_.end() ? std::nullopt : std::optional(node->second);
  }

  Result<> add_needs(const Value& list, NeedWriter& writer) {
    for (const auto& [key, item] : list.members()) {
      const auto package = find_key(key);
      if (!package) continue;
      const auto node = static_cast<std::uint32_t>(nodes_.size());
      node_of_key_.emplace(key, node);
      node_of_package_.emplace(*package, node);
      nodes_.emplace_back(*package, &item);
    }
    for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
      const auto [package, item] = nodes_[node];
      for (const auto* kind : {"dependencies", "optionalDependencies"}) {
        for (const auto& [name, value] : (*item)[kind].members()) {
          const auto target = find_need(name, value.scalar());
          if (!target) continue;
          if (edges_.size() >= max_locked_dependencies)
            return fail(Fault::too_large, "too many dependencies");
          edges_.emplace_back(node, *target);
          const Package& to = packages_[nodes_[*target].first];
          writer.add(packages_[package].depends, to.name, to.version);
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
    const auto runs = reachable(nodes_.size(), edges_, std::move(roots));
    for (auto& package : packages_) package.development = true;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (runs[i]) packages_[nodes_[i].first].development = false;
    }
  }

  const Value& root_;
  bool old_ = false, snapshots_ = false;
  std::vector<Package> packages_;
  std::uint64_t skipped_ = 0;  // keys that could not be read
  std::string_view first_skipped_;
  std::vector<bool> own_;  // a folder of the project, of which no version is known
  std::map<Id, std::uint32_t> index_;
  std::unordered_map<std::string, std::uint32_t> index_of_key_;
  std::vector<std::pair<std::uint32_t, const Value*>> nodes_;
  std::unordered_map<std::string, std::uint32_t> node_of_key_;
  std::unordered_map<std::uint32_t, std::uint32_t> node_of_package_;  // the first
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;
};

// What follows the last line that is only "---".
std::string_view last_document(std::string_view content) {
  for (auto at = content.rfind("\n---"); at != std::string_view::npos && at != 0;
       at = content.rfind("\n---", at - 1)) {
    const auto rest = content.substr(at + 4);
    if (rest.starts_with('\n') || rest.starts_with("\r\n")) return rest;
  }
  return content;
}

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  TRY(const Document lock, parse_yaml(last_document(file.content)));
  return PnpmLock(lock.root()).read({file.content.size(), sink}, sink);
}

constexpr std::string_view globs[] = {"**/pnpm-lock.yaml"};

}  // namespace

extern const Reader pnpm_lock_reader;
const Reader pnpm_lock_reader = {"pnpm-lock", 3, globs, {}, 32 << 20, read};

}  // namespace boltseal
