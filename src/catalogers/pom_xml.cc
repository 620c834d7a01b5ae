// pom.xml in a source tree: the dependencies that a Maven project declares with a version that this
// file alone gives.
//
// Format: maven.apache.org/pom.html. Parents and imported boms stand in other files and are not
// resolved; a dependency whose version only they know is left out. Scope "test" is a development
// dependency. Poms inside jars are read by jar.cc.
#include "catalogers/maven_pom.h"
#include "files/reader.h"

namespace boltseal {
namespace {

Result<> read(const FileView& file, Sink& sink) {
  TRY(const Pom pom, parse_pom(file.content));
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
    sink.package(std::move(project), "pom.xml, the project");
  }
  for (const auto& d : pom.dependencies) {
    if (d.version.empty()) continue;
    Package package;
    package.type = PackageType::maven;
    package.name = d.group + ":" + d.artifact;
    package.version = d.version;
    package.development = d.scope == "test";
    sink.package(std::move(package), "pom.xml, declared dependency");
  }
  return {};
}

constexpr std::string_view globs[] = {"**/pom.xml"};

}  // namespace

extern const Reader pom_xml_reader;
const Reader pom_xml_reader = {"pom-xml", 1, globs, {}, 16 << 20, read};

}  // namespace boltseal
