// The packages that a .NET work tree names: packages.config, the older list of a project's
// packages; Directory.Packages.props and its forerunner Packages.props, where central package
// management keeps the versions of a whole tree; and project files (*.csproj, *.vbproj, *.fsproj).
//
// Format: https://learn.microsoft.com/nuget/reference/packages-config,
// https://learn.microsoft.com/nuget/consume-packages/central-package-management and
// https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files. The first
// lists what is installed, needs of needs included: <package id version developmentDependency>.
// The others are MSBuild files: <PackageVersion> and <GlobalPackageReference> in the central one,
// <PackageReference> in projects and in the forerunner, with Include or Update, and Version as
// attribute or child, where $(Name) stands for a property. A project's version is the lowest that
// it takes, and what restore installs unless a need of a need wants more: so project files count
// only where no lock file and no project.assets.json lies beside (catalogers/assemble.cc).
// PrivateAssets="all" keeps a package to the build. Conditions are not evaluated, a property of
// another file is not known, and a version that floats ("1.*") or is a range is none; what these
// leave open is left out.
#include <map>

#include "base/text.h"
#include "catalogers/declared_evidence.h"
#include "catalogers/language.h"
#include "codec/xml.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::size_t max_text = 256;

using Properties = std::map<std::string, std::string, std::less<>>;  // by name in lower case

// "$(Name)" looked up, once: properties that name properties are rare and may go in circles.
std::string resolved(std::string_view text, const Properties& properties) {
  text = trim(text);
  std::string out;
  while (!text.empty() && out.size() <= max_text) {
    const auto open = text.find("$(");
    const auto close = open == std::string_view::npos ? open : text.find(')', open);
    out += text.substr(0, close == std::string_view::npos ? close : open);
    if (close == std::string_view::npos) break;
    const auto known = properties.find(lower(text.substr(open + 2, close - open - 2)));
    if (known == properties.end()) return {};
    out += known->second;
    text.remove_prefix(close + 1);
  }
  return out;
}

// "[1.2.3]" pins; "" for ranges, floating versions and what is no version.
std::string pinned(std::string version) {
  if (version.starts_with('[') && version.ends_with(']') && version.size() > 2)
    version = std::string(trim(std::string_view(version).substr(1, version.size() - 2)));
  const bool one = !version.empty() && is_digit(version.front()) && version.size() <= max_text &&
                   version.find_first_of("[](),*$ ") == std::string::npos;
  return one ? version : std::string();
}

void push(std::string_view name, std::string_view version, bool development, std::string what,
          const Properties& properties, Sink& sink) {
  Package package;
  package.type = PackageType::nuget;
  package.name = valid_or_replaced_utf8(resolved(name, properties));
  package.version = valid_or_replaced_utf8(pinned(resolved(version, properties)));
  package.development = development;
  if (!package.name.empty() && package.name.size() <= max_text && !package.version.empty())
    sink.package(std::move(package), std::move(what));
}

Result<> read_packages_config(const pugi::xml_node& root, Sink& sink) {
  std::size_t count = 0;
  for (const auto& node : root.children("package")) {
    if (++count > max_locked_packages) return fail(Fault::too_large, "too many packages");
    const std::string_view development = node.attribute("developmentDependency").value();
    push(node.attribute("id").value(), node.attribute("version").value(),
         lower(development) == "true", "packages.config", {}, sink);
  }
  return {};
}

Properties properties_of(const pugi::xml_node& project) {
  Properties properties;
  for (const auto& group : project.children("PropertyGroup")) {
    for (const auto& node : group.children()) {
      const std::string_view value = trim(node.child_value());
      if (value.size() <= max_text && properties.size() < max_locked_packages)
        properties.insert_or_assign(lower(node.name()), std::string(value));
    }
  }
  return properties;
}

// MSBuild takes what describes an item as attribute or as child.
std::string_view metadata(const pugi::xml_node& item, const char* name) {
  const auto attribute = item.attribute(name);
  return attribute ? attribute.value() : item.child_value(name);
}

bool is_project(std::string_view path) {
  return path.ends_with(".csproj") || path.ends_with(".vbproj") || path.ends_with(".fsproj");
}

Result<> read_msbuild(const pugi::xml_node& project, std::string_view path, Sink& sink) {
  const Properties properties = properties_of(project);
  const auto what = is_project(path)                             ? nuget_project_evidence
                    : path.ends_with("Directory.Packages.props") ? "Directory.Packages.props"
                                                                 : "Packages.props";
  std::size_t count = 0;
  for (const auto& group : project.children("ItemGroup")) {
    for (const auto& node : group.children()) {
      const std::string_view kind = node.name();
      const bool global = kind == "GlobalPackageReference";
      if (kind != "PackageVersion" && kind != "PackageReference" && !global) continue;
      if (++count > max_locked_packages) return fail(Fault::too_large, "too many packages");
      const auto include = node.attribute("Include");
      const auto own = metadata(node, "VersionOverride");  // in place of the central version
      push(include ? include.value() : node.attribute("Update").value(),
           own.empty() ? metadata(node, "Version") : own,
           global || lower(trim(metadata(node, "PrivateAssets"))) == "all", std::string(what),
           properties, sink);
    }
  }
  return {};
}

Result<> read(const FileView& file, Sink& sink) {
  pugi::xml_document document;
  TRY_DO(parse_xml(file.content, document));
  if (const auto root = document.child("packages")) return read_packages_config(root, sink);
  if (const auto root = document.child("Project")) return read_msbuild(root, file.path, sink);
  return fail(Fault::corrupt, "neither <packages> nor <Project>");
}

constexpr std::string_view globs[] = {"**/packages.config", "**/*Packages.props", "**/*.csproj",
                                      "**/*.vbproj", "**/*.fsproj"};

}  // namespace

extern const Reader nuget_config_reader;
const Reader nuget_config_reader = {"nuget-config", 2, globs, {}, 16 << 20, read};

}  // namespace boltseal
