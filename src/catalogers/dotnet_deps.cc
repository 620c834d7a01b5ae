// .NET programs: <program>.deps.json, which lies beside every published program, and
// obj/project.assets.json, which restore leaves in a work tree.
//
// Format:
// https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md.
// "libraries" is keyed "Name/1.2.3" with type and sha512 of the package; "targets" holds the
// dependencies, per framework. Types: "package"; "runtimepack" is the runtime inside a
// self-contained program, whose NuGet name stands behind "runtimepack."; "project" is the program
// itself and "reference" a file, neither can be fetched. project.assets.json writes its sha512
// without prefix.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view runtime_pack = "runtimepack.";

std::string_view bare_name(std::string_view name) {
  if (name.starts_with(runtime_pack)) name.remove_prefix(runtime_pack.size());
  return name;
}

using Needs = std::map<std::string_view, std::vector<std::string>>;  // by "Name/1.2.3"

// The keys of packages of which the program brings no file along. The framework's own copy wins
// where it is as new, and the SDK then leaves the entry of "System.Net.Http/4.1.0" empty; packages
// that only bring others, or that only build, have no files either.
std::set<std::string_view> without_files(const Value& targets) {
  std::set<std::string_view> without, with;
  for (const auto& [framework, libraries] : targets.members()) {
    for (const auto& [key, item] : libraries.members()) {
      constexpr std::string_view assets[] = {"runtime", "runtimeTargets", "native", "resources"};
      const bool has = std::ranges::any_of(
          assets, [&](std::string_view kind) { return !item[kind].members().empty(); });
      (has ? with : without).insert(key);
    }
  }
  for (const auto key : with) without.erase(key);
  return without;
}

Result<Needs> needs_of(const Value& targets, NeedWriter writer) {
  Needs needs;
  std::size_t count = 0;
  for (const auto& [framework, libraries] : targets.members()) {
    std::map<std::string, std::string_view>
        version_of;  // what was resolved, which may be more than was asked for
    for (const auto& [key, item] : libraries.members()) {
      if (const auto id = cut(key, "/")) version_of.emplace(lower(id->first), id->second);
    }
    for (const auto& [key, item] : libraries.members()) {
      for (const auto& [name, asked] : item["dependencies"].members()) {
        if (++count > max_locked_dependencies)
          return fail(Fault::too_large, "too many dependencies");
        const auto known = version_of.find(lower(name));
        const auto version = known == version_of.end() ? asked.text() : known->second;
        writer.add(needs[key], bare_name(name), version);
      }
    }
  }
  return needs;
}

Result<> read(const FileView& file, Sink& sink) {
  TRY(const Document document, parse_json(file.content));
  const auto libraries = document["libraries"].members();
  if (libraries.size() > max_locked_packages) return fail(Fault::too_large, "too many packages");
  TRY(auto needs, needs_of(document["targets"], {file.content.size(), sink}));
  const bool published = file_name(file.path) != "project.assets.json";
  const auto absent = published ? without_files(document["targets"]) : std::set<std::string_view>{};
  for (const auto& [key, item] : libraries) {
    const auto type = item["type"].text();
    const auto id = cut(key, "/");
    if (!id || (type != "package" && type != "runtimepack")) continue;
    if (type == "package" && absent.contains(key)) continue;
    Package package;
    package.type = PackageType::nuget;
    package.name = bare_name(id->first);
    package.version = id->second;
    auto sha512 = item["sha512"].string();
    if (!sha512.empty() && !sha512.starts_with("sha512-")) sha512 = "sha512-" + sha512;
    if (const auto hash = hash_of_integrity(sha512)) package.hashes.push_back(*hash);
    if (const auto known = needs.find(key); known != needs.end())
      package.depends = std::move(known->second);
    settle_depends(package);
    sink.package(std::move(package), type == "runtimepack" ? "deps.json, runtime pack"
                                     : published           ? "deps.json"
                                                           : "project.assets.json");
  }
  return {};
}

constexpr std::string_view globs[] = {"**/*.deps.json", "**/project.assets.json"};

}  // namespace

extern const Reader dotnet_deps_reader;
const Reader dotnet_deps_reader = {"dotnet-deps", 3, globs, {}, 64 << 20, read};

}  // namespace boltseal
