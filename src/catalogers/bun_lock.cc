// bun.lock: what Bun resolved (the text form; bun.lockb, the older binary form, is made of the
// program's own structures and is not read, which is said: `bun install --save-text-lockfile` turns
// it into this one).
//
// Format: https://bun.sh/docs/install/lockfile, JSON with comments and trailing commas. "packages"
// is keyed by the path in the tree ("a", "a/b" for the b that a uses); a value is ["name@version",
// registry, {dependencies…}, integrity]. Of an entry from a repository or an archive the version is
// an address, so it has none; folders of the project are left out. Dependencies are looked up as
// Node does.
#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

// "a/@s/b" lies in "a", "@s/b" in "".
std::string_view parent_of(std::string_view key) {
  auto slash = key.rfind('/');
  if (slash == std::string_view::npos) return {};
  const auto before = key.substr(0, slash);
  const auto scope = before.rfind('/') + 1;  // 0 when there is none
  if (before.substr(scope).starts_with('@'))
    return scope == 0 ? std::string_view{} : before.substr(0, scope - 1);
  return before;
}

bool is_own_folder(std::string_view version) {
  for (const std::string_view kind : {"workspace:", "link:", "root:"}) {
    if (version.starts_with(kind)) return true;
  }
  return version.starts_with("file:") && !version.ends_with(".tgz") && !version.ends_with(".gz");
}

class BunLock {
 public:
  explicit BunLock(const Value& root) : root_(root) {}

  Result<> read(NeedWriter writer, Sink& sink) {
    TRY_DO(add_packages());
    TRY_DO(add_needs(writer));
    mark_development();
    for (auto& package : packages_) {
      settle_depends(package);
      sink.package(std::move(package), "bun.lock");
    }
    return {};
  }

 private:
  Result<> add_packages() {
    for (const auto& [key, item] : root_["packages"].members()) {
      if (packages_.size() >= max_locked_packages)
        return fail(Fault::too_large, "too many packages");
      const auto id = item[std::size_t{0}].text();
      const auto at = id.find('@', 1);
      if (at == std::string_view::npos || key.size() > 4096) continue;
      auto version = id.substr(at + 1);
      if (version.empty() || is_own_folder(version)) continue;
      if (!is_digit(version[0]) || version.find(':') != std::string_view::npos) version = {};
      Package package;
      package.type = PackageType::npm;
      package.name = id.substr(0, at);
      package.version = version;
      for (const auto& part : item.items()) {
        if (const auto hash = hash_of_integrity(part.text()); hash && package.hashes.empty())
          package.hashes.push_back(*hash);
      }
      index_.emplace(key, static_cast<std::uint32_t>(packages_.size()));
      items_.push_back({key, &item});
      packages_.push_back(std::move(package));
    }
    return {};
  }

  std::optional<std::uint32_t> resolve(std::string_view from, std::string_view name) const {
    for (std::size_t steps = 0; steps < 64; ++steps) {
      const auto found = index_.find(from.empty() ? std::string(name)
                                                  : std::string(from) + "/" + std::string(name));
      if (found != index_.end()) return found->second;
      if (from.empty()) break;
      from = parent_of(from);
    }
    return std::nullopt;
  }

  Result<> add_needs(NeedWriter& writer) {
    for (std::uint32_t i = 0; i < packages_.size(); ++i) {
      for (const auto& part : items_[i].second->items()) {
        // Bun installs peers by itself.
        for (const auto* kind : {"dependencies", "optionalDependencies", "peerDependencies"}) {
          for (const auto& [name, range] : part[kind].members()) {
            if (edges_.size() >= max_locked_dependencies)
              return fail(Fault::too_large, "too many dependencies");
            const auto target = name.size() < 512 ? resolve(items_[i].first, name) : std::nullopt;
            if (!target) continue;
            edges_.emplace_back(i, *target);
            writer.add(packages_[i].depends, packages_[*target].name, packages_[*target].version);
          }
        }
      }
    }
    std::ranges::sort(edges_);
    return {};
  }

  void mark_development() {
    std::vector<std::uint32_t> roots;
    for (const auto& [folder, workspace] : root_["workspaces"].members()) {
      for (const auto* kind : {"dependencies", "optionalDependencies", "peerDependencies"}) {
        for (const auto& [name, range] : workspace[kind].members()) {
          if (const auto target = resolve(workspace["name"].text(), name)) roots.push_back(*target);
        }
      }
    }
    const auto runs = reachable(packages_.size(), edges_, std::move(roots));
    for (std::size_t i = 0; i < packages_.size(); ++i) packages_[i].development = !runs[i];
  }

  const Value& root_;
  std::vector<Package> packages_;
  std::vector<std::pair<std::string_view, const Value*>> items_;
  std::unordered_map<std::string, std::uint32_t> index_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;
};

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  if (file.path.ends_with(".lockb")) {
    return fail(Fault::unsupported,
                "a binary lock file of Bun; bun install --save-text-lockfile makes it readable");
  }
  TRY(const Document lock, parse_jsonc(file.content));
  return BunLock(lock.root()).read({file.content.size(), sink}, sink);
}

constexpr std::string_view globs[] = {"**/bun.lock", "**/bun.lockb"};

}  // namespace

extern const Reader bun_lock_reader;
const Reader bun_lock_reader = {"bun-lock", 3, globs, {}, 64 << 20, read};

}  // namespace boltseal
