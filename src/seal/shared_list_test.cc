#include "seal/shared_list.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "seal/memory_store_test.h"

namespace boltseal {
namespace {

using test::MemoryStore;

const std::string tag = "sha256-" + std::string(64, 'a') + ".att";

Descriptor entry(const std::string& content, const std::string& signature = {}) {
  Descriptor out;
  out.media_type = "application/json";
  out.digest = sha256_digest(content);
  out.size = content.size();
  if (!signature.empty()) out.annotations["dev.cosignproject.cosign/signature"] = signature;
  return out;
}

std::set<std::string> under_tag(MemoryStore& store) {
  std::set<std::string> out;
  const auto list = store.list(tag, ListKind::layers, false);
  if (list)
    for (const Descriptor& one : *list) out.insert(entry_id(one));
  return out;
}

TEST(SharedList, TwoSignaturesOfOnePayloadAreTwoEntries) {
  EXPECT_NE(entry_id(entry("payload", "a")), entry_id(entry("payload", "b")));
  MemoryStore store;
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("p", "a")}, {}}));
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("p", "b")}, {}}));
  EXPECT_EQ(under_tag(store).size(), 2U);
}

// The lost update: somebody has read the list before us, and writes it back after our check.
TEST(SharedList, AWriterThatWasSlowPutsBackWhatItOverwrote) {
  MemoryStore store;
  bool nested = false;
  // While the first writer is about to write the list that it made, the second one does all of its
  // work, checks it, and is satisfied.
  store.before_write = [&](const std::string& name) {
    if (name != tag || nested) return;
    nested = true;
    ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("second")}, {}}));
    EXPECT_TRUE(under_tag(store).contains(entry_id(entry("second"))));
  };
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("first")}, {}}));
  EXPECT_TRUE(nested);
  EXPECT_EQ(under_tag(store), (std::set{entry_id(entry("first")), entry_id(entry("second"))}));
}

// Every place where one writer can come between two steps of another.
TEST(SharedList, NoInterleavingOfTwoLosesAnEntry) {
  for (int at = 1; at <= 12; ++at) {
    MemoryStore store;
    ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("old")}, {}}));
    int step = 0;
    bool nested = false;
    store.before_write = [&](const std::string&) {
      if (nested || ++step != at) return;
      nested = true;
      ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("b")}, {}}));
    };
    ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("a")}, {}}));
    store.before_write = {};
    if (!nested) break;
    EXPECT_EQ(under_tag(store),
              (std::set{entry_id(entry("old")), entry_id(entry("a")), entry_id(entry("b"))}))
        << at;
  }
}

TEST(SharedList, AReaderFindsWhatAnotherProgramWroteOver) {
  MemoryStore store;
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("ours")}, {}}));
  // A program that read nothing and knows nothing of this writes a list of its own.
  const auto foreign = list_manifest(store, ListKind::layers, {entry("theirs")});
  ASSERT_TRUE(store.put_manifest(tag, foreign->media_type, write_manifest(*foreign), {}));
  EXPECT_EQ(under_tag(store).size(), 1U);
  const auto thorough = store.list(tag, ListKind::layers, true);
  ASSERT_TRUE(thorough);
  EXPECT_EQ(thorough->size(), 2U);
  // The next writer puts it right for everybody.
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("next")}, {}}));
  EXPECT_EQ(under_tag(store).size(), 3U);
}

TEST(SharedList, WhatIsTakenAwayStaysAwayUntilItIsAddedAgain) {
  MemoryStore store;
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("a"), entry("b")}, {}}));
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("c")}, {entry("a")}}));
  EXPECT_EQ(under_tag(store), (std::set{entry_id(entry("b")), entry_id(entry("c"))}));
  EXPECT_EQ(store.list(tag, ListKind::layers, true)->size(), 2U);
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("a")}, {}}));
  const auto list = store.list(tag, ListKind::layers, true);
  ASSERT_EQ(list->size(), 3U);
  EXPECT_TRUE(std::ranges::any_of(
      *list, [](const Descriptor& one) { return one.digest == entry("a").digest; }));
}

TEST(SharedList, WorksWhereNoTagsAreListed) {
  MemoryStore store;
  store.lists_tags = false;
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry(fmt::format("{}", i))}, {}}));
  EXPECT_EQ(under_tag(store).size(), 2U);
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{}, {entry("1")}}));
  EXPECT_EQ(under_tag(store).size(), 1U);
}

TEST(SharedList, AnEntryUnderAnothersNameIsNotTaken) {
  MemoryStore store;
  ASSERT_TRUE(store.change_list(tag, ListKind::layers, {{entry("a")}, {}}));
  const auto other = list_manifest(store, ListKind::layers, {entry("evil")});
  ASSERT_TRUE(store.put_manifest(tag + "." + std::string(32, '0'), other->media_type,
                                 write_manifest(*other), {}));
  EXPECT_EQ(store.list(tag, ListKind::layers, true)->size(), 1U);
}

}  // namespace
}  // namespace boltseal
