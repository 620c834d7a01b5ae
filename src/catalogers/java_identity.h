// Who a jar is when it carries no Maven metadata: its file name, manifest and classes, put
// together.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/package.h"

namespace boltseal {

// The main section of META-INF/MANIFEST.MF (JAR File Specification), continuation lines joined;
// names in lower case.
class JarManifest {
 public:
  JarManifest() = default;
  explicit JarManifest(std::string_view text);
  std::string_view operator[](std::string_view lower_name) const;  // "" when there is none

 private:
  std::map<std::string, std::string, std::less<>> main_;
};

// "log4j-1.2-api-2.14.1-sources" is log4j-1.2-api, 2.14.1, sources. `hints` are versions that the
// manifest names: one that stands in the name settles where it is split. A name without a version
// is all artifact.
struct JarName {
  std::string_view artifact, version, classifier;
};
JarName split_jar_name(std::string_view stem, const std::vector<std::string_view>& hints);

struct JarFacts {
  std::string_view stem;                  // file name without extension
  const JarManifest* manifest = nullptr;  // never null
  std::string classes;       // the package that holds most classes, "org.tukaani.xz"; may be empty
  int year = 0;              // of the newest class, as the archive dates it; 0 when not known
  bool application = false;  // starts by itself and holds what it needs: no known library
};

struct JavaName {
  std::string group, artifact, version;  // group empty: nothing honest can be said
  std::string how;                       // what it was inferred from, in words; see below
};

// Of an archive that nothing names: no unknown where an OS package owns it and answers for it.
constexpr std::string_view nameless_archive = "classes in an archive that does not say what it is";

// How the evidence of a guess begins, and how it goes on where a group is named.
constexpr std::string_view inferred_java_name = "inferred from the file name";
constexpr std::string_view java_group_from = "; group from ";
// Sources that settle the group; after any other it is a guess that better evidence may replace.
constexpr std::string_view sure_java_groups[] = {
    "the table of well-known artifacts", "Implementation-Title",
    "Implementation-Vendor-Id of a Scala build", "the file name"};

// nullopt when neither file name nor manifest gives a version.
std::optional<JavaName> infer_java_name(const JarFacts& facts);

// Where a file name may part into group and artifact is looked for at this many places; a group has
// six parts at most.
constexpr int max_name_parts = 12;

// The group under which a well-known artifact was published; "" for others. `classes` as above, may
// be empty; `version` tells which it is where the project has moved. (java_groups.cc)
std::string_view known_java_group(std::string_view artifact, std::string_view classes,
                                  std::string_view version);

// Group, artifact and version as Maven's metadata name them.
struct MavenCoordinates {
  std::string group, artifact, version;
};

// Which of `all` the archive itself is, by its file name and manifest; nullopt when none is.
// `nested`: it holds other archives. (java_own.cc)
std::optional<std::size_t> own_coordinates(std::string_view stem, const JarManifest& manifest,
                                           const std::vector<MavenCoordinates>& all, bool nested);

// The version that the file was published under where the metadata inside were written before that
// was settled: "2.0-SNAPSHOT" in a-2.0.jar, "12.6.1" in a-12.6.1.jre11.jar. (java_own.cc)
std::string published_version(std::string_view stem, const MavenCoordinates& own);

// A jar of a project's own distribution is called otherwise than the artifact in the repository:
// what `file` (its name without the version) is there; empty for others. (java_groups.cc)
struct JavaCoordinates {
  std::string_view group, artifact;
};
JavaCoordinates shipped_java_name(const JarFacts& facts, std::string_view file,
                                  std::string_view version);

// The version in the repository of what a project's own download writes in its own way: Bouncy
// Castle's bcprov-jdk18on-171.jar is 1.71, to the byte; in Derby's derby.jar only the bundle's
// version is left, "10.14.2000000.1828579" for 10.14.2.0. Others come back as they are.
// (java_groups.cc)
std::string published_as_version(std::string_view group, std::string_view version);

// Archives whose group is a guess, and poms of others that depend on them by their full name: the
// poms know. (java_neighbours.cc)
void settle_java_groups(std::vector<Package>& packages);

// `name` is `package` or lies in it: "org.acme.shop" in "org.acme".
bool lies_in_package(std::string_view name, std::string_view package);

bool is_maven_id(std::string_view text);       // a group or artifact id
bool is_maven_version(std::string_view text);  // holds a digit, no space, no ${…}

}  // namespace boltseal
