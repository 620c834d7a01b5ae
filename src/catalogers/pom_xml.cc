// pom.xml in a source tree: the project and the dependencies that it declares with a version.
//
// Format: maven.apache.org/pom.html. Versions often stand in parents and boms of the same tree, so
// the model goes along, and catalogers/maven_parents.cc completes what this file alone gives. Those
// of a repository are not fetched; a dependency whose version only they know is left out. Scope
// "test" is a development dependency. Profiles that are active by default are applied
// (maven_model.cc). Poms inside jars are read by jar.cc.
//
// META-INF/maven/GROUP/ARTIFACT/pom.xml is what a build put into its archive, which somebody
// unpacked since (Spring Boot's layers, buildpacks, servlet containers). As in a jar it says what
// the content is; what that needed to be built and run lies beside it, as far as it is there. Nor
// is such a pom part of a tree that others have parents in.
#include "catalogers/language.h"
#include "catalogers/maven_pom.h"
#include "files/reader.h"

namespace boltseal {
namespace {

Result<> read(const FileView& file, Sink& sink) {
  TRY(MavenModel model, parse_maven_model(file.content));
  const bool unpacked = has_folder(file.path, "META-INF/maven");
  for (auto& [package, what] : packages_of(pom_of(model))) {
    if (!unpacked || what == pom_project_evidence) sink.package(std::move(package), what);
  }
  if (!unpacked) sink.maven_model(std::move(model));
  return {};
}

constexpr std::string_view globs[] = {"**/pom.xml"};

}  // namespace

extern const Reader pom_xml_reader;
const Reader pom_xml_reader = {"pom-xml", 4, globs, {}, 16 << 20, read};

}  // namespace boltseal
