#include "catalogers/assemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "catalogers/binary_parts.h"
#include "catalogers/inventory_for_tests.h"
#include "catalogers/java_identity.h"

namespace boltseal {
namespace {

using test::Files;
using test::inventory_of;

std::string release_of(const Files& files) {
  const auto found = inventory_of(files).distribution;
  return found.id + " " + found.version_id + " " + found.codename;
}

const std::string from_319 = "http://mirror.example/alpine/v3.19/main\n";
const std::string from_edge = "http://mirror.example/alpine/edge/main\n";

TEST(Assemble, OsReleaseOutranksTheRest) {
  EXPECT_EQ(release_of({{"etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n"},
                        {"etc/alpine-release", "3.19.1\n"},
                        {"etc/apk/repositories", from_edge}}),
            "alpine 3.18.4 ");
}

TEST(Assemble, AlpineWithoutAVersionTakesThatOfItsLesserFiles) {
  EXPECT_EQ(release_of({{"etc/os-release", "ID=alpine\n"}, {"etc/apk/repositories", from_319}}),
            "alpine 3.19 ");
  EXPECT_EQ(release_of({{"etc/os-release", "ID=alpine\n"},
                        {"etc/alpine-release", "3.19.1\n"},
                        {"etc/apk/repositories", from_edge}}),
            "alpine 3.19.1 ");
  EXPECT_EQ(release_of({{"etc/os-release", "ID=alpine\n"}, {"etc/apk/repositories", from_edge}}),
            "alpine  edge");
  EXPECT_EQ(release_of({{"etc/apk/repositories", from_319}}), "alpine 3.19 ");
}

TEST(Assemble, AlpineEdgeThatTakesPackagesOfAReleaseIsThatRelease) {
  const std::string edge = "ID=alpine\nVERSION_ID=3.19_alpha20230901\n";
  EXPECT_EQ(release_of({{"etc/os-release", edge}, {"etc/apk/repositories", from_319}}),
            "alpine 3.19 ");
  EXPECT_EQ(release_of({{"etc/os-release", edge}, {"etc/apk/repositories", from_edge}}),
            "alpine 3.19_alpha20230901 edge");
}

TEST(Assemble, RepositoriesSayNothingOfOtherDistributions) {
  EXPECT_EQ(release_of({{"etc/os-release", "ID=wolfi\n"}, {"etc/apk/repositories", from_319}}),
            "wolfi  ");
}

// What an inventory holds of the files of one layer, as "name version".
std::vector<std::string> packages_of(const Files& files) {
  const auto inventory = inventory_of(files);
  std::vector<std::string> out;
  for (const Package& p : inventory.packages) out.push_back(p.name + " " + p.version);
  return out;
}

const std::string go_sum =
    "example.org/direct v1.0.0 h1:a=\nexample.org/direct v1.2.0 h1:b=\n"
    "example.org/looked-at v3.0.0/go.mod h1:c=\n"
    "example.org/needed v1.9.0 h1:d=\nexample.org/needed v1.10.0 h1:e=\n";
const std::string requires_direct = "require example.org/direct v1.0.0\n";

TEST(Assemble, GoSumCompletesAGoModOfBefore117) {
  using testing::ElementsAre;
  EXPECT_THAT(packages_of({{"src/go.mod", "module m\ngo 1.16\n" + requires_direct},
                           {"src/go.sum", go_sum}}),
              ElementsAre("example.org/direct v1.0.0", "example.org/needed v1.10.0"));
  EXPECT_THAT(packages_of({{"src/go.mod",
                            "module m\nreplace example.org/direct => ../d\n" + requires_direct},
                           {"src/go.sum", go_sum}}),
              ElementsAre("example.org/direct (devel)", "example.org/needed v1.10.0"))
      << "without a go line it is 1.16";
}

TEST(Assemble, GoSumSaysNothingBesideAGoModThatListsAll) {
  using testing::ElementsAre;
  EXPECT_THAT(packages_of({{"src/go.mod", "module m\ngo 1.17\n" + requires_direct},
                           {"src/go.sum", go_sum}}),
              ElementsAre("example.org/direct v1.0.0"));
  EXPECT_THAT(packages_of({{"src/go.sum", go_sum}}), ElementsAre());
  EXPECT_THAT(packages_of({{"src/go.mod", "module m\ngo 1.16\n" + requires_direct},
                           {"other/go.sum", go_sum}}),
              ElementsAre("example.org/direct v1.0.0"));
}

TEST(Assemble, VendoredGoModulesAreAllThatIsBuilt) {
  const std::string vendored =
      "# example.org/direct v1.0.0\n## explicit\nexample.org/direct/a\n"
      "# example.org/unused v1.1.0\n## explicit\n";
  EXPECT_THAT(packages_of({{"src/go.mod", "module m\ngo 1.16\n" + requires_direct +
                                              "require example.org/unused v1.1.0\n"},
                           {"src/go.sum", go_sum},
                           {"src/vendor/modules.txt", vendored},
                           {"other/go.mod", "module n\ngo 1.17\nrequire example.org/b v2.0.0\n"}}),
              testing::ElementsAre("example.org/b v2.0.0", "example.org/direct v1.0.0"));
}

TEST(Assemble, APackageInTwoSpellingsIsOne) {
  std::vector<LayerOutcome> layers(1);
  EntryList entries;
  for (const auto& [path, name] : {std::pair("a.lock", "jinja2"), {"b/METADATA", "Jinja2"}}) {
    Fragment& fragment = layers[0].fragments.emplace_back();
    fragment.path = path;
    entries.add(EntryKind::file, fragment.path);
    Package& copy = fragment.packages.emplace_back();
    copy.type = PackageType::pypi;
    copy.name = name;
    copy.version = "2.0";
  }
  layers[0].entries = entries.bytes();
  const auto packages = assemble({}, layers).value().packages;
  ASSERT_EQ(packages.size(), 1U);
  EXPECT_EQ(packages[0].name, "Jinja2");
  EXPECT_EQ(packages[0].evidence.size(), 2U);
}

TEST(Assemble, AnOsPackageIsOfTheLayerThatBroughtIt) {
  std::vector<LayerOutcome> layers(3);
  const auto with = [](LayerOutcome& layer, std::initializer_list<const char*> names) {
    EntryList entries;
    entries.add(EntryKind::file, "var/lib/dpkg/status");
    Fragment& fragment = layer.fragments.emplace_back();
    fragment.path = "var/lib/dpkg/status";
    for (const auto* name : names) {
      Package& package = fragment.packages.emplace_back();
      package.name = name;
      package.version = "1";
    }
    layer.entries = entries.bytes();
  };
  with(layers[0], {"base", "gone"});
  with(layers[1], {"base", "curl"});
  with(layers[2], {"base", "curl", "gone", "new"});
  std::map<std::string, std::uint32_t> found;
  const Inventory inventory = assemble({}, layers).value();
  for (const auto& package : inventory.packages) found[package.name] = package.evidence.at(0).layer;
  EXPECT_EQ(found, (std::map<std::string, std::uint32_t>{
                       {"base", 0}, {"curl", 1}, {"gone", 2}, {"new", 2}}));
}

TEST(Assemble, CopiesWithOtherLicencesAreUnderBoth) {
  std::vector<LayerOutcome> layers(1);
  EntryList entries;
  for (const auto* licence : {"MIT", "AGPL-3.0-only", "", "MIT", "ISC OR Zlib"}) {
    Fragment& fragment = layers[0].fragments.emplace_back();
    fragment.path = "a" + std::to_string(layers[0].fragments.size());
    entries.add(EntryKind::file, fragment.path);
    Package& copy = fragment.packages.emplace_back();
    copy.type = PackageType::npm;
    copy.name = "dup";
    copy.version = "1.0.0";
    copy.licence = licence;
  }
  layers[0].entries = entries.bytes();
  const auto packages = assemble({}, layers).value().packages;
  ASSERT_EQ(packages.size(), 1U);
  EXPECT_EQ(packages[0].licence, "MIT AND AGPL-3.0-only AND (ISC OR Zlib)");
}

TEST(Assemble, OfTwoCommitsOfOneGoVersionTheOlderIsKept) {
  const std::string older = "v0.0.0-20260401000000-abcdefabcdef",
                    newer = "v0.0.0-20260501000000-abcdefabcdef";
  const auto source_of = [](const std::vector<std::string>& commits) {
    LayerOutcome layer;
    EntryList entries;
    for (const auto& commit : commits) {
      Fragment& fragment = layer.fragments.emplace_back();
      fragment.path = "bin/" + std::to_string(layer.fragments.size());
      entries.add(EntryKind::file, fragment.path);
      Package program;
      program.type = PackageType::golang;
      program.name = "example.org/app";
      program.version = "v1.0.0";
      program.source_version = commit;
      fragment.packages.push_back(program);
    }
    layer.entries = entries.bytes();
    const auto packages = assemble({}, {layer}).value().packages;
    EXPECT_EQ(packages.size(), 1U);
    return packages.front().source_version;
  };
  EXPECT_EQ(source_of({newer, older}), older);
  EXPECT_EQ(source_of({older, newer}), older);
  EXPECT_EQ(source_of({older, "(devel)"}), "(devel)");
  EXPECT_EQ(source_of({"", newer}), newer);
}

TEST(Assemble, ANamelessArchiveOfAnOsPackageIsNoUnknown) {
  LayerOutcome layer;
  EntryList entries;
  Package owner;
  owner.type = PackageType::deb;
  owner.name = "ca-certificates-java";
  for (const std::string path : {"opt/b.jar", "usr/share/a.jar", "var/lib/dpkg/status"}) {
    entries.add(EntryKind::file, path);
    Fragment& fragment = layer.fragments.emplace_back();
    fragment.path = path;
    if (path.ends_with(".jar"))
      fragment.unknowns.push_back(
          {path, 0, "jar", Fault::unsupported, std::string(nameless_archive), {}});
    else
      fragment.packages.push_back(owner);
  }
  layer.fragments.back().ownerships.push_back({PackageType::deb, owner.name, {"usr/share/a.jar"}});
  layer.entries = entries.bytes();
  const auto unknowns = assemble({}, {layer}).value().unknowns;
  ASSERT_EQ(unknowns.size(), 1U);
  EXPECT_EQ(unknowns.front().path, "opt/b.jar");
}

TEST(Assemble, APackageNoteOwnsNothing) {
  const auto package = [](PackageType type, std::string name, std::string version, std::string path,
                          std::string_view what) {
    Package out;
    out.type = type;
    out.name = std::move(name);
    out.version = std::move(version);
    out.evidence = {{std::move(path), 0, std::string(what)}};
    return out;
  };
  // The note comes before the database in every order.
  const std::string program = "usr/bin/podman", database = "usr/lib/apk/db/installed";
  LayerOutcome layer;
  layer.fragments.resize(2);
  layer.fragments[0].path = program;
  layer.fragments[0].packages = {
      package(PackageType::apk, "podman", "4.5.0-r1", program, package_note_evidence),
      package(PackageType::golang, "example.org/podman", "v4.5.0", program, "go build info")};
  layer.fragments[1].path = database;
  layer.fragments[1].packages = {
      package(PackageType::apk, "alpha-keys", "1-r0", database, "apk database"),
      package(PackageType::apk, "podman", "4.5.0-r1", database, "apk database")};
  layer.fragments[1].ownerships = {{PackageType::apk, "podman", {program}}};
  EntryList entries;
  for (const auto& path : {program, database}) entries.add(EntryKind::file, path);
  layer.entries = entries.bytes();
  const auto inventory = assemble({}, {layer}).value();
  ASSERT_EQ(inventory.packages.size(), 3U);
  for (const Package& p : inventory.packages) {
    if (p.type != PackageType::golang) continue;
    ASSERT_GE(p.owner, 0);
    EXPECT_EQ(inventory.packages[static_cast<std::size_t>(p.owner)].name, "podman");
  }
}

// What is not known of an image with a manifest of Chisel, which has libprobe1 and probe-data, and
// this status of dpkg.
std::vector<Unknown> unknowns_of_slices(const std::string& status) {
  std::ifstream in(BOLTSEAL_ROOT
                   "/tests/cases/readers/chisel/slices-of-two-packages/in/var/lib/chisel/"
                   "manifest.wall",
                   std::ios::binary);
  std::ostringstream manifest;
  manifest << in.rdbuf();
  return inventory_of(
             {{"var/lib/chisel/manifest.wall", manifest.str()}, {"var/lib/dpkg/status", status}})
      .unknowns;
}

TEST(Assemble, SourcesThatChiselLeavesOutAreKnownWhereDpkgNamesThemAll) {
  const std::string library =
      "Package: libprobe1\nArchitecture: amd64\nSource: probe\nVersion: 1.2-3ubuntu0.1\n\n";
  const std::string data = "Package: probe-data\nArchitecture: all\nVersion: ";
  EXPECT_THAT(unknowns_of_slices(library + data + "1.2-3ubuntu0.1\n"), testing::IsEmpty());
  EXPECT_EQ(unknowns_of_slices("").size(), 1U);
  EXPECT_EQ(unknowns_of_slices(library).size(), 1U) << "one of two";
  EXPECT_EQ(unknowns_of_slices(library + data + "1.2-2\n").size(), 1U) << "of another version";
}

TEST(Assemble, DotnetProjectsCountWhereNothingWasRestored) {
  using testing::ElementsAre;
  const std::string project =
      R"(<Project><ItemGroup><PackageReference Include="A" Version="1.0.0"/></ItemGroup></Project>)";
  const std::string lock =
      R"({"dependencies": {"net8.0": {"A": {"type": "Direct", "resolved": "1.0.1"}}}})";
  EXPECT_THAT(packages_of({{"src/a.csproj", project}}), ElementsAre("A 1.0.0"));
  EXPECT_THAT(packages_of({{"src/a.csproj", project}, {"src/packages.lock.json", lock}}),
              ElementsAre("A 1.0.1"));
  EXPECT_THAT(packages_of({{"src/a.csproj", project}, {"packages.lock.json", lock}}),
              ElementsAre("A 1.0.0", "A 1.0.1"))
      << "the lock file of another project";
}

}  // namespace
}  // namespace boltseal
