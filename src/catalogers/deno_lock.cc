// deno.lock: what Deno resolved.
//
// Format: https://docs.deno.com/runtime/fundamentals/modules/#integrity-checking-and-lock-files and
// Deno's own deno_lockfile crate. Versions 4 and 5 have "npm" and "jsr" at the top, 3 under
// "packages", 2 has "npm": {"packages"}. A key is "name@version", of npm packages with the peers it
// was resolved against behind "_". A dependency is a key too, without its version where only one is
// locked, and "alias@npm:name@version" for an alias; version 2 and 3 map names to keys. "remote"
// lists single files by their address: they are modules, not packages, and are left out.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

struct Id {
  std::string name, version;
};

// "@s/a@1.2.3_peer@4.0.0"; no version where only the name stands.
Id id_of(std::string_view key) {
  const auto at = key.find('@', 1);
  if (at == std::string_view::npos) return {std::string(key), {}};
  const auto version = key.substr(at + 1);
  return {std::string(key.substr(0, at)), std::string(version.substr(0, version.find('_')))};
}

std::string need_of(std::string_view need) {
  if (const auto alias = cut(need, "@npm:")) need = alias->second;
  for (const std::string_view scheme : {"npm:", "jsr:"}) {
    if (need.starts_with(scheme)) need.remove_prefix(scheme.size());
  }
  const auto id = id_of(need);
  // Of a range ("^1.0.0", as jsr packages have it) only the name is certain.
  const bool exact =
      !id.version.empty() && is_digit(id.version[0]) && std::ranges::count(id.version, '.') >= 2;
  return exact ? id.name + "@" + id.version : id.name;
}

Result<> read_packages(const Value& list, bool npm, Sink& sink) {
  if (list.members().size() > max_locked_packages)
    return fail(Fault::too_large, "too many packages");
  // The same package resolved against several sets of peers is one.
  std::map<std::pair<std::string, std::string>, Package> packages;
  std::size_t dependencies = 0;
  const std::string_view prefix = npm ? "" : "jsr:";
  for (const auto& [key, item] : list.members()) {
    auto [name, version] = id_of(key);
    if (name.empty() || version.empty()) continue;
    Package& package = packages[{name, version}];
    package.type = npm ? PackageType::npm : PackageType::generic;
    package.name = std::string(prefix) + name;
    package.version = std::move(version);
    const auto integrity =
        npm ? item["integrity"].string() : "sha256:" + item["integrity"].string();
    if (const auto hash = hash_of_integrity(integrity)) package.hashes = {*hash};
    const auto add = [&](std::string_view need) {
      if (++dependencies <= max_locked_dependencies)
        package.depends.push_back(std::string(prefix) + need_of(need));
    };
    for (const auto* kind : {"dependencies", "optionalDependencies"}) {
      for (const auto& need : item[kind].items()) add(need.text());
      for (const auto& [alias, need] : item[kind].members()) add(need.text());
    }
  }
  if (dependencies > max_locked_dependencies)
    return fail(Fault::too_large, "too many dependencies");
  for (auto& [id, package] : packages) {
    settle_depends(package);
    sink.package(std::move(package), "deno.lock");
  }
  return {};
}

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  TRY(const Document lock, parse_json(file.content));
  const Value& old = lock["packages"];
  const Value& npm = old["npm"] ? old["npm"] : lock["npm"];
  TRY_DO(read_packages(npm["packages"].is_object() ? npm["packages"] : npm, true, sink));
  return read_packages(old["jsr"] ? old["jsr"] : lock["jsr"], false, sink);
}

constexpr std::string_view globs[] = {"**/deno.lock"};

}  // namespace

extern const Reader deno_lock_reader;
const Reader deno_lock_reader = {"deno-lock", 1, globs, {}, 64 << 20, read};

}  // namespace boltseal
