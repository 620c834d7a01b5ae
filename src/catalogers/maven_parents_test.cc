// Projects of one tree put together as Maven puts them together.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "catalogers/inventory_for_tests.h"

namespace boltseal {
namespace {

using test::Files;

// `files`: what stands in <project>.
Inventory inventory_of(Files files) {
  for (auto& [path, content] : files) content = "<project>" + content + "</project>";
  return test::inventory_of(files);
}

// "name version" of each package, development ones marked.
std::string packages_in(const Files& files) {
  std::string out;
  for (const Package& p : inventory_of(files).packages)
    out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", p.name, p.version,
                       p.development ? " dev" : "");
  return out;
}

std::string coordinates(std::string_view group, std::string_view artifact,
                        std::string_view version = {}) {
  std::string out =
      fmt::format("<groupId>{}</groupId><artifactId>{}</artifactId>", group, artifact);
  if (!version.empty()) out += fmt::format("<version>{}</version>", version);
  return out;
}

std::string dependency(std::string_view group, std::string_view artifact,
                       std::string_view version = {}, std::string_view more = {}) {
  return fmt::format("<dependency>{}{}</dependency>", coordinates(group, artifact, version), more);
}

std::string dependencies(const std::string& list) {
  return "<dependencies>" + list + "</dependencies>";
}
std::string managed(const std::string& list) {
  return "<dependencyManagement>" + dependencies(list) + "</dependencyManagement>";
}
std::string properties(std::string_view list) {
  return fmt::format("<properties>{}</properties>", list);
}
std::string parent(std::string_view version, std::string_view more = {}) {
  return fmt::format("<parent>{}{}</parent>", coordinates("g", "top", version), more);
}
std::string child(const std::string& more) { return "<artifactId>child</artifactId>" + more; }

const std::string asks_for_lib = dependencies(dependency("x", "lib"));

TEST(MavenParents, ManagedVersionsAndPropertiesComeFromTheFolderAbove) {
  const auto top = coordinates("g", "top", "1") + properties("<lib>2.5</lib>") +
                   managed(dependency("x", "lib", "${lib}", "<scope>test</scope>"));
  EXPECT_EQ(packages_in({{"a/pom.xml", top}, {"a/b/pom.xml", parent("1") + child(asks_for_lib)}}),
            "g:child 1, g:top 1, x:lib 2.5 dev");
  const auto inventory =
      inventory_of({{"a/pom.xml", top}, {"a/b/pom.xml", parent("1") + child(asks_for_lib)}});
  EXPECT_EQ(inventory.packages[2].evidence.front().what,
            "pom.xml, declared dependency; completed by a/pom.xml");
}

TEST(MavenParents, APomOfAnUnpackedArchiveIsNobodysParent) {
  const auto top = coordinates("g", "top", "1") + managed(dependency("x", "lib", "2.5"));
  EXPECT_EQ(packages_in({{"META-INF/maven/g/top/pom.xml", top},
                         {"a/pom.xml", parent("1") + child(asks_for_lib)}}),
            "g:child 1, g:top 1");
}

TEST(MavenParents, AChildsPropertyReplacesItsParents) {
  const auto top = coordinates("g", "top", "1") + properties("<lib>2.5</lib>") +
                   managed(dependency("x", "lib", "${lib}"));
  EXPECT_EQ(
      packages_in({{"pom.xml", top},
                   {"b/pom.xml", parent("1") + child(properties("<lib>3</lib>") + asks_for_lib)}}),
      "g:child 1, g:top 1, x:lib 3");
}

TEST(MavenParents, AParentsProjectVersionIsTheChilds) {
  const auto top = coordinates("g", "top", "1") +
                   managed(dependency("${project.groupId}", "lib", "${project.version}"));
  EXPECT_EQ(packages_in({{"pom.xml", top},
                         {"b/pom.xml", parent("1") + child("<version>7</version>" +
                                                           dependencies(dependency("g", "lib")))}}),
            "g:child 7, g:lib 7, g:top 1");
}

TEST(MavenParents, DependenciesAreInheritedAndARevisionIsTheParents) {
  const auto top = coordinates("g", "top", "${revision}") + properties("<revision>4.2</revision>") +
                   dependencies(dependency("x", "lib", "1"));
  const auto inventory =
      inventory_of({{"pom.xml", top}, {"b/pom.xml", parent("${revision}") + child("")}});
  ASSERT_EQ(inventory.packages.size(), 3U);
  EXPECT_EQ(inventory.packages[0].name + inventory.packages[0].version, "g:child4.2");
  EXPECT_EQ(inventory.packages[2].evidence.size(), 2U);
}

TEST(MavenParents, AParentCountsWhenItIsTheOneThatWasAskedFor) {
  const auto top = coordinates("g", "top", "1") + managed(dependency("x", "lib", "2.5"));
  EXPECT_EQ(packages_in({{"pom.xml", top}, {"b/pom.xml", parent("2") + child(asks_for_lib)}}),
            "g:child 2, g:top 1");
}

TEST(MavenParents, ARelativePathMayNameAFolderAndElseCoordinatesCount) {
  const auto top = coordinates("g", "top", "1") + managed(dependency("x", "lib", "2.5"));
  for (const std::string_view path :
       {"<relativePath>../parent</relativePath>", "<relativePath>../parent/pom.xml</relativePath>",
        "<relativePath/>", "<relativePath>../../../../nowhere</relativePath>", ""}) {
    EXPECT_EQ(packages_in({{"parent/pom.xml", top},
                           {"b/pom.xml", parent("1", path) + child(asks_for_lib)}}),
              "g:child 1, g:top 1, x:lib 2.5")
        << path;
  }
}

TEST(MavenParents, ABomOfTheTreeGivesItsVersions) {
  const std::string import = "<type>pom</type><scope>import</scope>";
  const auto bom = coordinates("g", "bom", "1") + properties("<v>3.1</v>") +
                   managed(dependency("x", "lib", "${v}") + dependency("x", "own", "1"));
  const auto project = coordinates("g", "app", "9") +
                       managed(dependency("g", "bom", "1", import) + dependency("x", "own", "2")) +
                       dependencies(dependency("x", "lib") + dependency("x", "own"));
  EXPECT_EQ(packages_in({{"bom/pom.xml", bom}, {"app/pom.xml", project}}),
            "g:app 9, g:bom 1, x:lib 3.1, x:own 2");
}

TEST(MavenParents, TypeAndClassifierTellManagedOnesApart) {
  const auto top =
      coordinates("g", "top", "1") +
      managed(dependency("x", "lib", "1") + dependency("x", "lib", "2", "<type>test-jar</type>") +
              dependency("x", "lib", "3", "<classifier>linux</classifier>"));
  const auto asks = dependencies(dependency("x", "lib", "", "<type>jar</type>") +
                                 dependency("x", "lib", "", "<classifier>linux</classifier>"));
  EXPECT_EQ(packages_in({{"pom.xml", top}, {"b/pom.xml", parent("1") + child(asks)}}),
            "g:child 1, g:top 1, x:lib 1, x:lib 3");
}

std::string profile(std::string_view activation, std::string_view content) {
  return fmt::format("<profile><activation>{}</activation>{}</profile>", activation, content);
}

// The version of x:lib in a project with these profiles; "" when it is not known.
std::string lib_with(const std::string& profiles, const std::string& version = "${lib}") {
  for (const Package& p :
       inventory_of({{"pom.xml", coordinates("g", "top", "1") +
                                     dependencies(dependency("x", "lib", version)) + "<profiles>" +
                                     profiles + "</profiles>"}})
           .packages) {
    if (p.name == "x:lib") return p.version;
  }
  return {};
}

const std::string by_default = "<activeByDefault>true</activeByDefault>";
const auto set_lib = [](std::string_view v) { return properties(fmt::format("<lib>{}</lib>", v)); };

TEST(MavenProfiles, ThatAreActiveByDefaultAreLaidOverTheProject) {
  EXPECT_EQ(lib_with(profile(by_default, set_lib("1"))), "1");
  EXPECT_EQ(lib_with(profile(by_default, dependencies(dependency("x", "lib", "2")))), "2");
  EXPECT_EQ(lib_with(profile(by_default, managed(dependency("x", "lib", "3"))), ""), "3");
  EXPECT_EQ(lib_with(profile("<property><name>!skip</name></property>", set_lib("4"))), "4");
  EXPECT_EQ(
      lib_with(profile("<property><name>lib</name><value>!1</value></property>", set_lib("5"))),
      "5");
}

TEST(MavenProfiles, OnlyThoseThatAreActiveWhenNobodyAsks) {
  EXPECT_EQ(lib_with(profile("", set_lib("1"))), "");
  EXPECT_EQ(lib_with(profile("<activeByDefault>false</activeByDefault>", set_lib("1"))), "");
  EXPECT_EQ(lib_with(profile("<property><name>ask</name></property>", set_lib("1"))), "");
  EXPECT_EQ(lib_with(profile("<jdk>[11,)</jdk>", set_lib("1"))), "");
  EXPECT_EQ(lib_with(profile("<property><name>!env.CI</name></property>", set_lib("1"))), "");
}

TEST(MavenProfiles, ByDefaultYieldsToAnotherOfTheSameFile) {
  const auto one = profile(by_default, set_lib("1"));
  EXPECT_EQ(lib_with(one + profile("<property><name>!skip</name></property>", set_lib("2"))), "2");
  EXPECT_EQ(lib_with(one + profile("<property><name>ask</name></property>", set_lib("2"))), "1");
  EXPECT_EQ(lib_with(one + profile("<jdk>17</jdk>", "")), "");  // who knows
  EXPECT_EQ(lib_with(one + profile(by_default, set_lib("3"))), "3");
  // Another file's do not matter, nor do they replace what the child says itself.
  const std::string top = coordinates("g", "top", "1") + "<profiles>" + one + "</profiles>";
  EXPECT_EQ(packages_in(
                {{"pom.xml", top},
                 {"b/pom.xml", parent("1") + child(dependencies(dependency("x", "lib", "${lib}")) +
                                                   "<profiles>" + profile("<jdk>17</jdk>", "") +
                                                   "</profiles>")}}),
            "g:child 1, g:top 1, x:lib 1");
}

TEST(MavenProfiles, OfADependencyThatIsDeclaredTwiceTheLastCounts) {
  EXPECT_EQ(packages_in({{"pom.xml", coordinates("g", "top", "1") +
                                         dependencies(dependency("x", "lib", "1") +
                                                      dependency("x", "lib", "2"))}}),
            "g:top 1, x:lib 2");
}

TEST(MavenParents, ThoseThatAreEachOthersParentsOrBomsEnd) {
  const auto one =
      coordinates("g", "top", "1") + parent("1", "<relativePath>pom.xml</relativePath>");
  EXPECT_EQ(packages_in({{"pom.xml", one + asks_for_lib}}), "g:top 1");
  const std::string import = "<type>pom</type><scope>import</scope>";
  const auto of = [&](std::string_view own, std::string_view other) {
    return coordinates("g", own, "1") + managed(dependency("g", other, "1", import)) + asks_for_lib;
  };
  EXPECT_EQ(packages_in({{"a/pom.xml", of("a", "b")}, {"b/pom.xml", of("b", "a")}}),
            "g:a 1, g:b 1");
}

// Each of these imports all the others, and each dependency is looked for in all of them.
TEST(MavenParents, TooManyBomsAreSaidToBe) {
  const std::string import = "<type>pom</type><scope>import</scope>";
  std::string all;
  for (int i = 0; i < 60; ++i) all += dependency("g", fmt::format("b{}", i), "1", import);
  Files files;
  for (int i = 0; i < 60; ++i)
    files.emplace_back(fmt::format("{}/pom.xml", i),
                       coordinates("g", fmt::format("b{}", i), "1") + managed(all) + asks_for_lib);
  const auto inventory = inventory_of(files);
  EXPECT_EQ(inventory.packages.size(), 60U);
  ASSERT_EQ(inventory.unknowns.size(), 1U);
  EXPECT_EQ(inventory.unknowns.front().fault, Fault::too_large);
}

}  // namespace
}  // namespace boltseal
