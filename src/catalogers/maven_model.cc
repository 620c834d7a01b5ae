// pom.xml to a model: what the file says, with nothing filled in but the profiles that are active
// when nobody asks for any.
#include <algorithm>
#include <ranges>
#include <unordered_set>

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

// maven.apache.org/guides/introduction/introduction-to-profiles.html. What hangs on the machine
// that builds (its JDK, its system, its files, its environment) is not in the tree.
enum class Activation : std::uint8_t { off, by_default, on, unknown };

// Properties that a build has without being given them.
bool is_of_machine(std::string_view property) {
  constexpr std::string_view beginnings[] = {"env.",   "file.", "java.", "jdk.", "line.",
                                             "maven.", "os.",   "path.", "sun.", "user."};
  return std::ranges::any_of(beginnings, [&](auto b) { return property.starts_with(b); });
}

Activation activation_of(const pugi::xml_node& profile) {
  const auto node = profile.child("activation");
  const bool by_default = text_of(node, "activeByDefault") == "true";
  const auto property = node.child("property");
  std::string name = text_of(property, "name");
  const bool negated = name.starts_with('!');
  if (negated) name.erase(0, 1);
  const bool is_on = negated || text_of(property, "value").starts_with('!');
  const bool machine = node.child("jdk") || node.child("os") || node.child("file") ||
                       node.child("packaging") || node.child("condition") || is_of_machine(name) ||
                       holds_property(name);
  // All conditions of a profile must hold.
  if (property && !is_of_machine(name) && !is_on)
    return by_default ? Activation::by_default : Activation::off;
  if (machine) return Activation::unknown;
  if (property) return Activation::on;
  return by_default ? Activation::by_default : Activation::off;
}

// The profiles that a build takes which names none. Those that are so by default are when no other
// one of the same file is, which has to be certain.
std::vector<pugi::xml_node> active_profiles(const pugi::xml_node& project) {
  std::vector<pugi::xml_node> on, by_default;
  bool certain = true;
  for (const auto& profile : project.child("profiles").children("profile")) {
    switch (activation_of(profile)) {
      case Activation::off:
        break;
      case Activation::by_default:
        by_default.push_back(profile);
        break;
      case Activation::on:
        on.push_back(profile);
        break;
      case Activation::unknown:
        certain = false;
        break;
    }
  }
  if (!on.empty()) return on;
  return certain ? by_default : on;
}

// What a project says, or a profile over it.
void add_to(MavenModel& model, const pugi::xml_node& base) {
  for (const auto& node : base.child("properties").children()) {
    if (model.properties.size() == max_entries) break;
    if (node.type() == pugi::node_element)
      model.properties.emplace_back(node.name(), trim(node.child_value()));
  }
  const auto append = [](std::vector<MavenDependency>& to, std::vector<MavenDependency> more) {
    for (auto& d : more)
      if (to.size() < max_entries) to.push_back(std::move(d));
  };
  append(model.dependencies, dependencies_of(base.child("dependencies")));
  append(model.managed, dependencies_of(base.child("dependencyManagement").child("dependencies")));
}

// Of a dependency that is declared twice the last counts.
void keep_last(std::vector<MavenDependency>& all) {
  std::unordered_set<std::string> seen;
  std::vector<MavenDependency> kept;
  for (auto& d : std::ranges::reverse_view(all)) {
    if (seen.insert(raw_key(d)).second) kept.push_back(std::move(d));
  }
  std::ranges::reverse(kept);
  all = std::move(kept);
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
  add_to(model, project);
  for (const auto& profile : active_profiles(project)) add_to(model, profile);
  keep_last(model.dependencies);
  return model;
}

}  // namespace boltseal
