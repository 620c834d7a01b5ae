#include "seal/channel.h"

#include <gtest/gtest.h>

#include "seal/memory_files_test.h"
#include "seal/tuf_write.h"
#include "source/temporary_test.h"

namespace boltseal {
namespace {

constexpr std::int64_t noon = 1'800'000'000;
constexpr std::int64_t one_day = 86400;

class ChannelOfThree : public testing::Test {
 protected:
  PrivateKey root = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey targets = *PrivateKey::generate(KeyKind::ecdsa_p384);
  PrivateKey stamp = *PrivateKey::generate(KeyKind::ed25519);
  PrivateKey other = *PrivateKey::generate(KeyKind::ed25519);
  MemoryFiles store;
  TemporaryFolder folder;
  std::string trusted;

  void SetUp() override {
    ASSERT_TRUE(Channel::create(store, {&root}, {&targets}, {&stamp}, noon, {}));
    trusted = store.files.at("1.root.json");
  }
  Channel open(std::int64_t now = noon) { return *Channel::open(store, now, {}); }
  static std::map<std::string, TufTarget> record(const std::string& name, char digit) {
    return {{name, {0, {{"sha256", std::string(64, digit)}}, {}}}};
  }
  std::string set(const std::string& name, char digit, const PrivateKey& key,
                  const std::string& role = "targets") {
    auto channel = open();
    const auto done = channel.set(role, record(name, digit), {&key});
    if (!done) return done.error().code;
    const auto published = channel.publish({&stamp});
    return published ? "good" : published.error().code;
  }
  std::string resolved(const std::string& reference, std::int64_t now = noon) {
    const auto found =
        resolve_channel(store, trusted, folder.path("state"), *parse_channel_tag(reference), now);
    return found ? found->digest.substr(7, 3) : found.error().code;
  }
};

TEST_F(ChannelOfThree, SaysWhatWasSet) {
  EXPECT_EQ(set("reg.example/app:1.0", 'a', targets), "good");
  EXPECT_EQ(resolved("reg.example/app:1.0"), "aaa");
  EXPECT_EQ(resolved("reg.example/app:2.0"), "channel-tag-unknown");
  EXPECT_EQ(set("reg.example/app:1.0", 'b', targets), "good");
  EXPECT_EQ(resolved("reg.example/app:1.0"), "bbb");
  EXPECT_EQ(set("reg.example/app:1.0", 'c', stamp), "threshold-not-met");
  EXPECT_EQ(resolved("reg.example/app:1.0"), "bbb");
}

TEST_F(ChannelOfThree, IsNotCurrentUntilTheTimestampSaysSo) {
  auto channel = open();
  ASSERT_TRUE(channel.set("targets", record("reg.example/app:1", 'a'), {&targets}));
  EXPECT_EQ(resolved("reg.example/app:1"), "channel-tag-unknown");
  const auto refused = channel.publish({&targets});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "threshold-not-met");
  ASSERT_TRUE(open().publish({&stamp}));
  EXPECT_EQ(resolved("reg.example/app:1"), "aaa");
}

TEST_F(ChannelOfThree, NeverGoesBack) {
  set("reg.example/app:1", 'a', targets);
  const auto before = store.files;
  set("reg.example/app:1", 'b', targets);
  EXPECT_EQ(resolved("reg.example/app:1"), "bbb");
  store.files = before;
  EXPECT_EQ(resolved("reg.example/app:1"), "channel-rollback");
}

TEST_F(ChannelOfThree, RunsOut) {
  set("reg.example/app:1", 'a', targets);
  EXPECT_EQ(resolved("reg.example/app:1", noon + 7 * one_day - 1), "aaa");
  EXPECT_EQ(resolved("reg.example/app:1", noon + 7 * one_day), "channel-freeze");
  for (const int days : {6, 29, 60, 364})
    ASSERT_TRUE(open(noon + days * one_day).publish({&stamp}));
  EXPECT_EQ(resolved("reg.example/app:1", noon + 364 * one_day), "aaa");
  EXPECT_EQ(resolved("reg.example/app:1", noon + 366 * one_day), "channel-expired");
}

TEST_F(ChannelOfThree, LetsOthersSpeakForTheirNames) {
  auto channel = open();
  const std::vector<PublicKey> keys{other.public_key()};
  ASSERT_TRUE(channel.delegate("team", keys, 1, {"reg.example/team/*"}, true, {&targets}));
  EXPECT_EQ(set("reg.example/team/x:1", 'a', other, "team"), "good");
  EXPECT_EQ(set("reg.example/app:1", 'b', other, "team"), "role-not-allowed");
  EXPECT_EQ(set("reg.example/team/x:1", 'b', targets, "team"), "threshold-not-met");
  EXPECT_EQ(resolved("reg.example/team/x:1"), "aaa");
  auto again = open();
  EXPECT_FALSE(again.delegate("team", keys, 2, {"*"}, false, {&targets}));
  ASSERT_TRUE(again.undelegate("team", {&targets}));
  ASSERT_TRUE(again.publish({&stamp}));
  EXPECT_EQ(resolved("reg.example/team/x:1"), "channel-tag-unknown");
}

TEST_F(ChannelOfThree, WaitsForEnoughSignatures) {
  auto channel = open();
  const std::vector<PublicKey> keys{other.public_key()};
  const auto grown = channel.change_keys("targets", keys, {}, 2, {&root});
  ASSERT_TRUE(grown) << grown.error().message();
  EXPECT_EQ(grown->version, 2U);
  const auto waiting = channel.set("targets", record("reg.example/app:1", 'a'), {&targets});
  ASSERT_TRUE(waiting) << waiting.error().message();
  EXPECT_EQ(waiting->missing, 1U);
  EXPECT_FALSE(channel.publish({&stamp}));  // the old records have one signature only
  const auto same = open().sign("targets", {&targets});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->missing, 1U);
  auto second = open();
  const auto done = second.sign("targets", {&other});
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->missing, 0U);
  ASSERT_TRUE(second.publish({&stamp}));
  EXPECT_EQ(resolved("reg.example/app:1"), "aaa");
  EXPECT_FALSE(open().sign("targets", {&other}));  // nothing waits any more
}

TEST_F(ChannelOfThree, DoesNotSignOverWhatOthersPutThere) {
  set("reg.example/app:1", 'a', targets);
  TufTargets planted = *open().role("targets");
  planted.version += 1;
  planted.targets["reg.example/evil:1"] = record("x", 'e')["x"];
  store.files["3.targets.json"] =
      *sign_tuf(write_tuf_body(planted), std::vector<const Signer*>{&other});
  const auto opened = Channel::open(store, noon, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "threshold-not-met");
}

TEST_F(ChannelOfThree, ChangesItsKeys) {
  set("reg.example/app:1", 'a', targets);
  auto channel = open();
  const std::vector<PublicKey> keys{other.public_key()};
  const std::vector<std::string> old{tuf_key_id(tuf_key_of(targets.public_key()))};
  EXPECT_FALSE(channel.change_keys("targets", {}, old, 0, {&root}));  // none would be left
  ASSERT_TRUE(channel.change_keys("targets", keys, old, 0, {&root}));
  EXPECT_EQ(set("reg.example/app:1", 'b', targets), "threshold-not-met");
  EXPECT_EQ(set("reg.example/app:1", 'c', other), "good");
  EXPECT_EQ(resolved("reg.example/app:1"), "ccc");
}

TEST(ChannelTags, HaveDockersNames) {
  EXPECT_EQ(parse_channel_tag("debian:12")->target(), "docker.io/library/debian:12");
  EXPECT_FALSE(parse_channel_tag("reg.example/app@sha256:" + std::string(64, 'a')));
}

}  // namespace
}  // namespace boltseal
