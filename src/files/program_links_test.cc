// What is wanted for its first bytes: under each of its names, and not in silence when it is large.
#include "files/layer_harness_test.h"

namespace boltseal {
namespace {

using namespace layer_harness;

TEST(LayerReader, AProgramOverTheCapIsAnUnknownToo) {
  for (const std::size_t step : {std::size_t{3}, std::size_t{100'000}}) {
    Harness h;
    h.add("bin/tool",
          "\x7f"
          "ELF" +
              std::string(1000, 'x'),
          step);
    h.add("bin/text", std::string(2000, 'x'), step);
    EXPECT_TRUE(h.packages().empty());
    ASSERT_EQ(h.outcome.fragments.size(), 1U) << step;
    EXPECT_EQ(h.outcome.fragments[0].unknowns[0].path, "bin/tool");
  }
}

TEST(LayerReader, AProgramStandsUnderEachOfItsNames) {
  Harness h;
  h.add("bin/tool",
        "\x7f"
        "ELF-tool");
  h.link("bin/alias", "bin/tool");
  h.link("bin/third", "./bin/alias");
  h.add("bin/tool", "no program any more");
  h.link("bin/fourth", "bin/tool");
  h.add("bin/text", "plain text file");
  h.link("bin/fifth", "bin/text");
  EXPECT_FALSE(h.reader.wants_second_walk());
  h.packages();
  std::vector<std::string> places;
  for (const auto& fragment : h.outcome.fragments)
    places.push_back(fragment.path + " " + fragment.packages.at(0).evidence.at(0).path);
  EXPECT_EQ(places, (List{"bin/tool bin/tool", "bin/alias bin/alias", "bin/third bin/third"}));
}

TEST(LayerReader, ALargeFileThatBreaksOffHoldsNothingUp) {
  Harness h;
  for (const char* name : {"etc/one.conf", "etc/two.conf"}) {
    const Reader large{"large", 1, text_globs, {}, std::uint64_t{1} << 30, echo};
    const Reader* const only[] = {&large};
    const Wanted wanted{only};
    LayerReader reader(wanted, h.limits);
    TarEntry e;
    e.path = name;
    e.size = e.stored = 33 << 20;
    e.xattrs = &h.xattrs;
    ASSERT_TRUE(reader.entry(e).value());
    ASSERT_TRUE(reader.content("begun").value());
    e.path = "etc/next.conf";
    ASSERT_TRUE(reader.entry(e).value());  // no end() came
    ASSERT_TRUE(reader.content("begun").value());
    EXPECT_TRUE(reader.end());
  }
}

TEST(LayerReader, AnotherNameOfASymlinkIsTheSymlink) {
  Harness h;
  TarEntry e;
  e.kind = TarEntry::Kind::symlink;
  e.path = "l";
  e.xattrs = &h.xattrs;
  EXPECT_FALSE(h.reader.entry(e).value());
  h.link("l2", "l");
  h.add("l2/status", "x");
  h.packages();
  ASSERT_EQ(h.outcome.fragments.size(), 1U);
  EXPECT_EQ(h.outcome.fragments[0].unknowns.at(0).path, "l2");
}

TEST(LayerReader, WhatPackagesSayOfThemselvesHasALimit) {
  Harness h;
  h.limits.most_text_bytes = 150;  // name and version here
  const std::string content(80, 'x');
  h.add("etc/a.conf", content);
  const auto done = h.offer("etc/b.conf", content);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::too_large);
}

TEST(Sink, ProseIsCutAtACharacter) {
  Fragment fragment;
  Sink sink(fragment, "test");
  Package package;
  package.name = "a";
  for (int i = 0; i < 40'000; ++i) package.description += "é";
  package.description.insert(0, "x");
  sink.package(std::move(package), "test");
  const std::string& kept = fragment.packages.at(0).description;
  EXPECT_EQ(kept.size(), (64U << 10) - 1);
  EXPECT_TRUE(kept.ends_with("é"));
}

TEST(LayerReader, AnOpaqueRootIsTold) {
  Harness h;
  h.add(".wh..wh..opq", "");
  h.packages();
  ASSERT_EQ(h.outcome.fragments.size(), 1U);
  EXPECT_EQ(h.outcome.fragments[0].unknowns.at(0).path, ".wh..wh..opq");
}

}  // namespace
}  // namespace boltseal
