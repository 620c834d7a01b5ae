#include <gtest/gtest.h>

#include "catalogers/java_identity.h"

namespace boltseal {
namespace {

Package guess(std::string name, std::string version, std::string_view from) {
  Package out;
  out.type = PackageType::maven;
  out.name = std::move(name);
  out.version = std::move(version);
  out.evidence = {{"opt/lib/x.jar", 0,
                   std::string(inferred_java_name) +
                       (from.empty() ? "" : std::string(java_group_from) + std::string(from))}};
  return out;
}

Package described(std::string name, std::vector<std::string> depends) {
  Package out;
  out.type = PackageType::maven;
  out.name = std::move(name);
  out.version = "1.0";
  out.depends = std::move(depends);
  out.evidence = {{"opt/lib/y.jar", 0, "pom.properties"}};
  return out;
}

std::string settled(Package package, std::vector<Package> others) {
  others.push_back(std::move(package));
  settle_java_groups(others);
  return others.back().name;
}

TEST(JavaNeighbours, APomThatAsksForTheArtifactKnowsItsGroup) {
  std::vector<Package> packages = {guess("probe-core", "2.0", ""),
                                   described("com.acme:app", {"org.probe:probe-core@1.9"})};
  settle_java_groups(packages);
  EXPECT_EQ(packages[0].name, "org.probe:probe-core");
  EXPECT_EQ(packages[0].evidence[0].what,
            "inferred from the file name; group from the pom of com.acme:app");
  EXPECT_EQ(packages[1].name, "com.acme:app");
}

TEST(JavaNeighbours, TheVeryVersionBeatsEvenTheTable) {
  const auto asm_jar = guess("org.ow2.asm:asm", "3.1", sure_java_groups[0]);
  EXPECT_EQ(settled(asm_jar, {described("a:b", {"asm:asm@3.1"})}), "asm:asm");
  EXPECT_EQ(settled(asm_jar, {described("a:b", {"asm:asm@3.0"})}), "org.ow2.asm:asm");
  EXPECT_EQ(settled(asm_jar, {described("a:b", {"asm:asm"})}), "org.ow2.asm:asm");
}

TEST(JavaNeighbours, WhereThePomsDisagreeNothingChanges) {
  const auto jar = guess("com.acme.x:probe-core", "2.0", "the packages of its classes");
  EXPECT_EQ(settled(jar, {described("a:b", {"org.probe:probe-core", "net.fork:probe-core"})}),
            "com.acme.x:probe-core");
  EXPECT_EQ(settled(jar, {described("a:b", {"org.probe:probe-core@2.0"}),
                          described("a:c", {"net.fork:probe-core@2.0"})}),
            "com.acme.x:probe-core");
  EXPECT_EQ(settled(jar, {described("a:b", {"org.probe:probe-core@2.0"}),
                          described("a:c", {"net.fork:probe-core@3.0"})}),
            "org.probe:probe-core");
}

TEST(JavaNeighbours, ANameOfOneWordNeedsALikelyGroup) {
  const auto jar = guess("org.acme.web:commons", "5.0", "the packages of its classes");
  EXPECT_EQ(settled(jar, {described("a:b", {"com.other:commons@1.0"})}), "org.acme.web:commons");
  EXPECT_EQ(settled(jar, {described("a:b", {"org.acme:commons@1.0"})}), "org.acme:commons");
}

TEST(JavaNeighbours, AnotherGuessIsNoWitness) {
  Package other = guess("com.acme:app", "1.0", "the packages of its classes");
  other.depends = {"org.probe:probe-core@2.0"};
  EXPECT_EQ(settled(guess("probe-core", "2.0", ""), {other}), "probe-core");
}

TEST(JavaNeighbours, APomTellsWhereTheGroupInAFileNameEnds) {
  const std::vector<Package> poms = {
      described("a:b", {"org.probe:probe-core@1.9", "org.osgi:org.osgi.core@4.3"})};
  EXPECT_EQ(settled(guess("org.probe:org.probe.probe-core", "2.0", ""), poms),
            "org.probe:probe-core");
  EXPECT_EQ(settled(guess("org.probe_probe-core", "2.0", ""), poms), "org.probe:probe-core");
  EXPECT_EQ(settled(guess("org.probe-probe-core", "2.0", ""), poms), "org.probe:probe-core");
  EXPECT_EQ(settled(guess("org.osgi:org.osgi.core", "4.3", ""), poms), "org.osgi:org.osgi.core");
  EXPECT_EQ(settled(guess("org.test.probe-core", "2.0", ""), poms), "org.test.probe-core");
  EXPECT_EQ(settled(guess("x:org.probe.probe-core", "2.0", sure_java_groups[0]), poms),
            "x:org.probe.probe-core");
  EXPECT_EQ(settled(guess("acme-web", "2.0", ""), {described("a:b", {"acme:web@2.0"})}),
            "acme-web");
}

}  // namespace
}  // namespace boltseal
