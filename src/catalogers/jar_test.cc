#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "catalogers/java_identity.h"
#include "catalogers/maven_pom.h"
#include "files/reader.h"

namespace boltseal {

extern const Reader jar_reader;

namespace {

std::string split_as(std::string_view stem, std::vector<std::string_view> hints = {}) {
  const auto name = split_jar_name(stem, hints);
  return std::string(name.artifact) + "|" + std::string(name.version) + "|" +
         std::string(name.classifier);
}

TEST(JarName, IsSplitWhereTheVersionBegins) {
  EXPECT_EQ(split_as("commons-io-2.4"), "commons-io|2.4|");
  EXPECT_EQ(split_as("log4j-1.2-api-2.14.1"), "log4j-1.2-api|2.14.1|");
  EXPECT_EQ(split_as("log4j-1.2.17"), "log4j|1.2.17|");
  EXPECT_EQ(split_as("groovy-2.0-beta-9"), "groovy|2.0-beta-9|");
  EXPECT_EQ(split_as("guava-r09"), "guava|r09|");
  EXPECT_EQ(split_as("guava-31.1-jre"), "guava|31.1-jre|");
  EXPECT_EQ(split_as("htrace-core4-4.1.0-incubating"), "htrace-core4|4.1.0-incubating|");
  EXPECT_EQ(split_as("hadoop-hdfs-3.2.0-tests"), "hadoop-hdfs|3.2.0|tests");
  EXPECT_EQ(split_as("netty-epoll-4.1.65.Final-linux-x86_64"),
            "netty-epoll|4.1.65.Final|linux-x86_64");
  EXPECT_EQ(split_as("app-1.0-20210101.120000-1"), "app|1.0-20210101.120000-1|");
  EXPECT_EQ(split_as("kafka_2.13-2.8.0"), "kafka_2.13|2.8.0|");
  EXPECT_EQ(split_as("commons-io-2.4.redhat-1"), "commons-io|2.4.redhat-1|");
  EXPECT_EQ(split_as("libusb-1.3.0-linux-x86-64"), "libusb|1.3.0|linux-x86-64");
  EXPECT_EQ(split_as("devtools-v120-4.18.1"), "devtools-v120|4.18.1|");
  EXPECT_EQ(split_as("saxpath-1.0-FCS"), "saxpath|1.0-FCS|");
  EXPECT_EQ(split_as("jrt-fs"), "jrt-fs||");
  EXPECT_EQ(split_as("-1.0"), "-1.0||");
  EXPECT_EQ(split_as(""), "||");
}

TEST(JarName, AVersionOfTheManifestSettlesIt) {
  EXPECT_EQ(split_as("widget-1.0-custom", {"", "1.0-custom"}), "widget|1.0-custom|");
  EXPECT_EQ(split_as("widget-1.0-custom", {"7.0"}), "widget|1.0|custom");
}

TEST(JavaManifest, JoinsContinuedLinesAndStopsAtTheFirstSection) {
  const JarManifest manifest(
      "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.apache.comm\r\n ons.text\r\n\r\nName: "
      "x\r\n"
      "Implementation-Version: 9\r\n");
  EXPECT_EQ(manifest["bundle-symbolicname"], "org.apache.commons.text");
  EXPECT_EQ(manifest["implementation-version"], "");
}

TEST(JavaGroups, NamesakesAreToldApartByTheirClasses) {
  EXPECT_EQ(known_java_group("ehcache", "net.sf.ehcache", ""), "net.sf.ehcache");
  EXPECT_EQ(known_java_group("ehcache", "org.ehcache.core", ""), "org.ehcache");
  EXPECT_EQ(known_java_group("spring-boot-starter-web", "", ""), "org.springframework.boot");
  EXPECT_EQ(known_java_group("spring-web", "org.springframework", ""), "org.springframework");
  EXPECT_EQ(known_java_group("spring-web", "com.acme", ""), "");
  EXPECT_EQ(known_java_group("junit", "org.junitx", ""), "junit");
}

TEST(JavaGroups, OlderVersionsStandWhereTheProjectWasThen) {
  EXPECT_EQ(known_java_group("asm", "org.objectweb.asm", "3.3.1"), "asm");
  EXPECT_EQ(known_java_group("asm", "org.objectweb.asm", "9.6"), "org.ow2.asm");
  EXPECT_EQ(known_java_group("hibernate-core", "org.hibernate", "5.6.15.Final"), "org.hibernate");
  EXPECT_EQ(known_java_group("hibernate-core", "org.hibernate", "6.0.0.Final"),
            "org.hibernate.orm");
  EXPECT_EQ(known_java_group("quartz", "org.quartz", "1.5.2"), "quartz");
  EXPECT_EQ(known_java_group("gwt-user", "com.google", "2.8.2"), "com.google.gwt");
  EXPECT_EQ(known_java_group("gwt-user", "com.google", "2.10.0"), "org.gwtproject");
  EXPECT_EQ(known_java_group("jackson-module-scala_2.13", "com.fasterxml.jackson", "2.10.5"),
            "com.fasterxml.jackson.module");
  EXPECT_EQ(known_java_group("quartz", "org.quartz", "1.6.3"), "opensymphony");
}

std::string inferred(std::string_view stem, std::string_view manifest, std::string classes) {
  const JarManifest parsed(manifest);
  const auto name = infer_java_name({stem, &parsed, std::move(classes)});
  return name ? name->group + ":" + name->artifact + ":" + name->version : "";
}

TEST(JavaGroups, AFileNameThatBeginsWithTheGroupIsParted) {
  EXPECT_EQ(inferred("org.mockito.mockito-core-3.1", "", "org.mockito"),
            "org.mockito:mockito-core:3.1");
  EXPECT_EQ(inferred("org.lab.probe.probe-core-3.1", "", "org.lab"),
            "org.lab.probe:probe-core:3.1");
  EXPECT_EQ(inferred("org.lab.probe-3.1", "Implementation-Vendor-Id: org.lab\n", "org.lab.probe"),
            "org.lab:org.lab.probe:3.1");
  EXPECT_EQ(
      inferred("org.lab.probe-3.1",
               "Implementation-Vendor-Id: org.lab\nImplementation-Title: probe\n", "org.lab.probe"),
      "org.lab:probe:3.1");
  EXPECT_EQ(inferred("org.lab.probe-3.1", "Bundle-SymbolicName: probe; x=1\n", "org.lab.probe"),
            "org.lab:probe:3.1");
  // A bundle that repeats a word of its package.
  EXPECT_EQ(inferred("org.lab.probe.probe-3.1", "Bundle-SymbolicName: org.lab.probe.probe\n",
                     "org.lab.probe"),
            "org.lab.probe:org.lab.probe.probe:3.1");
  EXPECT_EQ(inferred("org.lab.probe.x86_64-3.1", "", "org.lab.probe"),
            "org.lab.probe:org.lab.probe.x86_64:3.1");
}

TEST(JavaGroups, AFileNameOfManyPartsIsNotLookedAtForLong) {
  std::string stem;
  for (int i = 0; i < 40; ++i) stem += "p" + std::to_string(i) + ".";
  EXPECT_EQ(inferred(stem + "org.lab.lab-core-1.0", "", ""), ":" + stem + "org.lab.lab-core:1.0");
}

TEST(JavaGroups, TheApacheFoundationIsNoProject) {
  EXPECT_EQ(inferred("apache-probe-1.0", "", "org.apache.probe.core"),
            "org.apache.probe:apache-probe:1.0");
}

TEST(JavaGroups, VersionsOfOwnDownloadsAreThoseOfTheRepository) {
  EXPECT_EQ(inferred("bcprov-jdk18on-171", "", "org.bouncycastle"),
            "org.bouncycastle:bcprov-jdk18on:1.71");
  EXPECT_EQ(inferred("bcprov-jdk18on-1.71", "", "org.bouncycastle"),
            "org.bouncycastle:bcprov-jdk18on:1.71");
  EXPECT_EQ(inferred("probe-171", "", "org.probe"), "org.probe:probe:171");
  EXPECT_EQ(inferred("derby", "Bundle-Version: 10.14.2000001.1828579\n", "org.apache.derby"),
            "org.apache.derby:derby:10.14.2.1");
  EXPECT_EQ(inferred("derby-10.14.2.0", "Bundle-Version: 10.14.2000000.1\n", "org.apache.derby"),
            "org.apache.derby:derby:10.14.2.0");
}

TEST(JavaGroups, AnApplicationIsNoKnownLibrary) {
  const JarManifest manifest;
  EXPECT_EQ(infer_java_name({"spring-shop-1.0", &manifest, "", 0, true})->group, "");
  EXPECT_EQ(infer_java_name({"spring-shop-1.0", &manifest, "", 0, false})->group,
            "org.springframework");
}

std::string own(std::string_view stem, std::string_view manifest,
                const std::vector<MavenCoordinates>& all, bool nested = false) {
  const auto found = own_coordinates(stem, JarManifest(manifest), all, nested);
  return found ? all[*found].artifact : "none";
}

TEST(JavaOwn, AFileNameThatFitsDecides) {
  const std::vector<MavenCoordinates> all = {{"org.acme", "tool", "1.0"},
                                             {"org.acme", "tool-x", "1.0"}};
  EXPECT_EQ(own("tool-1.0", "", all), "tool");
  EXPECT_EQ(own("tool-x-1.0", "", all), "tool-x");
  for (const std::string by : {".", "_", "-"})
    EXPECT_EQ(own("org.acme" + by + "tool-1.0", "", all), "tool");
  EXPECT_EQ(own("ant-tool-1.0", "", {{"ant", "tool", "1.0"}, {"x", "y", "1"}}), "none");
}

TEST(JavaOwn, TheManifestNamesARenamedFile) {
  const std::vector<MavenCoordinates> all = {{"org.acme", "shop", "2.0"},
                                             {"org.lib", "yaml", "2.0"}};
  EXPECT_EQ(own("app", "", all), "none");
  EXPECT_EQ(own("app", "Implementation-Title: Shop\n", all), "shop");
  EXPECT_EQ(own("app-2.0", "Implementation-Title: Shop\n", all), "shop");
  EXPECT_EQ(own("app-3.0", "Implementation-Title: Shop\n", all), "none");
  EXPECT_EQ(own("app", "Implementation-Title: shop\nImplementation-Version: 3\n", all), "none");
  const std::string version = "Implementation-Version: 2.0\n";
  EXPECT_EQ(own("app", version + "Main-Class: org.acme.web.Main\n", all), "shop");
  EXPECT_EQ(own("app", version + "Main-Class: org.acmeother.Main\n", all), "none");
  EXPECT_EQ(own("app", version + "Main-Class: org.lib.Main\nStart-Class: org.acme.X\n", all),
            "shop");
  EXPECT_EQ(own("app", version + "Implementation-Vendor-Id: org.acme\n", all), "shop");
  EXPECT_EQ(own("app", "Main-Class: org.acme.web.Main\n", all), "none");
}

TEST(JavaOwn, TheOnlyOneAmongNestedArchivesNeedsTheVersion) {
  const std::vector<MavenCoordinates> one = {{"org.acme", "shop", "2.0"}};
  EXPECT_EQ(own("app", "", one), "shop");
  EXPECT_EQ(own("app", "", one, true), "none");
  EXPECT_EQ(own("app", "Implementation-Version: 2.0\n", one, true), "shop");
  EXPECT_EQ(own("app-3.0", "", one), "none");
}

// Properties that name each other many times over would take for ever to resolve.
TEST(MavenPom, APropertyBombIsDefused) {
  std::string xml =
      "<project><groupId>g</groupId><artifactId>a</artifactId><version>${p0}</version><properties>";
  for (int i = 0; i < 8; ++i) {
    xml += "<p" + std::to_string(i) + ">";
    for (int k = 0; k < 500; ++k) xml += "${p" + std::to_string(i + 1) + "}";
    xml += "</p" + std::to_string(i) + ">";
  }
  xml += "<p8></p8></properties></project>";
  const auto pom = parse_pom(xml);
  ASSERT_TRUE(pom);
  EXPECT_EQ(pom->version, "");
}

// Security-record rows 7 and 8: 18 KB that stand for 512 GiB, archives in archives.
TEST(JarReader, ABombOfNestedArchivesEndsAtTheLimit) {
  std::ifstream in(BOLTSEAL_ROOT "/tests/cases/jar/bomb/42.jar", std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  const std::string content = std::move(bytes).str();
  ASSERT_GT(content.size(), 10'000U);
  Fragment out;
  out.path = "42.jar";
  Sink sink(out, "jar");
  ASSERT_TRUE(jar_reader.read({out.path, content, 0644}, sink));
  EXPECT_TRUE(out.packages.empty());
  ASSERT_FALSE(out.unknowns.empty());
  EXPECT_EQ(out.unknowns.back().fault, Fault::too_large);
  EXPECT_NE(out.unknowns.back().what.find("512 MiB"), std::string::npos)
      << out.unknowns.back().what;
  EXPECT_LT(out.unknowns.size(), 200U);
}

}  // namespace
}  // namespace boltseal
