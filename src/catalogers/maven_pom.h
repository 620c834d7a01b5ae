// pom.xml: own coordinates, licences, dependencies, with parents and imported boms as far as they
// are at hand.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "inventory/maven_model.h"
#include "inventory/package.h"

namespace boltseal {

struct PomDependency {
  std::string group, artifact, version;  // version empty: not in the files at hand
  std::string scope;                     // "" is compile
  bool optional = false;
};

struct Pom {
  std::string group, artifact, version;  // from the parent where the project itself is silent
  std::string homepage, description, organization;
  std::vector<std::string> licences;  // names, else addresses
  std::vector<PomDependency> dependencies;
};

Result<MavenModel> parse_maven_model(std::string_view xml);

// One file by itself.
Pom pom_of(const MavenModel& model);
Result<Pom> parse_pom(std::string_view xml);

// A model with its names looked up fast; refers to the model.
class MavenIndex {
 public:
  explicit MavenIndex(const MavenModel& model);

  const MavenModel& model;
  std::unordered_map<std::string_view, std::string_view> properties;
  std::unordered_map<std::string, const MavenDependency*> managed;  // by key, where it is plain
  std::vector<const MavenDependency*> managed_by_property;          // whose key holds ${…}
  std::vector<const MavenDependency*> imports;                      // boms
};

// What Maven calls the effective model: a model, its parent, the parent of that, … laid over each
// other, and only then the properties filled in, so that a parent's ${project.version} is the
// child's.
class MavenProject {
 public:
  // The project of a bom that is imported as "group:artifact:version"; nullptr where it is not at
  // hand.
  using FindBom = std::function<const MavenProject*(const std::string& coordinates)>;

  // `chain`: the nearest first, at least one. `budget` counts what all projects of a scan may cost
  // to resolve; at 0 properties stay as they are and nothing is found managed.
  MavenProject(std::vector<const MavenIndex*> chain, FindBom find_bom, std::uint64_t& budget)
      : chain_(std::move(chain)), find_bom_(std::move(find_bom)), budget_(budget) {}

  Pom pom() const;
  std::string coordinates() const;  // "group:artifact:version"; "" when one of them is not known
  // That are imported and at hand.
  const std::vector<const MavenProject*>& boms() const;
  const std::vector<const MavenIndex*>& chain() const { return chain_; }

 private:
  std::string resolve(std::string_view text, int depth = 0) const;
  std::string known(std::string_view text) const;
  std::string_view own_or_parent(std::string MavenModel::* own,
                                 std::string MavenParent::* inherited) const;
  std::optional<std::string_view> property(std::string_view name) const;
  std::optional<std::string_view> field(std::string_view name) const;
  PomDependency managed(const std::string& key, int depth) const;
  PomDependency effective(const MavenDependency& declared) const;
  bool spend() const { return budget_ != 0 && budget_-- != 0; }

  std::vector<const MavenIndex*> chain_;
  FindBom find_bom_;
  mutable std::optional<std::vector<const MavenProject*>> boms_;
  std::uint64_t& budget_;
};

// The project and what it declares with a version; evidence is left to the caller, `what` begins
// it.
struct PomPackage {
  Package package;
  std::string_view what;
};
std::vector<PomPackage> packages_of(const Pom& pom);
inline constexpr std::string_view pom_project_evidence = "pom.xml, the project";

// Poms whose parents or boms lie in the same tree get what these say. (maven_parents.cc)
void complete_maven_projects(std::vector<Fragment>& fragments);

// "${…}", which a property has to replace.
bool holds_property(std::string_view text);
// What tells one dependency from another in a pom, as they stand there.
std::string raw_key(const MavenDependency& d);

// Several licences of a pom are a choice ("the user can select any of them",
// maven.apache.org/pom.html): joined by OR.
std::string licence_choice(const std::vector<std::string>& declared);

}  // namespace boltseal
