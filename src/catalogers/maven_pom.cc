#include "catalogers/maven_pom.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalogers/java_identity.h"
#include "codec/xml.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr int max_property_depth = 8;
constexpr std::size_t max_value = 4096, max_version = 128, max_dependencies = 10'000;

// Looks ${…} up in <properties> and in the project's own coordinates.
class Properties {
 public:
  void set(std::string name, std::string_view value) { values_[std::move(name)] = trim(value); }

  std::string resolve(std::string_view text, int depth = 0) const {
    text = trim(text);
    std::string out;
    while (!text.empty() && out.size() <= max_value) {
      const auto open = text.find("${");
      const auto close = open == std::string_view::npos ? open : text.find('}', open);
      if (close == std::string_view::npos) break;
      out += text.substr(0, open);
      const auto at = values_.find(text.substr(open + 2, close - open - 2));
      // The budget is for properties that name each other over and over.
      if (at == values_.end() || depth == max_property_depth || budget_ == 0)
        out += text.substr(open, close + 1 - open);
      else
        --budget_, out += resolve(at->second, depth + 1);
      text.remove_prefix(close + 1);
    }
    out += text;
    if (out.size() > max_value) out.clear();
    return out;
  }

 private:
  std::map<std::string, std::string_view, std::less<>> values_;
  mutable int budget_ = 10'000;
};

std::string_view text_of(const pugi::xml_node& node, const char* child) {
  return trim(node.child_value(child));
}

// What still holds a property says nothing.
std::string known(std::string text) {
  return text.find("${") == std::string::npos ? text : std::string{};
}

std::string first_line(std::string_view text) {
  text = trim(text);
  return std::string(trim(text.substr(0, text.find('\n'))));
}

PomDependency dependency_of(const pugi::xml_node& node, const Properties& properties) {
  PomDependency d;
  d.group = known(properties.resolve(text_of(node, "groupId")));
  d.artifact = known(properties.resolve(text_of(node, "artifactId")));
  d.version = known(properties.resolve(text_of(node, "version")));
  if (d.version.size() > max_version) d.version.clear();
  d.scope = properties.resolve(text_of(node, "scope"));
  d.optional = text_of(node, "optional") == "true";
  return d;
}

std::vector<PomDependency> dependencies_of(const pugi::xml_node& project,
                                           const Properties& properties) {
  // dependencyManagement of the same file gives versions to dependencies that name none.
  std::map<std::string, std::string> managed;
  const auto management = project.child("dependencyManagement").child("dependencies");
  for (const auto& node : management.children("dependency")) {
    if (managed.size() == max_dependencies) break;
    const auto d = dependency_of(node, properties);
    if (d.scope != "import" && is_maven_id(d.group) && is_maven_id(d.artifact))
      managed.emplace(d.group + ":" + d.artifact, d.version);
  }
  std::vector<PomDependency> out;
  for (const auto& node : project.child("dependencies").children("dependency")) {
    if (out.size() == max_dependencies) break;
    auto d = dependency_of(node, properties);
    if (!is_maven_id(d.group) || !is_maven_id(d.artifact)) continue;
    if (text_of(node, "version").empty()) {
      const auto at = managed.find(d.group + ":" + d.artifact);
      if (at != managed.end()) d.version = at->second;
    }
    // "[1.0]" pins, "[1.0,2.0)" leaves it open.
    const bool range = d.version.starts_with('[') || d.version.starts_with('(');
    if (range && d.version.find(',') == std::string::npos && d.version.ends_with(']')) {
      d.version = std::string(trim(std::string_view(d.version).substr(1, d.version.size() - 2)));
    } else if (range) {
      d.version.clear();
    }
    out.push_back(std::move(d));
  }
  return out;
}

}  // namespace

Result<Pom> parse_pom(std::string_view xml) {
  pugi::xml_document document;
  TRY_DO(parse_xml(xml, document));
  const auto project = document.child("project");
  if (!project) return fail(Fault::corrupt, "a pom.xml without <project>");
  const auto parent = project.child("parent");
  const auto own_or_parent = [&](const char* name) {
    const auto own = text_of(project, name);
    return own.empty() ? text_of(parent, name) : own;
  };
  Properties properties;
  for (const auto& node : project.child("properties").children())
    properties.set(node.name(), node.child_value());
  for (const char* prefix : {"project.", "pom.", ""}) {
    properties.set(std::string(prefix) + "groupId", own_or_parent("groupId"));
    properties.set(std::string(prefix) + "artifactId", text_of(project, "artifactId"));
    properties.set(std::string(prefix) + "version", own_or_parent("version"));
  }
  properties.set("project.parent.groupId", text_of(parent, "groupId"));
  properties.set("project.parent.version", text_of(parent, "version"));

  Pom pom;
  pom.group = known(properties.resolve(own_or_parent("groupId")));
  pom.artifact = known(properties.resolve(text_of(project, "artifactId")));
  pom.version = known(properties.resolve(own_or_parent("version")));
  pom.homepage = known(properties.resolve(text_of(project, "url")));
  pom.description = known(first_line(text_of(project, "description")));
  pom.organization = known(properties.resolve(text_of(project.child("organization"), "name")));
  for (const auto& licence : project.child("licenses").children("license")) {
    const auto name = text_of(licence, "name");
    std::string text = properties.resolve(name.empty() ? text_of(licence, "url") : name);
    if (!text.empty() && pom.licences.size() < 64) pom.licences.push_back(std::move(text));
  }
  pom.dependencies = dependencies_of(project, properties);
  return pom;
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
