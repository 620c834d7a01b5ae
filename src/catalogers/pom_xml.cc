// pom.xml in a source tree: the project and the dependencies that it declares with a version.
//
// Format: maven.apache.org/pom.html. Versions often stand in parents and boms of the same tree, so
// the model goes along, and catalogers/maven_parents.cc completes what this file alone gives. Those
// of a repository are not fetched; a dependency whose version only they know is left out. Scope
// "test" is a development dependency. Profiles that are active by default are applied
// (maven_model.cc). Poms inside jars are read by jar.cc.
#include "catalogers/maven_pom.h"
#include "files/reader.h"

namespace boltseal {
namespace {

Result<> read(const FileView& file, Sink& sink) {
  TRY(MavenModel model, parse_maven_model(file.content));
  for (auto& [package, what] : packages_of(pom_of(model))) sink.package(std::move(package), what);
  sink.maven_model(std::move(model));
  return {};
}

constexpr std::string_view globs[] = {"**/pom.xml"};

}  // namespace

extern const Reader pom_xml_reader;
const Reader pom_xml_reader = {"pom-xml", 3, globs, {}, 16 << 20, read};

}  // namespace boltseal
