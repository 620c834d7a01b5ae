#include "catalogers/maven_pom.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "catalogers/java_identity.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr int max_property_depth = 8, max_import_depth = 8;
constexpr std::size_t max_value = 4096, max_version = 128, max_dependencies = 10'000;
constexpr std::uint64_t budget_of_one =
    10'000;  // for properties that name each other over and over

// What tells one dependency from another in a pom; of type and classifier most say nothing.
std::string key_from(std::string_view group, std::string_view artifact, const MavenDependency& d) {
  return fmt::format("{}:{}:{}:{}", group, artifact, d.type == "jar" ? "" : d.type, d.classifier);
}

// "[1.0]" pins, "[1.0,2.0)" leaves it open.
std::string pinned(std::string version) {
  if (version.size() > max_version) return {};
  if (!version.starts_with('[') && !version.starts_with('(')) return version;
  if (version.find(',') != std::string::npos || !version.ends_with(']')) return {};
  return std::string(trim(std::string_view(version).substr(1, version.size() - 2)));
}

}  // namespace

bool holds_property(std::string_view text) { return text.find("${") != std::string_view::npos; }

std::string raw_key(const MavenDependency& d) { return key_from(d.group, d.artifact, d); }

MavenIndex::MavenIndex(const MavenModel& m) : model(m) {
  for (const auto& [name, value] : m.properties) properties.insert_or_assign(name, value);
  for (const MavenDependency& d : m.managed) {
    if (d.scope == "import")
      imports.push_back(&d);
    else if (holds_property(d.group) || holds_property(d.artifact))
      managed_by_property.push_back(&d);
    else
      managed.insert_or_assign(raw_key(d), &d);
  }
}

std::string MavenProject::resolve(std::string_view text, int depth) const {
  std::string out;
  if (text.size() > max_value) return out;  // not copied each time that a property names it
  while (!text.empty() && out.size() <= max_value) {
    const auto open = text.find("${");
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    const auto value = property(text.substr(open + 2, close - open - 2));
    if (!value || depth == max_property_depth || !spend())
      out += text.substr(open, close + 1 - open);
    else
      out += resolve(*value, depth + 1);
    text.remove_prefix(close + 1);
  }
  out += text;
  if (out.size() > max_value) out.clear();
  return out;
}

// What still holds a property says nothing.
std::string MavenProject::known(std::string_view text) const {
  std::string out = resolve(text);
  return holds_property(out) ? std::string{} : out;
}

std::string_view MavenProject::own_or_parent(std::string MavenModel::* own,
                                             std::string MavenParent::* inherited) const {
  const MavenModel& model = chain_.front()->model;
  if (!(model.*own).empty() || !model.parent) return model.*own;
  return *model.parent.*inherited;
}

std::optional<std::string_view> MavenProject::property(std::string_view name) const {
  for (const std::string_view prefix : {"project.", "pom."})
    if (name.starts_with(prefix))
      if (const auto own = field(name.substr(prefix.size()))) return own;
  for (const MavenIndex* index : chain_) {
    if (const auto at = index->properties.find(name); at != index->properties.end())
      return at->second;
  }
  return field(name);
}

// A field of the model itself: before all properties behind a prefix, after them without one.
std::optional<std::string_view> MavenProject::field(std::string_view name) const {
  const MavenModel& model = chain_.front()->model;
  if (name == "groupId") return own_or_parent(&MavenModel::group, &MavenParent::group);
  if (name == "artifactId") return model.artifact;
  if (name == "version") return own_or_parent(&MavenModel::version, &MavenParent::version);
  if (!model.parent) return std::nullopt;
  if (name == "parent.groupId") return model.parent->group;
  if (name == "parent.artifactId") return model.parent->artifact;
  if (name == "parent.version") return model.parent->version;
  return std::nullopt;
}

// The managed dependency of that key, with what is known of it; without artifact: none.
PomDependency MavenProject::managed(const std::string& key, int depth) const {
  const auto found = [&](const MavenDependency& d) {
    return PomDependency{.group = known(d.group),
                         .artifact = known(d.artifact),
                         .version = known(d.version),
                         .scope = known(d.scope)};
  };
  for (const MavenIndex* index : chain_) {
    if (const auto at = index->managed.find(key); at != index->managed.end())
      return found(*at->second);
    for (const MavenDependency* d : index->managed_by_property) {
      if (!spend()) return {};
      if (key == key_from(known(d->group), known(d->artifact), *d)) return found(*d);
    }
  }
  if (depth == max_import_depth) return {};
  for (const MavenProject* bom : boms()) {
    if (!spend()) return {};
    if (auto d = bom->managed(key, depth + 1); !d.artifact.empty()) return d;
  }
  return {};
}

const std::vector<const MavenProject*>& MavenProject::boms() const {
  if (boms_) return *boms_;
  boms_.emplace();
  for (const MavenIndex* index : chain_) {
    for (const MavenDependency* import : index->imports) {
      if (!find_bom_ || !spend()) return *boms_;
      const auto* bom = find_bom_(fmt::format("{}:{}:{}", known(import->group),
                                              known(import->artifact), known(import->version)));
      if (bom && bom != this) boms_->push_back(bom);
    }
  }
  return *boms_;
}

PomDependency MavenProject::effective(const MavenDependency& declared) const {
  PomDependency d{.group = known(declared.group),
                  .artifact = known(declared.artifact),
                  .version = known(declared.version),
                  .scope = resolve(declared.scope),
                  .optional = declared.optional};
  if (declared.version.empty() || declared.scope.empty()) {
    const auto settled = managed(key_from(d.group, d.artifact, declared), 0);
    if (declared.version.empty()) d.version = settled.version;
    if (declared.scope.empty()) d.scope = settled.scope;
  }
  d.version = pinned(std::move(d.version));
  return d;
}

std::string MavenProject::coordinates() const {
  const auto group = known(own_or_parent(&MavenModel::group, &MavenParent::group));
  const auto artifact = known(chain_.front()->model.artifact);
  const auto version = known(own_or_parent(&MavenModel::version, &MavenParent::version));
  if (group.empty() || artifact.empty() || version.empty()) return {};
  return fmt::format("{}:{}:{}", group, artifact, version);
}

Pom MavenProject::pom() const {
  const MavenModel& model = chain_.front()->model;
  Pom pom;
  pom.group = known(own_or_parent(&MavenModel::group, &MavenParent::group));
  pom.artifact = known(model.artifact);
  pom.version = known(own_or_parent(&MavenModel::version, &MavenParent::version));
  pom.homepage = known(model.homepage);  // a parent's is inherited with a path behind it
  pom.description = known(model.description);
  std::unordered_set<std::string> declared;
  for (const MavenIndex* index : chain_) {
    const MavenModel& m = index->model;
    if (pom.organization.empty()) pom.organization = known(m.organization);
    if (pom.licences.empty()) {
      for (const auto& licence : m.licences) {
        if (auto text = resolve(licence); !text.empty()) pom.licences.push_back(std::move(text));
      }
    }
    for (const MavenDependency& d : m.dependencies) {
      if (pom.dependencies.size() == max_dependencies) break;
      if ((index != chain_.front() && !spend()) || !declared.insert(raw_key(d)).second) continue;
      auto dependency = effective(d);
      if (is_maven_id(dependency.group) && is_maven_id(dependency.artifact))
        pom.dependencies.push_back(std::move(dependency));
    }
  }
  return pom;
}

Pom pom_of(const MavenModel& model) {
  std::uint64_t budget = budget_of_one;
  const MavenIndex index(model);
  return MavenProject({&index}, {}, budget).pom();
}

Result<Pom> parse_pom(std::string_view xml) {
  TRY(const MavenModel model, parse_maven_model(xml));
  return pom_of(model);
}

std::vector<PomPackage> packages_of(const Pom& pom) {
  std::vector<PomPackage> out;
  if (!pom.group.empty() && !pom.artifact.empty() && !pom.version.empty()) {
    Package project;
    project.type = PackageType::maven;
    project.name = pom.group + ":" + pom.artifact;
    project.version = pom.version;
    project.licence = licence_choice(pom.licences);
    project.homepage = pom.homepage;
    for (const auto& d : pom.dependencies) {
      if (d.scope != "test" && !d.optional) project.depends.push_back(d.group + ":" + d.artifact);
    }
    out.push_back({std::move(project), pom_project_evidence});
  }
  for (const auto& d : pom.dependencies) {
    if (d.version.empty()) continue;
    Package package;
    package.type = PackageType::maven;
    package.name = d.group + ":" + d.artifact;
    package.version = d.version;
    package.development = d.scope == "test";
    out.push_back({std::move(package), "pom.xml, declared dependency"});
  }
  return out;
}

std::string licence_choice(const std::vector<std::string>& declared) {
  std::vector<std::string> parts;
  for (const auto& text : declared) {
    std::string part = spdx_expression(text);
    if (!part.empty() && std::ranges::find(parts, part) == parts.end())
      parts.push_back(std::move(part));
  }
  if (parts.size() == 1) return parts.front();
  for (auto& part : parts) {
    if (part.find(" AND ") != std::string::npos) part = "(" + part + ")";
  }
  return join(parts, " OR ");
}

}  // namespace boltseal
