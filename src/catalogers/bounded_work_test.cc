// What hostile files may cost: bytes that were asked for, which are the same on every machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/allocations_for_tests.h"
#include "base/text.h"
#include "catalogers/inventory_for_tests.h"

namespace boltseal {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::uint64_t assembling(const test::Files& files) {
  std::vector<LayerOutcome> layers{test::layer_of(files)};
  return test::allocated_by([&] { EXPECT_TRUE(assemble({}, std::move(layers))); });
}

TEST(BoundedWork, FoldersInFoldersCostNoMoreThanTheirPath) {
  const std::string manifest = R"({"name":"a","version":"1.0.0"})";
  EXPECT_LT(assembling({{repeated("node_modules/", 300) + "a/package.json", manifest}}), 200'000);
  EXPECT_LT(assembling({{repeated("a/", 2000) + "package.json", manifest}}), 200'000);
}

TEST(BoundedWork, ALongPropertyIsNotCopiedForEachThatNamesIt) {
  std::string pom =
      "<project><properties><p>" + std::string(1'000'000, 'p') + "</p></properties><dependencies>";
  for (int i = 0; i < 1000; ++i)
    pom += fmt::format(
        "<dependency><groupId>g</groupId><artifactId>${{p}}</artifactId><type>{}</type>"
        "</dependency>",
        i);
  pom += "</dependencies></project>";
  EXPECT_LT(test::allocated_by([&] { test::layer_of({{"pom.xml", pom}}); }), 100'000'000);
}

// A lock file in which all of 2,000 packages need one package, whose version is long.
struct Named {
  std::string path, begin, each, end, each_again = {}, end_again = {};  // # for a number
};
void PrintTo(const Named& named, std::ostream* out) { *out << named.path; }

class NamedOften : public testing::TestWithParam<Named> {};

TEST_P(NamedOften, CostsWhatTheFileIsLong) {
  constexpr int count = 2000;
  const Named& named = GetParam();
  std::string content = named.begin;
  for (int i = 0; i < count; ++i) content += replace_all(named.each, "#", std::to_string(i));
  content += named.end;
  for (int i = 0; i < count; ++i) content += replace_all(named.each_again, "#", std::to_string(i));
  content = replace_all(content + named.end_again, "LONG", std::string(100'000, '1'));
  LayerOutcome outcome;
  EXPECT_LT(test::allocated_by([&] { outcome = test::layer_of({{named.path, content}}); }),
            40'000'000);
  ASSERT_EQ(outcome.fragments.size(), 1);
  const Fragment& fragment = outcome.fragments.front();
  EXPECT_EQ(fragment.packages.size(), count + 1);
  ASSERT_EQ(fragment.unknowns.size(), 1);
  EXPECT_EQ(fragment.unknowns.front().fault, Fault::too_large);
}

INSTANTIATE_TEST_SUITE_P(
    Readers, NamedOften,
    testing::Values(
        Named{"project.assets.json", R"({"targets":{"n":{"A/LONG":{})",
              R"(,"B#/1":{"dependencies":{"A":"1"}})",
              R"(}},"libraries":{"A/LONG":{"type":"package"})", R"(,"B#/1":{"type":"package"})",
              "}}"},
        Named{"packages.lock.json", R"({"dependencies":{"n":{"A":{"resolved":"LONG"})",
              R"(,"B#":{"resolved":"1","dependencies":{"A":"1"}})", "}}}"},
        Named{"Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"LONG\"\n",
              "[[package]]\nname = \"b#\"\nversion = \"1\"\ndependencies = [\"a\"]\n", ""},
        Named{"package-lock.json", R"({"packages":{"node_modules/a":{"version":"LONG"})",
              R"(,"node_modules/b#":{"version":"1","dependencies":{"a":"1"}})", "}}"},
        Named{"npm-shrinkwrap.json", R"({"dependencies":{"a":{"version":"LONG"})",
              R"(,"b#":{"version":"1","requires":{"a":"1"}})", "}}"},
        Named{"pnpm-lock.yaml",
              "lockfileVersion: '6.0'\npackages:\n  /x@1: {name: a, version: LONG}\n",
              "  /b#@1: {dependencies: {y: /x@1}}\n", ""},
        Named{"yarn.lock", "# yarn lockfile v1\na@1:\n  version \"LONG\"\n",
              "b#@1:\n  version \"1\"\n  dependencies:\n    a \"1\"\n", ""},
        Named{"bun.lock", R"({"packages":{"a":["a@LONG","",{}])",
              R"(,"b#":["b#@1","",{"dependencies":{"a":"1"}}])", "}}"},
        Named{"poetry.lock", "[[package]]\nname = \"a\"\nversion = \"LONG\"\n",
              "[[package]]\nname = \"b#\"\nversion = \"1\"\n[package.dependencies]\na = \"1\"\n",
              ""},
        Named{"composer.lock", R"({"packages":[{"name":"v/a","version":"LONG"})",
              R"(,{"name":"v/b#","version":"1","require":{"v/a":"1"}})", "]}"},
        Named{"Gemfile.lock", "GEM\n  specs:\n    a (LONG)\n", "    b# (1)\n      a\n", ""}));

}  // namespace
}  // namespace boltseal
