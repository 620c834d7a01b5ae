// pom.xml to a model: what the file says, with nothing filled in.
#include <algorithm>

#include "base/text.h"
#include "catalogers/maven_pom.h"
#include "codec/xml.h"

namespace boltseal {
namespace {

constexpr std::size_t max_entries = 10'000;  // of each list
constexpr std::size_t max_licences = 64;

std::string text_of(const pugi::xml_node& node, const char* child) {
  return std::string(trim(node.child_value(child)));
}

std::string first_line(std::string_view text) {
  return std::string(trim(text.substr(0, text.find('\n'))));
}

std::vector<MavenDependency> dependencies_of(const pugi::xml_node& list) {
  std::vector<MavenDependency> out;
  for (const auto& node : list.children("dependency")) {
    if (out.size() == max_entries) break;
    out.push_back({.group = text_of(node, "groupId"),
                   .artifact = text_of(node, "artifactId"),
                   .version = text_of(node, "version"),
                   .type = text_of(node, "type"),
                   .classifier = text_of(node, "classifier"),
                   .scope = text_of(node, "scope"),
                   .optional = text_of(node, "optional") == "true"});
  }
  return out;
}

std::optional<MavenParent> parent_of(const pugi::xml_node& project) {
  const auto node = project.child("parent");
  if (!node) return std::nullopt;
  // An empty <relativePath/> says that the parent is to be taken from a repository.
  const auto path = node.child("relativePath");
  return MavenParent{.group = text_of(node, "groupId"),
                     .artifact = text_of(node, "artifactId"),
                     .version = text_of(node, "version"),
                     .path = path ? text_of(node, "relativePath") : "../pom.xml"};
}

}  // namespace

Result<MavenModel> parse_maven_model(std::string_view xml) {
  pugi::xml_document document;
  TRY_DO(parse_xml(xml, document));
  const auto project = document.child("project");
  if (!project) return fail(Fault::corrupt, "a pom.xml without <project>");
  MavenModel model;
  model.group = text_of(project, "groupId");
  model.artifact = text_of(project, "artifactId");
  model.version = text_of(project, "version");
  model.parent = parent_of(project);
  model.homepage = text_of(project, "url");
  model.description = first_line(text_of(project, "description"));
  model.organization = text_of(project.child("organization"), "name");
  for (const auto& licence : project.child("licenses").children("license")) {
    const auto name = text_of(licence, "name");
    std::string text = name.empty() ? text_of(licence, "url") : name;
    if (!text.empty() && model.licences.size() < max_licences)
      model.licences.push_back(std::move(text));
  }
  for (const auto& node : project.child("properties").children()) {
    if (model.properties.size() == max_entries) break;
    if (node.type() == pugi::node_element)
      model.properties.emplace_back(node.name(), trim(node.child_value()));
  }
  model.dependencies = dependencies_of(project.child("dependencies"));
  model.managed = dependencies_of(project.child("dependencyManagement").child("dependencies"));
  return model;
}

}  // namespace boltseal
