// Installed Node packages: node_modules/<name>/package.json and
// node_modules/@scope/<name>/package.json, at any depth (pnpm keeps its store under
// node_modules/.pnpm, which has the same shape), and Debian's usr/share/nodejs and usr/lib/nodejs,
// which stand for a node_modules.
//
// Format: https://docs.npmjs.com/cli/configuring-npm/package-json. Only the root of an installed
// package counts, as npm itself sees it: a package.json deeper inside (fixtures, "type": "module"
// markers) describes no package. Outside of node_modules a package.json is either a project, which
// has its dependencies beside it, or a package that somebody unpacked (the official Node images
// keep yarn in /opt so): assemble.cc tells them apart, and "private" ones and extensions of VS
// Code, which are in no npm registry, are passed over here. The name is the one in the file: the
// folder may be an alias
// ("npm:"). Older packages write "licenses" or an object for the licence, and the author as an
// object. package.json says ranges for its dependencies, so "depends" has names without versions.
#include <algorithm>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::size_t max_dependencies = 5000;

// The folder that holds this package.json is a package's root: "…/node_modules/x" or
// "…/node_modules/@s/x".
bool is_package_root(std::string_view path) {
  constexpr std::string_view name = "/package.json";
  if (!path.ends_with(name)) return false;
  path.remove_suffix(name.size());
  const auto last = path.rfind('/');
  if (last == std::string_view::npos || path.substr(last + 1).starts_with('.')) return false;
  auto parent = path.substr(0, last);
  const auto scope = parent.rfind('/');
  if (scope != std::string_view::npos && scope + 1 < parent.size() && parent[scope + 1] == '@')
    parent = parent.substr(0, scope);
  return file_name(parent) == "node_modules" || parent == "usr/share/nodejs" ||
         parent == "usr/lib/nodejs" ||
         (parent.starts_with("usr/lib/") && parent.ends_with("/nodejs"));
}

std::string person(const Value& value) {
  if (value.is_text()) return value.string();
  const auto name = value["name"].string();
  const auto mail = value["email"].string();
  return mail.empty() ? name : name + (name.empty() ? "" : " ") + "<" + mail + ">";
}

Result<> read(const FileView& file, Sink& sink) {
  const bool installed = is_package_root(file.path);
  if (!installed && inside_installed_package(file.path)) return {};
  TRY(const Document document, parse_json(file.content));
  const Value& root = document.root();
  if (!installed && (root["private"].boolean() || root["engines"]["vscode"])) return {};
  Package package;
  package.type = PackageType::npm;
  package.name = root["name"].string();
  package.version = root["version"].string();
  if (package.name.empty() || package.version.empty())
    return {};  // a workspace link or a marker, as npm too sees it
  // As npm cleans it: " =v1.0.0 " is 1.0.0.
  auto version = trim(package.version);
  while (version.starts_with('v') || version.starts_with('=')) version = trim(version.substr(1));
  package.version = std::string(version);
  declare_licence(package, node_licence(root));
  package.description = first_line(root["description"].text());
  package.homepage = root["homepage"].string();
  package.supplier = person(root["author"]);
  for (const auto* key : {"dependencies", "optionalDependencies", "peerDependencies"}) {
    for (const auto& [name, range] : root[key].members()) {
      if (package.depends.size() >= max_dependencies) break;
      // {"a": "npm:b@^1"} needs b.
      const auto alias =
          range.text().starts_with("npm:") ? range.text().substr(4) : std::string_view{};
      package.depends.emplace_back(alias.empty() ? name : alias.substr(0, alias.find('@', 1)));
    }
  }
  settle_depends(package);
  sink.package(std::move(package), installed ? "package.json" : unpacked_package_evidence);
  return {};
}

constexpr std::string_view globs[] = {"**/package.json"};

}  // namespace

extern const Reader node_package_reader;
const Reader node_package_reader = {"node-package", 2, globs, {}, 4 << 20, read};

}  // namespace boltseal
