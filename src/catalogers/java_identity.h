// Who a jar is when it carries no Maven metadata: its file name, manifest and classes, put
// together.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boltseal {

// The main section of META-INF/MANIFEST.MF (JAR File Specification), continuation lines joined;
// names in lower case.
class Manifest {
 public:
  Manifest() = default;
  explicit Manifest(std::string_view text);
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
  std::string_view stem;               // file name without extension
  const Manifest* manifest = nullptr;  // never null
  std::string classes;  // the package that holds most classes, "org.tukaani.xz"; may be empty
};

struct JavaName {
  std::string group, artifact, version;  // group empty: nothing honest can be said
  std::string how;                       // what it was inferred from, in words
};

// nullopt when neither file name nor manifest gives a version.
std::optional<JavaName> infer_java_name(const JarFacts& facts);

// The group under which a well-known artifact was published; "" for others. `classes` as above, may
// be empty. (java_groups.cc)
std::string_view known_java_group(std::string_view artifact, std::string_view classes);

bool is_maven_id(std::string_view text);       // a group or artifact id
bool is_maven_version(std::string_view text);  // holds a digit, no space, no ${…}

}  // namespace boltseal
