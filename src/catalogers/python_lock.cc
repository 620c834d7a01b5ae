// Lock files of Python's package managers: poetry.lock, uv.lock, pdm.lock, pylock.toml (PEP 751),
// and Pipfile.lock.
//
// Formats: poetry, pdm and uv write TOML with [[package]]; https://peps.python.org/pep-0751/ calls
// it [[packages]]; Pipfile.lock is JSON with "default" and "develop". Dependencies are a table
// (poetry), strings (pdm: requirement specifiers) or tables with a name (uv, PEP 751). A hash is
// taken only where one artefact is listed: of several, which one was installed is not said. uv
// lists the project itself with a "virtual" or "editable" source: it is no package that somebody
// can fetch, and is left out; what only its dependency groups reach is for development. A script's
// own lock (uv lock --script) is <script>.py.lock. Files inside site-packages are fixtures of
// installed packages.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

// The name at the front of a requirement specifier; "" when an extra asks for it.
std::string name_of_requirement(std::string_view text) {
  const auto marker = text.find(';');
  if (marker != std::string_view::npos && contains_nocase(text.substr(marker), "extra =="))
    return {};
  return pypi_name(text.substr(0, text.find_first_of(" [(<>=!~;@")));
}

using Versions =
    std::map<std::string, std::string, std::less<>>;  // "" where two versions are locked

class Dependencies {
 public:
  Dependencies(const Versions& versions, NeedWriter writer)
      : versions_(versions), writer_(writer) {}

  void add(Package& package, const Value& list);

 private:
  void add(Package& package, const std::string& name, std::string_view version) {
    auto& depends = package.depends;
    if (name.empty() || depends.size() >= max_of_one) return;
    const auto known = versions_.find(name);
    if (version.empty() && known != versions_.end()) version = known->second;
    const std::size_t before = depends.size();
    writer_.add(depends, name, version);
    if (depends.size() > before &&
        std::ranges::find(depends, depends.back()) != std::prev(depends.end()))
      depends.pop_back();
  }

  static constexpr std::size_t max_of_one = 2000;
  const Versions& versions_;
  NeedWriter writer_;
};

void Dependencies::add(Package& package, const Value& list) {
  for (const auto& [name, requirement] : list.members()) {  // poetry
    if (!requirement["optional"].boolean()) add(package, pypi_name(name), {});
  }
  for (const auto& item : list.items()) {
    if (item.is_text())
      add(package, name_of_requirement(item.text()), {});
    else
      add(package, pypi_name(item["name"].text()), item["version"].text());
  }
}

// poetry and pdm: files = [{file, hash}]; uv and PEP 751: sdist and wheels, with a hash or a table
// of hashes.
void add_hash(Package& package, const Value& item) {
  std::vector<const Value*> artefacts;
  for (const auto* key : {"files", "wheels"}) {
    for (const auto& artefact : item[key].items()) artefacts.push_back(&artefact);
  }
  for (const auto* key : {"sdist", "archive"}) {
    if (item[key].is_object()) artefacts.push_back(&item[key]);
  }
  if (artefacts.size() != 1) return;
  const Value& only = *artefacts.front();
  auto hash = hash_of_integrity(only["hash"].text());
  for (const auto& [name, value] : only["hashes"].members()) {
    if (!hash) hash = hash_of_integrity(std::string(name) + ":" + value.string());
  }
  if (hash) package.hashes.push_back(*hash);
}

bool is_the_project(const Value& item) {
  const Value& source = item["source"];
  return source["virtual"] || source["editable"] || item["directory"]["editable"].boolean();
}

// uv says what is for development only by what the project's own entries need, so that is followed.
class UvGroups {
 public:
  explicit UvGroups(std::span<const Value> packages) {
    for (const auto& item : packages) {
      numbers_.emplace(key_of(item), static_cast<std::uint32_t>(numbers_.size()));
      by_name_.emplace(pypi_name(item["name"].text()), numbers_[key_of(item)]);
    }
    std::vector<std::uint32_t> roots;
    for (const auto& item : packages) {
      const bool own = is_the_project(item);
      if (own) roots.push_back(numbers_[key_of(item)]);
      grouped_ = grouped_ || (own && item["dev-dependencies"].is_object());
      add_edges(item, item["dependencies"]);
      for (const auto& [extra, needs] : item["optional-dependencies"].members())
        add_edges(item, needs);
    }
    std::ranges::sort(edges_);
    runs_ = reachable(numbers_.size(), edges_, std::move(roots));
  }
  bool development(const Value& item) const {
    const auto found = numbers_.find(key_of(item));
    return grouped_ && found != numbers_.end() && !runs_[found->second];
  }

 private:
  using Key = std::pair<std::string, std::string>;
  static Key key_of(const Value& item) {
    return {pypi_name(item["name"].text()), item["version"].string()};
  }
  void add_edges(const Value& from, const Value& needs) {
    for (const auto& need : needs.items()) {
      if (edges_.size() >= max_locked_dependencies) return;
      const auto exact = numbers_.find(key_of(need));
      if (exact != numbers_.end()) {
        edges_.emplace_back(numbers_[key_of(from)], exact->second);
        continue;
      }
      const auto [first, last] = by_name_.equal_range(pypi_name(need["name"].text()));
      for (auto at = first; at != last; ++at)
        edges_.emplace_back(numbers_[key_of(from)], at->second);
    }
  }

  std::map<Key, std::uint32_t> numbers_;
  std::multimap<std::string, std::uint32_t> by_name_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;
  std::vector<bool> runs_;
  bool grouped_ = false;
};

bool for_development(std::string_view group) {
  constexpr std::string_view names[] = {"dev", "develop", "doc", "docs", "lint", "test", "tests"};
  return std::ranges::find(names, group) != std::end(names);
}

Result<> read_toml(const FileView& file, Sink& sink, std::string_view what) {
  TRY(const Document lock, parse_toml(file.content));
  const auto packages = lock[what == "pylock.toml" ? "packages" : "package"].items();
  if (packages.size() > max_locked_packages) return fail(Fault::too_large, "too many packages");
  Versions versions;
  for (const auto& item : packages) {
    const auto [at, fresh] =
        versions.emplace(pypi_name(item["name"].text()), item["version"].text());
    if (!fresh && at->second != item["version"].text()) at->second.clear();
  }
  const std::optional<UvGroups> groups_of_uv =
      what == "uv.lock" ? std::optional<UvGroups>(packages) : std::nullopt;
  Dependencies dependencies(versions, {file.content.size(), sink});
  for (const auto& item : packages) {
    if (is_the_project(item)) continue;
    Package package;
    package.type = PackageType::pypi;
    package.name = item["name"].string();
    package.version = item["version"].string();
    package.description = first_line(
        item["description"].text().empty() ? item["summary"].text() : item["description"].text());
    // Poetry until 1.4 said category; 2 and pdm list groups, in which "main" or "default" is what
    // runs. In pdm's the extras stand too, so there a group must be called like one for
    // development.
    const auto groups = item["groups"].items();
    const bool runs = groups.empty() || std::ranges::any_of(groups, [&](const Value& group) {
                        const auto name = group.text();
                        return name == "main" || name == "default" ||
                               (what == "pdm.lock" && !for_development(name));
                      });
    package.development = item["category"].text() == "dev" || !runs ||
                          (groups_of_uv && groups_of_uv->development(item));
    dependencies.add(package, item["dependencies"]);
    // uv lists the extras that somebody asked for.
    for (const auto& [extra, needs] : item["optional-dependencies"].members())
      dependencies.add(package, needs);
    add_hash(package, item);
    sink.package(std::move(package), what);
  }
  return {};
}

Result<> read_pipfile(const FileView& file, Sink& sink) {
  TRY(const Document lock, parse_json(file.content));
  std::size_t count = 0;
  for (const auto& [section, packages] : lock.root().members()) {
    if (section == "_meta") continue;
    for (const auto& [name, item] : packages.members()) {
      const auto version = item["version"].text();
      if (item["path"]) continue;  // the project itself
      if (++count > max_locked_packages) return fail(Fault::too_large, "too many packages");
      Package package;
      package.type = PackageType::pypi;
      package.name = name;
      // What comes from a repository or an address has no version, but is there all the same.
      if (version.starts_with("=="))
        package.version = version.substr(std::min(version.find_first_not_of('='), version.size()));
      package.development = section == "develop";  // other sections are the user's own
      if (item["hashes"].items().size() == 1) {
        if (const auto hash = hash_of_integrity(item["hashes"][0].text()))
          package.hashes.push_back(*hash);
      }
      sink.package(std::move(package), "Pipfile.lock");
    }
  }
  return {};
}

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  const auto name = file_name(file.path);
  if (name == "Pipfile.lock") return read_pipfile(file, sink);
  return read_toml(file, sink,
                   name.starts_with("pylock.")  ? "pylock.toml"
                   : name.ends_with(".py.lock") ? "uv.lock"
                                                : name);
}

constexpr std::string_view globs[] = {"**/Pipfile.lock",  "**/pdm.lock",    "**/poetry.lock",
                                      "**/pylock.*.toml", "**/pylock.toml", "**/uv.lock",
                                      "**/*.py.lock"};

}  // namespace

extern const Reader python_lock_reader;
const Reader python_lock_reader = {"python-lock", 3, globs, {}, 64 << 20, read};

}  // namespace boltseal
