#include <gtest/gtest.h>

#include "files/layer_harness_test.h"

namespace boltseal {
namespace {

using namespace layer_harness;

TEST(LayerReader, GivesWantedFilesToTheirReaders) {
  Harness h;
  h.add("etc/a.conf", "1");
  h.add("./etc/b.conf", "2");
  h.add("etc/sub/c.conf", "no");
  h.add("x/y/package.json", "3");
  h.add("package.json", "4");
  h.add("exact/file", "");
  h.add("other", "no");
  EXPECT_EQ(h.packages(), (List{"etc/a.conf=1", "etc/b.conf=2", "exact/file=", "package.json=4",
                                "x/y/package.json=3"}));
}

TEST(LayerReader, FindsFilesByTheirFirstBytesHoweverTheChunksFall) {
  const std::string elf =
      "\x7f"
      "ELF-and-more";
  for (const std::size_t step : {1u, 3u, 8u, 100u}) {
    Harness h;
    h.add("bin/tool", elf, step);
    h.add("bin/short",
          "\x7f"
          "ELF",
          step);
    h.add("bin/text", "plain text file", step);
    EXPECT_EQ(h.packages(), (List{"bin/tool=" + elf})) << step;
  }
}

TEST(LayerReader, WhatIsOverTheCapIsAnUnknown) {
  Harness h;
  h.add("etc/big.conf", std::string(101, 'x'));
  EXPECT_TRUE(h.packages().empty());
  ASSERT_EQ(h.outcome.fragments.size(), 1u);
  EXPECT_EQ(h.outcome.fragments[0].unknowns[0].fault, Fault::too_large);
  EXPECT_EQ(h.outcome.fragments[0].unknowns[0].path, "etc/big.conf");
}

TEST(LayerReader, AReadersErrorIsAnUnknownWithItsOffset) {
  Harness h;
  h.add("etc/a.conf", "bad");
  h.add("etc/b.conf", "good");
  EXPECT_EQ(h.packages(), List{"etc/b.conf=good"});
  const Unknown& unknown = h.outcome.fragments[0].unknowns[0];
  EXPECT_EQ(unknown.reader, "text");
  EXPECT_EQ(unknown.offset, 1u);
}

TEST(LayerReader, AFileThatNeedsTooMuchMemoryIsAnUnknownAndTheRestIsRead) {
  Harness h;
  h.add("a/greedy", "little");
  h.add("b/greedy", "much");
  h.add("c/greedy", "little");
  EXPECT_EQ(h.packages(), (List{"a/greedy=little", "c/greedy=little"}));
  ASSERT_EQ(h.outcome.fragments.size(), 3U);
  const auto& unknowns = h.outcome.fragments[1].unknowns;
  ASSERT_EQ(unknowns.size(), 1U);
  EXPECT_EQ(unknowns[0].path, "b/greedy");
  EXPECT_EQ(unknowns[0].reader, "greedy");
  EXPECT_EQ(unknowns[0].fault, Fault::too_large);
  EXPECT_EQ(unknowns[0].what, out_of_memory);
  EXPECT_FALSE(h.outcome.complete);
}

TEST(LayerReader, AHardLinkIsReadOnASecondWalk) {
  Harness h;
  h.add("store/abc", "content");
  h.link("etc/a.conf", "./store/abc");
  h.link("etc/b.conf", "store/abc");
  h.link("unwanted", "store/abc");
  ASSERT_TRUE(h.reader.wants_second_walk());
  h.reader.begin_second_walk();
  h.add("store/abc", "content");
  h.link("etc/a.conf", "store/abc");
  EXPECT_EQ(h.packages(), (List{"etc/a.conf=content", "etc/b.conf=content"}));
}

TEST(LayerReader, AHardLinkOutOfReachIsAnUnknown) {  // security record, row 3
  Harness h;
  h.link("etc/a.conf", "../../etc/passwd");
  EXPECT_FALSE(h.reader.wants_second_walk());
  h.link("etc/b.conf", "gone");
  h.reader.give_up_second_walk();
  EXPECT_TRUE(h.packages().empty());
  EXPECT_FALSE(h.outcome.complete);
  ASSERT_EQ(h.outcome.fragments.size(), 2u);
  EXPECT_EQ(h.outcome.fragments[0].unknowns[0].path, "etc/a.conf");
  EXPECT_EQ(h.outcome.fragments[1].unknowns[0].path, "etc/b.conf");
}

TEST(LayerReader, AHardLinkHasTheContentThatWasThereWhenItWasMade) {
  const auto tell = [](Harness& h) {
    h.add("store", "old");
    h.link("etc/a.conf", "store");
    h.add("store", "new");
    h.link("etc/b.conf", "store");
    h.link("etc/c.conf", "later");
    h.add("later", "x");
    h.link("etc/d.conf", "etc/a.conf");
  };
  Harness h;
  tell(h);
  h.reader.begin_second_walk();
  tell(h);
  EXPECT_EQ(h.packages(), (List{"etc/a.conf=old", "etc/b.conf=new"}));
  std::vector<std::string> unread;
  for (const auto& fragment : h.outcome.fragments) {
    for (const auto& unknown : fragment.unknowns) unread.push_back(unknown.path);
  }
  std::ranges::sort(unread);
  EXPECT_EQ(unread, (List{"etc/c.conf", "etc/d.conf"}));
}

// Of two entries of one path the later one is what the image has, so it must come last.
TEST(LayerReader, WhatALinkHoldsStandsWhereTheLinkStands) {
  const auto tell = [](Harness& h) {
    h.add("store", "harmless");
    h.link("etc/a.conf", "store");
    h.add("etc/a.conf", "real");
  };
  Harness h;
  tell(h);
  h.reader.begin_second_walk();
  tell(h);
  (void)h.packages();
  ASSERT_EQ(h.outcome.fragments.size(), 2u);
  EXPECT_EQ(h.outcome.fragments[0].packages.at(0).version, "harmless");
  EXPECT_EQ(h.outcome.fragments[1].packages.at(0).version, "real");
}

TEST(LayerReader, AnAmendedFileIsReadWithWhatAmendsIt) {
  for (const bool log_first : {false, true}) {
    const auto tell = [&](Harness& h) {
      if (log_first) h.add("a/base-log", "2");
      h.add("a/base", "1");
      if (!log_first) h.add("a/base-log", "2");
      h.add("b/base-log", "3");
    };
    Harness h;
    tell(h);
    ASSERT_TRUE(h.reader.wants_second_walk());
    h.reader.begin_second_walk();
    tell(h);
    EXPECT_EQ(h.packages(), (List{"a/base=1", "a/base=12", "b/base-log=3"}));
    const auto both = std::ranges::find(h.outcome.fragments, "a/base", &Fragment::amends);
    ASSERT_NE(both, h.outcome.fragments.end());
    EXPECT_EQ(both->path, "a/base-log");
    EXPECT_EQ(both->packages.at(0).version, "12");
  }
}

TEST(LayerReader, OfAnAmendedFileThatSaysNothingAFragmentIsLeft) {
  Harness h;
  const auto tell = [](Harness& to) {
    to.add("base", "nothing");
    to.add("base-log", "2");
  };
  tell(h);
  h.reader.begin_second_walk();
  tell(h);
  EXPECT_EQ(h.packages(), List{"base=nothing2"});
  EXPECT_NE(std::ranges::find(h.outcome.fragments, "base", &Fragment::path),
            h.outcome.fragments.end());
}

TEST(LayerReader, WhatSaysNothingAmendsNothing) {
  Harness h;
  h.add("base-log", "nothing");
  h.add("base", "1");
  EXPECT_FALSE(h.reader.wants_second_walk());
  h.add("base-log", "2");
  h.add("base-log", "nothing");  // of two entries of one path the later one counts
  EXPECT_FALSE(h.reader.wants_second_walk());
}

TEST(LayerReader, WhatTwoFilesSayTogetherIsReadAgainUpToALimit) {
  Harness h;
  const auto tell = [](Harness& to) {
    to.add("base-log", "2");
    TarEntry e;
    e.path = "base";
    e.size = e.stored = 1 << 30;
    e.xattrs = &to.xattrs;
    return to.reader.entry(e).value();
  };
  EXPECT_TRUE(tell(h));
  h.reader.begin_second_walk();
  EXPECT_TRUE(tell(h));
  EXPECT_TRUE(tell(h));
  EXPECT_TRUE(tell(h));
  EXPECT_FALSE(tell(h));  // 4 GiB
}

// A pom.xml of which no version is known may still be another one's parent.
TEST(LayerReader, AModelAloneIsKept) {
  static constexpr std::string_view globs[] = {"pom.xml"};
  static const Reader model_reader{"model", 1, globs, {}, 100, [](const FileView&, Sink& sink) {
                                     sink.maven_model({});
                                     return Result<>{};
                                   }};
  static const Reader* const only[] = {&model_reader};
  const Wanted wanted{only};
  ReadingLimits limits;
  LayerReader reader{wanted, limits};
  std::vector<std::pair<std::string, std::string>> xattrs;
  TarEntry e;
  e.path = "pom.xml";
  e.size = e.stored = 1;
  e.xattrs = &xattrs;
  ASSERT_TRUE(reader.entry(e).value());
  ASSERT_TRUE(reader.content("x").value());
  ASSERT_TRUE(reader.end());
  EXPECT_EQ(reader.take().fragments.size(), 1U);
}

TEST(LayerReader, AFloodOfUnknownsIsCountedNotKept) {
  Harness h;
  for (int i = 0; i < 20'000; ++i) h.add(i % 2 ? "../out" : "etc/a.conf", "bad");
  (void)h.packages();
  std::size_t unknowns = 0;
  for (const auto& fragment : h.outcome.fragments) unknowns += fragment.unknowns.size();
  EXPECT_EQ(unknowns, 5'001u);
  EXPECT_EQ(h.outcome.fragments.back().unknowns.at(0).what,
            "15000 more that could not be read are not listed");
}

TEST(LayerReader, AWhiteoutOfNothingIsAnUnknown) {
  Harness h;
  h.add("a/.wh.", "");
  h.add("a/.wh...", "");
  h.add(".wh..", "");
  (void)h.packages();
  EXPECT_EQ(h.outcome.fragments.size(), 3u);
  EXPECT_TRUE(h.outcome.entries.empty());
}

TEST(LayerReader, StepsBackInsideTheImageAreWalked) {
  Harness h;
  h.add("usr/../etc/./a.conf", "1");
  h.add("etc/x/../../etc/b.conf", "2");
  EXPECT_EQ(h.packages(), (List{"etc/a.conf=1", "etc/b.conf=2"}));
}

TEST(LayerReader, APathThatLeavesTheImageIsAnUnknownAndNotRead) {  // rows 1 and 5
  Harness h;
  h.add("../etc/a.conf", "x");
  h.add("etc/../../etc/a.conf", "x");
  EXPECT_TRUE(h.packages().empty());
  EXPECT_EQ(h.outcome.fragments.size(), 2u);
}

TEST(LayerReader, WhiteoutsBecomeEntries) {
  Harness h;
  h.add("a/.wh.gone", "");
  h.add("b/.wh..wh..opq", "");
  h.add(".wh.top", "");
  h.add("c/.wh..wh.plnk", "");
  (void)h.packages();
  EntryWalk walk(h.outcome.entries);
  std::vector<std::pair<EntryKind, std::string>> seen;
  while (walk.next()) seen.emplace_back(walk.kind(), walk.path());
  EXPECT_EQ(seen, (std::vector<std::pair<EntryKind, std::string>>{{EntryKind::whiteout, "a/gone"},
                                                                  {EntryKind::opaque, "b"},
                                                                  {EntryKind::whiteout, "top"}}));
}

TEST(LayerReader, UsageCountsByTopFolders) {
  Harness h;
  h.add("usr/lib/a", "12345");
  h.add("usr/lib/x/b", "123");
  h.add("etc/c", "1");
  (void)h.packages();
  EXPECT_EQ(h.outcome.usage.bytes, 9u);
  EXPECT_EQ(h.outcome.usage.files, 3u);
  EXPECT_EQ(h.outcome.usage.folders,
            (std::vector<std::pair<std::string, std::uint64_t>>{{"usr/lib", 8}, {"etc", 1}}));
}

TEST(LayerOutcome, GoesOverTheWireAndRefusesTruncation) {
  Harness h;
  h.add("etc/a.conf", "1");
  (void)h.packages();
  const std::string bytes = to_wire(h.outcome);
  EXPECT_EQ(to_wire(from_wire<LayerOutcome>(bytes).value()), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(from_wire<LayerOutcome>(bytes.substr(0, size)));
}

// A child that was taken over may name a type that there is not.
TEST(LayerOutcome, RefusesNumbersThatNameNothing) {
  LayerOutcome outcome;
  Package package;
  package.type = static_cast<PackageType>(46);
  outcome.fragments.resize(1);
  outcome.fragments[0].packages.push_back(package);
  EXPECT_FALSE(from_wire<LayerOutcome>(to_wire(outcome)));
  outcome.fragments[0].packages[0].type = PackageType::generic;
  EXPECT_TRUE(from_wire<LayerOutcome>(to_wire(outcome)));
  Unknown unknown;
  unknown.fault = static_cast<Fault>(5);
  outcome.fragments[0].unknowns.push_back(unknown);
  EXPECT_FALSE(from_wire<LayerOutcome>(to_wire(outcome)));
}

TEST(LayerReader, WritingThroughASymlinkOfTheLayerIsTold) {
  const auto told = [](const std::vector<std::string>& paths) {
    Harness h;
    for (const std::string& path : paths) {
      TarEntry e;
      e.path = path;
      e.xattrs = &h.xattrs;
      e.kind = path.ends_with('@') ? TarEntry::Kind::symlink : TarEntry::Kind::directory;
      e.path.remove_suffix(path.ends_with('@') ? 1 : 0);
      EXPECT_FALSE(h.reader.entry(e).value());
    }
    std::vector<std::string> out;
    for (const auto& fragment : h.reader.take().fragments)
      for (const auto& unknown : fragment.unknowns) out.push_back(unknown.path);
    return out;
  };
  EXPECT_EQ(told({"opt/x", "l@", "l/f", "l/g", "k@"}), List{"l"});
  EXPECT_EQ(told({"a/b/c@", "a/b/d/e", "a/b/c/d/e"}), List{"a/b/c"});
  EXPECT_EQ(told({"l/f", "l@"}), List{}) << "the link comes later, and replaces the folder";
  EXPECT_EQ(told({"l@", "l", "l/f"}), List{}) << "replaced by a folder";
  EXPECT_EQ(told({"l@", "lf", "k/l/f"}), List{});
  EXPECT_EQ(told({"a/l@", "a/x", "a/l/f", "a/m@", "a/m/f"}), (List{"a/l", "a/m"}));
}

TEST(LayerReader, AnImageMayHoldSoManyPackagesAndNames) {
  Harness first;
  first.limits.most_packages = 2;
  LayerReader second{first.wanted, first.limits};
  first.add("etc/a.conf", "1");
  first.add("etc/b.conf", "1");
  TarEntry e;
  e.path = "etc/c.conf";
  e.size = e.stored = 1;
  e.xattrs = &first.xattrs;
  ASSERT_TRUE(second.entry(e).value());
  ASSERT_TRUE(second.content("1").value());
  const auto done = second.end();
  ASSERT_FALSE(done) << "the third of the image, though the first of its layer";
  EXPECT_EQ(done.error().fault, Fault::too_large);

  Harness named;
  named.limits.most_name_bytes = 100'000;
  Result<bool> told = true;
  for (int i = 0; i < 100 && told; ++i) {
    const std::string path = std::to_string(i) + std::string(2000, 'n');
    e.path = path;
    told = named.reader.entry(e);
  }
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().fault, Fault::too_large);
}

}  // namespace
}  // namespace boltseal
