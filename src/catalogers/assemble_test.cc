#include "catalogers/assemble.h"

#include <gtest/gtest.h>

#include "files/reader.h"
#include "layers/entries.h"

namespace boltseal {

extern const Reader os_release_reader;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

// What the reader of os-release gives for one layer of these files.
Distribution distribution_of(const Files& files) {
  LayerOutcome layer;
  EntryList entries;
  for (const auto& [path, content] : files) {
    entries.add(EntryKind::file, path);
    Fragment& fragment = layer.fragments.emplace_back();
    fragment.path = path;
    Sink sink(fragment, os_release_reader.name);
    EXPECT_TRUE(os_release_reader.read({path, content, 0644}, sink));
  }
  layer.entries = entries.bytes();
  return assemble({}, {layer}).value().distribution;
}

std::string release_of(const Files& files) {
  const auto found = distribution_of(files);
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

}  // namespace
}  // namespace boltseal
