// pom.xml, as far as one file alone tells: own coordinates, licences, dependencies. Properties are
// resolved inside the file; a parent in another file is not looked for.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct PomDependency {
  std::string group, artifact, version;  // version empty: not in this file
  std::string scope;                     // "" is compile
  bool optional = false;
};

struct Pom {
  std::string group, artifact, version;  // from the parent where the project itself is silent
  std::string homepage, description, organization;
  std::vector<std::string> licences;  // names, else addresses
  std::vector<PomDependency> dependencies;
};

Result<Pom> parse_pom(std::string_view xml);

// Several licences of a pom are a choice ("the user can select any of them",
// maven.apache.org/pom.html): joined by OR.
std::string licence_choice(const std::vector<std::string>& declared);

}  // namespace boltseal
