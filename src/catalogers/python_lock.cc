// Lock files of Python's package managers: poetry.lock, uv.lock, pdm.lock, pylock.toml (PEP 751),
// and Pipfile.lock.
//
// Formats: poetry, pdm and uv write TOML with [[package]]; https://peps.python.org/pep-0751/ calls
// it [[packages]]; Pipfile.lock is JSON with "default" and "develop". Dependencies are a table
// (poetry), strings (pdm: requirement specifiers) or tables with a name (uv, PEP 751). A hash is
// taken only where one artefact is listed: of several, which one was installed is not said. uv
// lists the project itself with a "virtual" or "editable" source: it is no package that somebody
// can fetch, and is left out. Files inside site-packages are fixtures of installed packages.
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

void add_dependency(Package& package, std::string name, std::string_view version,
                    const Versions& versions) {
  if (name.empty()) return;
  const auto known = versions.find(name);
  if (version.empty() && known != versions.end()) version = known->second;
  if (!version.empty()) name += "@" + std::string(version);
  if (std::ranges::find(package.depends, name) == package.depends.end() &&
      package.depends.size() < 2000) {
    package.depends.push_back(std::move(name));
  }
}

void add_dependencies(Package& package, const Value& list, const Versions& versions) {
  for (const auto& [name, requirement] : list.members()) {  // poetry
    if (!requirement["optional"].boolean()) add_dependency(package, pypi_name(name), {}, versions);
  }
  for (const auto& item : list.items()) {
    if (item.is_text())
      add_dependency(package, name_of_requirement(item.text()), {}, versions);
    else
      add_dependency(package, pypi_name(item["name"].text()), item["version"].text(), versions);
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
  for (const auto& item : packages) {
    if (is_the_project(item)) continue;
    Package package;
    package.type = PackageType::pypi;
    package.name = item["name"].string();
    package.version = item["version"].string();
    package.description = first_line(
        item["description"].text().empty() ? item["summary"].text() : item["description"].text());
    // Poetry until 1.4 said category; 2 and pdm list groups, in which "main" or "default" is what
    // runs.
    const auto groups = item["groups"].items();
    const bool runs = groups.empty() || std::ranges::any_of(groups, [](const Value& group) {
                        return group.text() == "main" || group.text() == "default";
                      });
    package.development = item["category"].text() == "dev" || !runs;
    add_dependencies(package, item["dependencies"], versions);
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
      if (!version.starts_with("==")) continue;  // editable and VCS entries have no version
      if (++count > max_locked_packages) return fail(Fault::too_large, "too many packages");
      Package package;
      package.type = PackageType::pypi;
      package.name = name;
      package.version = version.substr(version.find_first_not_of('=') == version.npos
                                           ? version.size()
                                           : version.find_first_not_of('='));
      package.development = section != "default";
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
  return read_toml(file, sink, name.starts_with("pylock.") ? "pylock.toml" : name);
}

constexpr std::string_view globs[] = {"**/Pipfile.lock",  "**/pdm.lock",    "**/poetry.lock",
                                      "**/pylock.*.toml", "**/pylock.toml", "**/uv.lock"};

}  // namespace

extern const Reader python_lock_reader;
const Reader python_lock_reader = {"python-lock", 1, globs, {}, 64 << 20, read};

}  // namespace boltseal
