// A Maven project as one pom.xml writes it: properties, parents and managed versions are not
// applied. maven.apache.org/pom.html. What a project is in the end often stands in several files,
// so its reader gives the model, and catalogers/maven_parents.cc puts models of one tree together.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace boltseal {

// Texts may hold ${…}; "" is what the file does not say.
struct MavenDependency {
  std::string group, artifact, version;
  std::string type, classifier;  // type "" is jar
  std::string scope;             // "" is compile, unless managed otherwise
  bool optional = false;
};

struct MavenParent {
  std::string group, artifact, version;
  std::string path;  // where it may lie, from the folder of the pom; "": nowhere in the tree
};

struct MavenModel {
  std::string group, artifact, version;
  std::optional<MavenParent> parent;
  std::string homepage, description, organization;
  std::vector<std::string> licences;  // names, else addresses
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<MavenDependency> dependencies, managed;  // managed: <dependencyManagement>
};

}  // namespace boltseal
