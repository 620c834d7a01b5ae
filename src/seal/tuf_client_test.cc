// The attacks of the TUF specification (section 1.5.2), each against a repository with own keys.
#include "seal/tuf_client.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "crypto/digest.h"
#include "seal/memory_files_test.h"
#include "seal/tuf_write.h"
#include "source/temporary_test.h"

namespace boltseal {
namespace {

constexpr std::int64_t today_seconds = 1'800'000'000;

using Signers = std::vector<const Signer*>;

PrivateKey new_key() { return *PrivateKey::generate(KeyKind::ecdsa_p256); }

TufRing ring_for(TufKeys& keys, std::initializer_list<const PrivateKey*> members,
                 std::uint64_t threshold = 1) {
  TufRing out{{}, threshold};
  for (const PrivateKey* key : members) {
    TufKey made = tuf_key_of(key->public_key());
    out.key_ids.push_back(tuf_key_id(made));
    keys[out.key_ids.back()] = made;
  }
  return out;
}

class TufRepository : public testing::Test {
 protected:
  TufRepository() {
    root.keys.clear();
    for (const auto& [name, key] :
         std::initializer_list<std::pair<const char*, PrivateKey*>>{{"root", &root_key},
                                                                    {"targets", &targets_key},
                                                                    {"snapshot", &snapshot_key},
                                                                    {"timestamp", &timestamp_key}})
      root.roles[name] = ring_for(root.keys, {key});
    for (TufSigned* role :
         std::initializer_list<TufSigned*>{&root, &targets, &snapshot, &timestamp})
      role->expires = today_seconds + 1000;
    add_target("team/app.txt", "content");
    publish_root({&root_key});
    publish();
    EXPECT_TRUE(tuf_init(folder.path("state"), store.files["1.root.json"]));
  }

  void add_target(const std::string& name, const std::string& bytes) {
    targets.targets[name] = {bytes.size(), {{"sha256", sha256_hex(bytes)}}, {}};
    const auto slash = name.rfind('/') + 1;
    store.files[name.substr(0, slash) + sha256_hex(bytes) + "." + name.substr(slash)] = bytes;
  }
  template <class T>
  std::string put(const std::string& name, const T& role, const Signers& signers) {
    return store.files[name] = *sign_tuf(write_tuf_body(role), signers);
  }
  void publish_root(const Signers& signers) {
    put(std::to_string(root.version) + ".root.json", root, signers);
  }
  // All but the root, each describing the one before it.
  void publish() {
    const auto t = put(std::to_string(targets.version) + ".targets.json", targets, {&targets_key});
    snapshot.files["targets.json"] = describe_tuf_file(t, targets.version);
    publish_snapshot();
  }
  void publish_snapshot() {
    const auto s =
        put(std::to_string(snapshot.version) + ".snapshot.json", snapshot, {&snapshot_key});
    timestamp.snapshot = describe_tuf_file(s, snapshot.version);
    publish_timestamp();
  }
  void publish_timestamp() { put("timestamp.json", timestamp, {&timestamp_key}); }
  void next_version() {
    ++targets.version;
    ++snapshot.version;
    ++timestamp.version;
  }

  // "good", or the code and field of the refusal.
  std::string refreshed(std::int64_t now = today_seconds) {
    auto client = TufClient::open(folder.path("state"), fetch_from(store), now);
    const auto done = client ? client->refresh() : std::unexpected(client.error());
    return done ? "good" : done.error().code + " " + done.error().field;
  }
  std::string downloaded(const std::string& name) {
    auto client = TufClient::open(folder.path("state"), fetch_from(store), today_seconds);
    if (!client) return client.error().code;
    if (const auto done = client->refresh(); !done) return done.error().code;
    const auto bytes = client->download(name, fetch_from(store));
    return bytes ? *bytes : bytes.error().code;
  }

  TemporaryFolder folder;
  MemoryFiles store;
  PrivateKey root_key = new_key(), targets_key = new_key(), snapshot_key = new_key(),
             timestamp_key = new_key();
  TufRoot root;
  TufTargets targets;
  TufSnapshot snapshot;
  TufTimestamp timestamp;
};

TEST_F(TufRepository, GivesWhatIsSigned) {
  EXPECT_EQ(downloaded("team/app.txt"), "content");
  EXPECT_EQ(downloaded("team/other.txt"), "target-unknown");
  next_version();
  add_target("team/app.txt", "newer");
  publish();
  EXPECT_EQ(downloaded("team/app.txt"), "newer");
}

TEST_F(TufRepository, RefusesArbitrarySoftware) {
  const auto name = "team/" + sha256_hex("content") + ".app.txt";
  store.files[name] = "Content";
  EXPECT_EQ(downloaded("team/app.txt"), "hash-mismatch");
  store.files[name] = "conten";
  EXPECT_EQ(downloaded("team/app.txt"), "length-mismatch");
  next_version();
  publish();
  put("2.targets.json", targets, {&timestamp_key});
  snapshot.files["targets.json"] = describe_tuf_file(store.files["2.targets.json"], 2);
  publish_snapshot();
  EXPECT_EQ(refreshed(), "threshold-not-met targets.signatures");
}

TEST_F(TufRepository, RefusesEndlessData) {
  store.files["team/" + sha256_hex("content") + ".app.txt"] = "content and ever so on";
  EXPECT_EQ(downloaded("team/app.txt"), "length-mismatch");
  next_version();
  publish();
  store.files["2.snapshot.json"] += std::string(1 << 20, ' ');
  EXPECT_EQ(refreshed(), "length-mismatch snapshot.length");
}

TEST_F(TufRepository, RefusesRollback) {
  next_version();
  publish();
  ASSERT_EQ(refreshed(), "good");
  const auto kept = store.files;
  timestamp.version = 1;
  publish_timestamp();
  EXPECT_EQ(refreshed(), "metadata-rollback timestamp.version");
  timestamp.version = 3;
  snapshot.version = 1;
  publish_snapshot();
  EXPECT_EQ(refreshed(), "metadata-rollback timestamp.snapshot.version");
  snapshot.version = 3;
  snapshot.files["targets.json"].version = 1;
  publish_snapshot();
  EXPECT_EQ(refreshed(), "metadata-rollback snapshot.meta.targets.json");
  // What was refused has left no trace but the timestamp, which was good in itself.
  store.files = kept;
  timestamp.version = 4;
  snapshot.version = 3;
  targets.version = 2;
  publish();
  EXPECT_EQ(refreshed(), "good");
}

TEST_F(TufRepository, RefusesARoleThatVanishes) {
  snapshot.files["team.json"] = {.version = 1, .length = {}, .hashes = {}};
  publish_snapshot();
  ASSERT_EQ(refreshed(), "good");
  snapshot.files.erase("team.json");
  ++snapshot.version;
  ++timestamp.version;
  publish_snapshot();
  EXPECT_EQ(refreshed(), "metadata-rollback snapshot.meta");
}

TEST_F(TufRepository, RefusesToBeFrozen) {
  ASSERT_EQ(refreshed(), "good");
  EXPECT_EQ(refreshed(today_seconds + 999), "good");
  EXPECT_EQ(refreshed(today_seconds + 1000), "metadata-expired root.expires");
  root.version = 2;
  root.expires += 5000;
  publish_root({&root_key});
  EXPECT_EQ(refreshed(today_seconds + 1000), "metadata-expired timestamp.expires");
  ++timestamp.version;
  timestamp.expires += 5000;
  publish_timestamp();
  EXPECT_EQ(refreshed(today_seconds + 1000), "metadata-expired snapshot.expires");
}

// As TUF's reference implementation has them: a set of characters is one, and a character may be
// more than a byte.
TEST(TufDelegation, CoversByShellPatternsWithinAFolder) {
  const auto covers = [](const char* pattern, std::string_view target) {
    TufDelegation delegation;
    delegation.paths = {pattern};
    return delegation.covers(target);
  };
  EXPECT_TRUE(covers("[ab]/f?.txt", "a/f1.txt"));
  EXPECT_FALSE(covers("[ab]/f?.txt", "c/f1.txt"));
  EXPECT_TRUE(covers("[!ab]/*", "c/f1.txt"));
  EXPECT_FALSE(covers("[!ab]/*", "a/f1.txt"));
  EXPECT_TRUE(covers("f?", "f\xc3\xa4"));
  EXPECT_TRUE(covers("*", "a"));
  EXPECT_FALSE(covers("*", "a/b"));
  EXPECT_FALSE(covers("a*b", "a/b"));
  EXPECT_FALSE(covers("a[/]b", "a/b"));
}

TEST_F(TufRepository, RefusesToMixAndMatch) {
  next_version();
  publish();
  const auto before = store.files;
  next_version();
  add_target("new", "thing");
  publish();
  auto mixed = store.files["3.targets.json"];
  store.files["3.targets.json"] = before.at("2.targets.json");
  EXPECT_EQ(refreshed().substr(0, 14), "hash-mismatch ");
  snapshot.files["targets.json"].hashes.clear();
  snapshot.files["targets.json"].length.reset();
  snapshot.version = 4;
  timestamp.version = 4;
  publish_snapshot();
  EXPECT_EQ(refreshed(), "metadata-version-mismatch targets.version");
  store.files["3.targets.json"] = mixed;
  EXPECT_EQ(refreshed(), "good");
}

TEST_F(TufRepository, CountsKeysOnce) {
  const PrivateKey second = new_key();
  root.version = 2;
  root.roles["targets"] = ring_for(root.keys, {&targets_key, &second}, 2);
  publish_root({&root_key});
  EXPECT_EQ(refreshed(), "threshold-not-met targets.signatures");
  // The same key under another id.
  root.version = 3;
  root.keys["alias"] = tuf_key_of(targets_key.public_key());
  root.roles["targets"].key_ids = {tuf_key_id(tuf_key_of(targets_key.public_key())), "alias"};
  publish_root({&root_key});
  std::string json = store.files["1.targets.json"];
  const auto signature = parse_tuf_targets(json)->signatures.front();
  json.insert(json.find('[') + 1,
              R"({"keyid":"alias","sig":")" + hex(signature.signature) + "\"},");
  ASSERT_EQ(parse_tuf_targets(json)->signatures.size(), 2U);
  snapshot.files["targets.json"] = describe_tuf_file(json, 1);
  store.files["1.targets.json"] = json;
  ++snapshot.version;
  ++timestamp.version;
  publish_snapshot();
  EXPECT_EQ(refreshed(), "threshold-not-met targets.signatures");
}

TEST_F(TufRepository, ChangesKeysUnderOldAndNewOnes) {
  const PrivateKey next = new_key();
  root.version = 2;
  root.roles["root"] = ring_for(root.keys, {&next});
  publish_root({&next});
  EXPECT_EQ(refreshed(), "threshold-not-met root.signatures");
  publish_root({&root_key});
  EXPECT_EQ(refreshed(), "threshold-not-met root.signatures");
  publish_root({&root_key, &next});
  EXPECT_EQ(refreshed(), "good");
  root.version = 3;
  put("3.root.json", root, {&root_key});
  EXPECT_EQ(refreshed(), "threshold-not-met root.signatures");
  root.version = 7;
  put("3.root.json", root, {&next});
  EXPECT_EQ(refreshed(), "metadata-version-mismatch root.version");
}

TEST_F(TufRepository, RecoversFromVersionsThatWereDrivenUp) {
  timestamp.version = 1'000'000;
  publish_timestamp();
  ASSERT_EQ(refreshed(), "good");
  timestamp.version = 2;
  publish_timestamp();
  EXPECT_EQ(refreshed(), "metadata-rollback timestamp.version");
  timestamp_key = new_key();
  root.version = 2;
  root.roles["timestamp"] = ring_for(root.keys, {&timestamp_key});
  publish_root({&root_key});
  publish_timestamp();
  EXPECT_EQ(refreshed(), "good");
}

TEST_F(TufRepository, AsksTheRolesInTheirOrder) {
  const PrivateKey team_key = new_key();
  TufTargets team;
  team.expires = today_seconds + 1000;
  team.targets["team/new"] = {3, {{"sha256", sha256_hex("new")}}, {}};
  team.targets["elsewhere"] = {3, {{"sha256", sha256_hex("new")}}, {}};
  store.files["team/" + sha256_hex("new") + ".new"] = "new";
  // A name that would be a path: it never is one.
  const std::string name = "../../team";
  targets.delegations.push_back({name, ring_for(targets.keys, {&team_key}), true, {"team/*"}, {}});
  targets.delegations.push_back({"later", ring_for(targets.keys, {&team_key}), false, {"*/*"}, {}});
  const auto json = put("1...%2F..%2Fteam.json", team, {&team_key});
  snapshot.files[name + ".json"] = describe_tuf_file(json, 1);
  next_version();
  publish();
  EXPECT_EQ(downloaded("team/new"), "new");
  EXPECT_EQ(downloaded("elsewhere"), "target-unknown");
  EXPECT_EQ(downloaded("team/none"), "target-unknown");  // "later" is behind a terminating one
  EXPECT_EQ(downloaded("other/none"), "role-unknown");   // and not in the snapshot
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    EXPECT_TRUE(entry.path().string().starts_with(folder.path("state"))) << entry.path();
  store.files["1...%2F..%2Fteam.json"] = *sign_tuf(write_tuf_body(team), Signers{&targets_key});
  std::filesystem::remove(folder.path("state/role-" + sha256_hex(name) + ".json"));
  EXPECT_NE(downloaded("team/new"), "new");
}

TEST_F(TufRepository, GivesABinTheLastWord) {
  const PrivateKey key = new_key();
  const auto delegate = [&](const char* name, const TufTargets& role) {
    targets.delegations.push_back({name, ring_for(targets.keys, {&key}), false, {"*"}, {}});
    snapshot.files[std::string(name) + ".json"] =
        describe_tuf_file(put("1." + std::string(name) + ".json", role, {&key}), 1);
  };
  TufTargets first, bin, second;
  for (TufTargets* role : {&first, &bin, &second}) role->expires = today_seconds + 1000;
  first.bins = TufBins{"bin", ring_for(first.keys, {&key}), 1};
  bin.targets["binned"] = second.targets["elsewhere"] = {3, {{"sha256", sha256_hex("new")}}, {}};
  store.files[sha256_hex("new") + ".binned"] = store.files[sha256_hex("new") + ".elsewhere"] =
      "new";
  for (const char* name : {"bin-0", "bin-1"})
    snapshot.files[std::string(name) + ".json"] =
        describe_tuf_file(put("1." + std::string(name) + ".json", bin, {&key}), 1);
  delegate("first", first);
  delegate("second", second);
  next_version();
  publish();
  EXPECT_EQ(downloaded("binned"), "new");
  EXPECT_EQ(downloaded("elsewhere"), "target-unknown");  // "second" is behind a bin
}

TEST_F(TufRepository, KeepsItsStateOrSaysThatItIsDamaged) {
  ASSERT_EQ(refreshed(), "good");
  EXPECT_FALSE(tuf_init(folder.path("state"), store.files["timestamp.json"]));
  TufRoot other = root;
  other.expires += 1;
  const auto refused =
      tuf_init(folder.path("state"), *sign_tuf(write_tuf_body(other), Signers{&root_key}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "already-initialised");
  folder.write("state/timestamp.json", "{");
  EXPECT_EQ(refreshed(), "unreadable stored timestamp");
}

TEST(TufMetadata, RefusesWhatIsNone) {
  const std::string head = R"({"signatures":[],"signed":{"_type":"timestamp","spec_version":"1.0",)"
                           R"("version":1,"expires":"2030-01-01T00:00:00Z","meta":{)";
  EXPECT_TRUE(parse_tuf_timestamp(head + R"("snapshot.json":{"version":1}}}})"));
  for (const char* tail :
       {R"("snapshot.json":{"version":0}}}})", R"("snapshot.json":{"version":-1}}}})",
        R"("snapshot.json":{"version":1.5}}}})", R"("snapshot.json":{"version":"1"}}}})", R"(}}})",
        R"("snapshot.json":{"version":1,"hashes":{}}}}})",
        R"("snapshot.json":{"version":1,"version":2}}}})",
        R"("snapshot.json":{"version":1}},"version":2}})"})
    EXPECT_FALSE(parse_tuf_timestamp(head + tail)) << tail;
  EXPECT_FALSE(parse_tuf_timestamp("[]"));
  EXPECT_FALSE(parse_tuf_snapshot(head + R"("snapshot.json":{"version":1}}}})"));
  TufTargets targets;
  TufDelegation none{"x", {{"id"}, 0}, false, {"*"}, {}};
  targets.delegations.push_back(none);
  const auto zero = parse_tuf_targets(*sign_tuf(write_tuf_body(targets), {}));
  ASSERT_FALSE(zero);
  EXPECT_NE(zero.error().what.find("threshold"), std::string::npos);
  targets.delegations[0].ring = {{"id", "id"}, 1};
  EXPECT_FALSE(parse_tuf_targets(*sign_tuf(write_tuf_body(targets), {})));
}

TEST(TufNames, AreNeverPaths) {
  EXPECT_EQ(tuf_file_name("a/../b"), "a%2F..%2Fb");
  EXPECT_EQ(tuf_file_name(".."), "%2E.");
  EXPECT_EQ(tuf_file_name("").size(), 64U);
  EXPECT_EQ(tuf_file_name(std::string(300, 'x')).size(), 64U);
}

TEST(TufBinNames, TakeTheFirstBits) {
  const TufBins bins{"bin", {{"id"}, 1}, 8};
  EXPECT_EQ(bins.bin_of("x"), "bin-" + sha256_hex("x").substr(0, 2));
}

}  // namespace
}  // namespace boltseal
