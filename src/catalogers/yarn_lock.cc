// yarn.lock: what Yarn resolved. Version 1 has a format of its own, Yarn 2 and later ("berry")
// write YAML.
//
// Version 1 (https://classic.yarnpkg.com/lang/en/docs/yarn-lock/): an entry is a line of patterns
// `a@^1, "b@npm:…":`, then members at two spaces, whose dependencies stand at four. Berry: a
// mapping of descriptors `"a@npm:^1, a@npm:^1.2":` to version, resolution ("a@npm:1.2.3"),
// dependencies, checksum; "__metadata" marks it. Both resolve a dependency by its pattern
// "name@range". Yarn does not say which packages only development needs. Berry's checksum is of its
// own cache archive, not of the package, so it is not taken; entries with the linker "soft" are
// workspaces.
#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

struct Entry {
  std::vector<std::string> patterns;  // "name@range"
  std::string name, version, integrity, resolved;
  std::vector<std::pair<std::string, std::string>> needs;
};

std::string_view name_of_pattern(std::string_view pattern) {
  return pattern.substr(0, pattern.find('@', 1));
}

std::string_view unquoted(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  return text;
}

// `key value`, where the key may be quoted: "@scope/a" "^1".
std::pair<std::string_view, std::string_view> pair_of(std::string_view line) {
  const auto quoted = line.starts_with('"');
  const auto end = quoted ? line.find('"', 1) : line.find(' ');
  if (end == std::string_view::npos) return {unquoted(trim_end(line, ':')), {}};
  return {unquoted(line.substr(0, end + (quoted ? 1 : 0))), unquoted(line.substr(end + 1))};
}

std::vector<std::string> patterns_of(std::string_view line) {
  std::vector<std::string> patterns;
  for (const auto part : split(trim_end(trim(line), ':'), ',')) {
    if (patterns.size() < 1000) patterns.emplace_back(unquoted(part));
  }
  return patterns;
}

Result<std::vector<Entry>> parse_classic(std::string_view text) {
  std::vector<Entry> entries;
  bool in_needs = false;
  std::size_t needs = 0;
  each_line(text, [&](std::string_view line) {
    if (line.empty() || line[0] == '#' || entries.size() > max_locked_packages) return;
    const auto indent = std::min(line.find_first_not_of(' '), line.size());
    const auto rest = trim(line);
    if (indent == 0) {
      entries.push_back({patterns_of(line), {}, {}, {}, {}, {}});
      entries.back().name = name_of_pattern(entries.back().patterns.front());
      in_needs = false;
    } else if (!entries.empty() && indent == 2) {
      const auto [key, value] = pair_of(rest);
      in_needs = rest == "dependencies:" || rest == "optionalDependencies:";
      if (key == "version")
        entries.back().version = value;
      else if (key == "integrity")
        entries.back().integrity = value;
      else if (key == "resolved")
        entries.back().resolved = value;
    } else if (!entries.empty() && in_needs && ++needs < max_locked_dependencies) {
      entries.back().needs.emplace_back(pair_of(rest));
    }
  });
  if (entries.size() > max_locked_packages) return fail(Fault::too_large, "too many packages");
  return entries;
}

// Yarn 2 writes keys longer than the 1,024 characters that YAML allows a key without "?".
std::string with_marked_keys(std::string_view text) {
  constexpr std::size_t longest = 1000;
  std::string out;
  each_line(text, [&](std::string_view line) {
    const bool is_long = line.size() > longest && line.starts_with('"') && line.ends_with("\":");
    if (is_long) out += "? ";
    out += is_long ? line.substr(0, line.size() - 1) : line;
    out += is_long ? "\n:\n" : "\n";
  });
  return out;
}

Result<std::vector<Entry>> parse_berry(std::string_view text) {
  TRY(const Document lock, parse_yaml(with_marked_keys(text)));
  std::vector<Entry> entries;
  std::size_t needs = 0;
  for (const auto& [key, item] : lock.root().members()) {
    if (key == "__metadata") continue;
    if (entries.size() >= max_locked_packages) return fail(Fault::too_large, "too many packages");
    Entry entry;
    entry.patterns = patterns_of(key);
    const auto resolution = item["resolution"].text();
    entry.name = name_of_pattern(resolution.empty() ? entry.patterns.front() : resolution);
    // A workspace is the project's own; a patch or an archive is a package all the same.
    const bool own = resolution.find("@workspace:") != std::string_view::npos ||
                     item["linkType"].text() == "soft";
    if (!own) entry.version = item["version"].scalar();
    for (const auto* list : {"dependencies", "optionalDependencies"}) {
      for (const auto& [name, range] : item[list].members()) {
        if (++needs > max_locked_dependencies)
          return fail(Fault::too_large, "too many dependencies");
        entry.needs.emplace_back(name, range.scalar());
      }
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

// ".../@s/b/-/b-1.0.0.tgz" is the archive of @s/b in every registry; "…/b/-/archive/…" is GitLab's
// of a project.
std::string name_in_address(std::string_view address) {
  const auto end = address.find("/-/");
  if (end == std::string_view::npos) return {};
  const auto path = percent_decode(address.substr(0, end));  // "@s%2fb"
  if (!path) return {};
  const auto slash = path->rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const auto scope = path->rfind('/', slash - 1) + 1;
  auto name = path->substr((*path)[scope] == '@' ? scope : slash + 1);
  auto file = address.substr(end + 3);
  if (file.starts_with('@')) file = file.substr(std::min(file.find('/'), file.size() - 1) + 1);
  if (!file.starts_with(path->substr(slash + 1) + "-")) return {};
  return valid_utf8(name) ? name : std::string();
}

// The name of what was fetched: the pattern may be an alias (a@npm:b@^1), and a resolution of the
// project may put another package in its place, which only the address tells.
std::string real_name(const Entry& entry) {
  if (auto name = name_in_address(entry.resolved); !name.empty()) {
    // Some registries leave the scope out of their addresses.
    const bool scoped = entry.name.starts_with('@') && entry.name.ends_with("/" + name);
    return scoped ? entry.name : name;
  }
  const auto alias = cut(entry.patterns.front(), "@npm:");
  if (!alias) return entry.name;
  const auto real = alias->second.substr(0, alias->second.find('@', 1));
  return real.empty() || !is_alpha(real[0] == '@' ? 'a' : real[0]) ? entry.name : std::string(real);
}

using ByText = std::unordered_map<std::string_view, const Entry*>;

// A resolution of the project puts another range in place of the one that was asked for: then the
// only entry of that name is meant.
const Entry* find_need(const ByText& by_pattern, const ByText& only, const std::string& name,
                       const std::string& range) {
  for (const std::string_view protocol : {"@", "@npm:"}) {
    const auto found = by_pattern.find(name + std::string(protocol) + range);
    if (found != by_pattern.end()) return found->second;
  }
  const auto found = only.find(name);
  return found == only.end() ? nullptr : found->second;
}

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  const bool berry = file.content.find("\n__metadata:") != std::string_view::npos ||
                     file.content.starts_with("__metadata:");
  TRY(auto entries, berry ? parse_berry(file.content) : parse_classic(file.content));
  const bool marked = berry || file.content.find("# yarn lockfile") != std::string_view::npos;
  const auto versioned = [](const Entry& entry) { return !entry.version.empty(); };
  if (!marked && !trim(file.content).empty() && std::ranges::none_of(entries, versioned)) {
    return fail(Fault::corrupt, "not a yarn lock file");
  }
  for (auto& entry : entries) {
    if (!berry) entry.name = real_name(entry);  // berry's resolution is the real one
  }
  ByText by_pattern, only;
  for (const auto& entry : entries) {
    for (const auto& pattern : entry.patterns) by_pattern.emplace(pattern, &entry);
    const auto [at, fresh] = only.emplace(name_of_pattern(entry.patterns.front()), &entry);
    if (!fresh) at->second = nullptr;
  }
  NeedWriter writer(file.content.size(), sink);
  for (const auto& entry : entries) {
    if (entry.version.empty() || entry.name.empty()) continue;
    Package package;
    package.type = PackageType::npm;
    package.name = entry.name;
    package.version = entry.version;
    // Before integrity values there was the SHA-1 behind the address.
    const auto sha1 = cut(entry.resolved, "#");
    auto hash = hash_of_integrity(entry.integrity);
    if (!hash && sha1) hash = hash_of_integrity("sha1:" + std::string(sha1->second));
    if (hash) package.hashes.push_back(*hash);
    for (const auto& [name, range] : entry.needs) {
      const auto* target = find_need(by_pattern, only, name, range);
      if (target != nullptr && !target->version.empty())
        writer.add(package.depends, target->name, target->version);
    }
    settle_depends(package);
    sink.package(std::move(package), "yarn.lock");
  }
  return {};
}

constexpr std::string_view globs[] = {"**/yarn.lock"};

}  // namespace

extern const Reader yarn_lock_reader;
const Reader yarn_lock_reader = {"yarn-lock", 4, globs, {}, 64 << 20, read};

}  // namespace boltseal
