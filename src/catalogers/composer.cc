// PHP packages: vendor/composer/installed.json (what is there) and composer.lock (what was
// resolved).
//
// Format: https://getcomposer.org/doc/01-basic-usage.md. composer.lock has "packages" and
// "packages-dev"; installed.json is an object with "packages" and "dev-package-names" (Composer 2)
// or just the array (Composer 1). A package lists its licences as a choice
// (https://getcomposer.org/doc/04-schema.md#license). What names no vendor (php, ext-…, lib-…) is
// the platform, not a package. A composer.lock inside vendor/ was its author's.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::size_t max_list = 2000;

std::string licences_of(const Value& item) {
  if (item.is_text()) return item.string();
  std::string all;
  for (const auto& one : item.items()) {
    if (all.size() < 2000) all += (all.empty() ? "" : " OR ") + one.string();
  }
  return all;
}

Package package_of(const Value& item,
                   const std::map<std::string, std::string, std::less<>>& versions,
                   NeedWriter& writer) {
  Package package;
  package.type = PackageType::composer;
  package.name = lower(item["name"].text());
  package.version = item["version"].scalar();
  declare_licence(package, licences_of(item["license"]));
  package.description = first_line(item["description"].text());
  package.homepage = item["homepage"].string();
  package.supplier = item["authors"][std::size_t{0}]["name"].string();
  if (const auto sha1 = hash_of_integrity("sha1:" + item["dist"]["shasum"].string()))
    package.hashes.push_back(*sha1);
  for (const auto& [name, range] : item["require"].members()) {
    if (name.find('/') == std::string_view::npos || package.depends.size() >= max_list) continue;
    const auto need = lower(name);
    const auto known = versions.find(need);
    writer.add(package.depends, need,
               known == versions.end() ? std::string_view{} : std::string_view(known->second));
  }
  for (const auto* kind : {"provide", "replace"}) {
    for (const auto& [name, range] : item[kind].members()) {
      if (package.provides.size() < max_list) package.provides.push_back(lower(name));
    }
  }
  std::ranges::sort(package.provides);
  settle_depends(package);
  return package;
}

Result<> read(const FileView& file, Sink& sink) {
  const bool installed = file_name(file.path) == "installed.json";
  if (!installed && (has_folder(file.path, "vendor") || inside_installed_package(file.path)))
    return {};
  TRY(const Document document, parse_json(file.content));
  const Value& root = document.root();
  const auto packages = root.is_array() ? root.items() : root["packages"].items();
  const auto extra = root["packages-dev"].items();
  if (packages.size() + extra.size() > max_locked_packages)
    return fail(Fault::too_large, "too many packages");
  std::map<std::string, std::string, std::less<>> versions;
  for (const auto list : {packages, extra}) {
    for (const auto& item : list)
      versions.emplace(lower(item["name"].text()), item["version"].scalar());
  }
  std::set<std::string_view> development;
  for (const auto& name : root["dev-package-names"].items()) development.insert(name.text());
  NeedWriter writer(file.content.size(), sink);
  const auto add = [&](const Value& item, bool dev) {
    auto package = package_of(item, versions, writer);
    package.development = dev || development.contains(item["name"].text());
    sink.package(std::move(package), installed ? "composer installed.json" : "composer.lock");
  };
  for (const auto& item : packages) add(item, false);
  for (const auto& item : extra) add(item, true);
  return {};
}

constexpr std::string_view globs[] = {"**/composer.lock", "**/composer/installed.json"};

}  // namespace

extern const Reader composer_reader;
const Reader composer_reader = {"composer", 2, globs, {}, 64 << 20, read};

}  // namespace boltseal
