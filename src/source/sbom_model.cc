#include "source/sbom_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <tuple>

#include "base/text.h"
#include "crypto/digest.h"
#include "inventory/codenames.h"
#include "inventory/purl.h"
#include "inventory/spelling.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::size_t max_packages = 1'000'000;
constexpr std::size_t max_unknowns = 100'000;
constexpr std::size_t max_licence_bytes = 200;  // a longer "name" is the text of a licence

// The words of Syft (pkg types) and Trivy (result types) for what purl calls otherwise.
std::optional<PackageType> ecosystem_type(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, PackageType>, 38> words = {{
      {"dpkg", PackageType::deb},
      {"debian", PackageType::deb},
      {"ubuntu", PackageType::deb},
      {"alpine", PackageType::apk},
      {"wolfi", PackageType::apk},
      {"chainguard", PackageType::apk},
      {"redhat", PackageType::rpm},
      {"python", PackageType::pypi},
      {"python-pkg", PackageType::pypi},
      {"pip", PackageType::pypi},
      {"pipenv", PackageType::pypi},
      {"poetry", PackageType::pypi},
      {"uv", PackageType::pypi},
      {"pylock", PackageType::pypi},
      {"node-pkg", PackageType::npm},
      {"yarn", PackageType::npm},
      {"pnpm", PackageType::npm},
      {"bun", PackageType::npm},
      {"java-archive", PackageType::maven},
      {"jar", PackageType::maven},
      {"pom", PackageType::maven},
      {"gradle", PackageType::maven},
      {"sbt", PackageType::maven},
      {"go-module", PackageType::golang},
      {"gobinary", PackageType::golang},
      {"gomod", PackageType::golang},
      {"go", PackageType::golang},
      {"rust-crate", PackageType::cargo},
      {"rustbinary", PackageType::cargo},
      {"rust", PackageType::cargo},
      {"gemspec", PackageType::gem},
      {"bundler", PackageType::gem},
      {"ruby", PackageType::gem},
      {"php-composer", PackageType::composer},
      {"composer-vendor", PackageType::composer},
      {"dotnet", PackageType::nuget},
      {"dotnet-core", PackageType::nuget},
      {"binary", PackageType::generic},
  }};
  if (const auto type = package_type(word)) return type;
  const auto found =
      std::ranges::find(words, word, &std::pair<std::string_view, PackageType>::first);
  return found == words.end() ? std::nullopt : std::optional(found->second);
}

// The name as the ecosystem writes it: the purl lowers some, and Syft's purls cut long Go module
// paths.
bool better_name(const Package& said, const Package& purl) {
  if (said.name.empty() || said.name == purl.name) return false;
  if (purl.type == PackageType::golang && said.name.starts_with(purl.name + "/")) return true;
  if (lower(said.name) == lower(purl.name)) return true;
  return purl.type == PackageType::pypi && replace_all(lower(said.name), "_", "-") == purl.name;
}

void keep(std::string& said, std::string found) {
  if (!found.empty()) said = std::move(found);
}

auto order(const Package& p) {
  static const Evidence none;
  return std::tie(p.type, p.name, p.version, p.arch,
                  p.evidence.empty() ? none : p.evidence.front());
}

template <class T>
void sort_unique(std::vector<T>& list) {
  std::ranges::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

SbomBuilder::SbomBuilder(const std::string& reference, std::string file, std::string format)
    : file_(std::move(file)), format_(std::move(format)) {
  inventory_.image.reference = reference;
  inventory_.image.kind = "sbom";
}

std::uint32_t SbomBuilder::ref(std::string_view id) {
  return refs_.try_emplace(std::string(id), static_cast<std::uint32_t>(refs_.size())).first->second;
}

void SbomBuilder::unknown(Fault fault, std::string what) {
  if (inventory_.unknowns.size() >= max_unknowns) return;
  inventory_.unknowns.push_back(
      {file_, 0, "sbom", fault, format_ + ": " + std::move(what), std::nullopt});
}

// Type, name, version and origin from the purl; without one from the tool's word for the type.
void SbomBuilder::complete(SbomComponent& component) {
  Package& said = component.package;
  if (!component.purl.empty()) {
    Distribution from;
    auto found = parse_purl(component.purl, &from);
    if (found) {
      const std::string name = better_name(said, *found) ? said.name : found->name;
      said.type = found->type;
      said.name = name;
      keep(said.version, std::move(found->version));
      keep(said.arch, std::move(found->arch));
      keep(said.module, std::move(found->module));
      if (said.source_name.empty()) {
        said.source_name = std::move(found->source_name);
        // No purl of a Go program says what its build recorded (Package::source_version).
        if (said.type != PackageType::golang)
          said.source_version = std::move(found->source_version);
      }
      if (from) {
        const auto same = [&](const auto& other) {
          return other.first.id == from.id && other.first.version_id == from.version_id;
        };
        const auto known = std::ranges::find_if(distributions_, same);
        if (known != distributions_.end())
          ++known->second;
        else if (distributions_.size() < 64)
          distributions_.emplace_back(std::move(from), 1);
      }
      return;
    }
    unknown(Fault::corrupt,
            fmt::format("component {} {}: {}", said.name, said.version, found.error().message()));
  }
  if (const auto type = ecosystem_type(component.ecosystem)) {
    said.type = *type;
  } else if (component.purl.empty()) {
    unknown(Fault::unsupported,
            fmt::format("component {} {} has no purl, so it is listed but cannot be matched",
                        said.name, said.version));
  }
}

void SbomBuilder::place(SbomComponent& component) {
  const auto& layers = inventory_.image.layers;
  for (; layers_known_ < layers.size(); ++layers_known_) {
    const LayerInfo& layer = layers[layers_known_];
    for (const std::string& name : {layer.diff_id, layer.digest}) {
      if (!name.empty()) layer_of_.emplace(name, static_cast<std::uint32_t>(layers_known_));
    }
  }
  const std::string what = format_ + " component";
  for (auto& [path, layer] : component.seen) {
    while (path.starts_with('/')) path.erase(0, 1);
    const auto found = layer_of_.find(layer);
    const auto index = found == layer_of_.end() ? 0 : found->second;
    component.package.evidence.push_back({path.empty() ? file_ : std::move(path), index, what});
  }
  if (component.package.evidence.empty()) component.package.evidence.push_back({file_, 0, what});
  sort_unique(component.package.evidence);
}

void SbomBuilder::set_licence(SbomComponent& component) {
  Package& package = component.package;
  bool whole = true;
  package.licence = licence_expression(component.licences, component.licence_names, whole);
  if (!whole)
    unknown(Fault::too_large, fmt::format("component {} {} has more licences than are read",
                                          package.name, package.version));
  for (const std::string& name : component.licence_names) {
    if (name == package.licence) continue;
    package.licence_text +=
        (package.licence_text.empty() ? "" : "; ") + name.substr(0, max_licence_bytes);
  }
}

Result<> SbomBuilder::add(SbomComponent component) {
  if (inventory_.packages.size() >= max_packages) {
    return fail(Fault::too_large, fmt::format("over {} packages", max_packages), file_);
  }
  complete(component);
  Package& package = component.package;
  if (package.version == "UNKNOWN") package.version.clear();  // Syft's word for none
  settle_spelling(package);
  if (package.name.empty()) {
    unknown(Fault::corrupt, fmt::format("a component without a name ({})", component.ref));
    return {};
  }
  place(component);
  set_licence(component);
  sort_unique(package.cpes);
  sort_unique(package.hashes);
  if (!component.ref.empty()) {
    by_ref_.emplace(ref(component.ref), static_cast<std::uint32_t>(inventory_.packages.size()));
  }
  inventory_.packages.push_back(std::move(package));
  return {};
}

// What the document says of the system, else what most purls say.
void SbomBuilder::settle_distribution() {
  Distribution& out = inventory_.distribution;
  const auto votes = [](const auto& a, const auto& b) {
    return std::tuple(b.second, a.first.id, a.first.version_id) <
           std::tuple(a.second, b.first.id, b.first.version_id);
  };
  const auto most = std::ranges::min_element(distributions_, votes);
  if (!out && most != distributions_.end()) out = most->first;
  out.id = distribution_id(out.id);
  // Debian's own VERSION_ID is the major number; Syft and Trivy put the point release of
  // etc/debian_version there.
  if (out.id == "debian") out.version_id = out.version_id.substr(0, out.version_id.find('.'));
  // It tells whose packages those are that name it, and Alpine's edge from its releases.
  if (out.codename.empty()) out.codename = codename_of_release(out.id, out.version_id);
}

// Sorts; gives the new place of each package.
std::vector<std::uint32_t> SbomBuilder::sort_packages() {
  auto& packages = inventory_.packages;
  std::vector<std::uint32_t> from(packages.size()), to(packages.size());
  std::iota(from.begin(), from.end(), 0U);
  std::ranges::stable_sort(from,
                           [&](auto a, auto b) { return order(packages[a]) < order(packages[b]); });
  std::vector<Package> sorted;
  sorted.reserve(packages.size());
  for (std::uint32_t i = 0; i < from.size(); ++i) {
    to[from[i]] = i;
    sorted.push_back(std::move(packages[from[i]]));
  }
  packages = std::move(sorted);
  return to;
}

Inventory SbomBuilder::finish() {
  settle_distribution();
  // An empty list must not look like a clean bill.
  if (inventory_.packages.empty())
    unknown(Fault::unsupported, "the document lists no package, so there is nothing to match");
  const auto to = sort_packages();
  const auto find = [&](std::uint32_t ref) -> std::optional<std::uint32_t> {
    const auto found = by_ref_.find(ref);
    return found == by_ref_.end() ? std::nullopt : std::optional(to[found->second]);
  };
  for (const auto& [package, needed] : needs_) {
    const auto a = find(package), b = find(needed);
    if (a && b && *a != *b) inventory_.dependencies.emplace_back(*a, *b);
  }
  sort_unique(inventory_.dependencies);
  for (const auto& [package, owner] : owned_) {
    const auto a = find(package), b = find(owner);
    if (a && b && *a != *b && is_os_package(inventory_.packages[*b].type)) {
      inventory_.packages[*a].owner = static_cast<std::int32_t>(*b);
    }
  }
  std::ranges::sort(inventory_.unknowns, {},
                    [](const Unknown& u) { return std::tie(u.path, u.what); });
  return std::move(inventory_);
}

std::string licence_expression(const std::vector<std::string>& licences,
                               const std::vector<std::string>& names, bool& whole) {
  constexpr std::size_t max_licences = 500, max_bytes = 16384;
  std::vector<std::string> parts;
  std::set<std::string> seen;
  std::size_t bytes = 0;
  for (const auto* list : {&licences, &names}) {
    for (const std::string& declared : *list) {
      std::string part = spdx_expression(declared);
      if (declared.size() > max_licence_bytes && part.starts_with("LicenseRef-") &&
          !part.contains(' '))
        part = "LicenseRef-text-" + sha256_hex(declared).substr(0, 12);
      if (part.empty() || !seen.insert(part).second) continue;
      bytes += part.size();
      if (parts.size() < max_licences && bytes <= max_bytes)
        parts.push_back(std::move(part));
      else
        whole = false;
    }
  }
  return spdx_all_of(parts);
}

std::string hash_name(std::string_view name) { return lower(replace_all(name, "-", "")); }

Result<std::string> decode_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  text = trim_end(trim(text), '=');
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return fail(Fault::corrupt, "not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  if (count >= 6) return fail(Fault::corrupt, "base64 that ends early");
  return out;
}

}  // namespace boltseal
