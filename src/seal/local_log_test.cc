#include "seal/local_log.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/merkle.h"
#include "seal/memory_files_test.h"
#include "seal/trusted_root.h"
#include "source/temporary_test.h"

namespace boltseal {
namespace {

class LogOfOne : public testing::Test {
 protected:
  PrivateKey key = *PrivateKey::generate(KeyKind::ed25519);
  LogIdentity log{"log.example", key.public_key()};
  MemoryFiles store;
  TemporaryFolder folder;
  std::vector<std::string> leaves;

  void SetUp() override { ASSERT_TRUE(create_log(store, log.origin, key)); }
  LogEntry append(const std::string& body) {
    auto entry = log_append(store, log.origin, key, body);
    EXPECT_TRUE(entry) << entry.error().message();
    leaves.push_back(merkle_leaf(body));
    return *entry;
  }
  void grow(std::uint64_t size) {
    while (leaves.size() < size) append(R"({"n":)" + std::to_string(leaves.size()) + "}");
  }
  std::string verified(const LogPolicy& policy = {}) {
    const auto done = verify_log(store, log, policy, folder.path("state"));
    return done ? "good" : done.error().code;
  }
};

TEST_F(LogOfOne, ProvesWhatItHolds) {
  for (const std::uint64_t size : {1, 2, 3, 7, 8, 255, 256, 257, 513, 600}) {
    grow(size);
    LogTree tree(store, size);
    EXPECT_EQ(*tree.root(), merkle_root(leaves)) << size;
    for (const std::uint64_t index : {std::uint64_t{0}, size / 3, size / 2, size - 1}) {
      EXPECT_EQ(*tree.inclusion(index), inclusion_proof(leaves, index)) << size << " " << index;
      EXPECT_EQ(merkle_leaf(*tree.entry(index)), leaves[index]);
    }
    for (const std::uint64_t old : {std::uint64_t{1}, size / 2, size - 1, size}) {
      if (old == 0) continue;
      EXPECT_EQ(*tree.consistency(old), consistency_proof(leaves, old)) << size;
    }
  }
  // Readers of an older checkpoint go on: the parts of a full tile may be gone.
  EXPECT_FALSE(store.files.contains("tile/0/000.p/7"));
  LogTree older(store, 7);
  EXPECT_EQ(*older.root(), merkle_root(std::span(leaves).first(7)));
  EXPECT_EQ(merkle_leaf(*older.entry(3)), leaves[3]);
  EXPECT_TRUE(verify_whole_log(store, log, {}, folder.path("state")));
}

TEST_F(LogOfOne, GivesEntriesThatBundlesCarry) {
  grow(5);
  const auto body =
      hashedrekord_body(HashKind::sha256, std::string(32, 'd'), "signature", key.public_key(), {});
  const LogEntry entry = append(*body);
  EXPECT_TRUE(entry.tiled());
  EXPECT_EQ(entry.log_index, 5U);
  const auto read = read_logged_signature(entry, "entry");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->signature, "signature");
  EXPECT_EQ(read->digest, std::string(32, 'd'));
  EXPECT_EQ(read->key, key.public_key().spki());
  const auto root = parse_trusted_root(trusted_root_of(log, 0));
  ASSERT_TRUE(root) << root.error().message();
  ASSERT_NE(root->log(entry.log_id), nullptr);
  EXPECT_EQ(root->log(entry.log_id)->host, log.origin);
  const auto current = verify_log(store, log, {}, folder.path("state"));
  ASSERT_TRUE(current);
  EXPECT_TRUE(verify_log_evidence(store, log, *current, entry));
  LogEntry other = entry;
  other.body += " ";
  EXPECT_EQ(verify_log_evidence(store, log, *current, other).error().code,
            "inclusion-proof-invalid");
}

TEST_F(LogOfOne, RemembersWhatItHasSeen) {
  EXPECT_EQ(verified(), "good");
  grow(3);
  const auto before = store.files;
  grow(6);
  EXPECT_EQ(verified(), "good");
  EXPECT_EQ(verified(), "good");
  const auto now = store.files;
  store.files = before;
  EXPECT_EQ(verified(), "log-rollback");
  // The same key signs another history.
  leaves.resize(3);
  append("{}");
  grow(9);
  EXPECT_EQ(verified(), "log-fork");
  leaves.resize(3);
  store.files = before;
  append("{}");
  grow(6);
  EXPECT_EQ(verified(), "log-fork");
  store.files = now;
  EXPECT_EQ(verified(), "good");
}

TEST_F(LogOfOne, RefusesWhatIsNotSigned) {
  grow(2);
  const PrivateKey other = *PrivateKey::generate(KeyKind::ed25519);
  log.key = other.public_key();
  EXPECT_EQ(verified(), "checkpoint-signature-missing");
  log.key = key.public_key();
  log.origin = "other.example";
  EXPECT_EQ(verified(), "checkpoint-origin-mismatch");
  const auto appended = log_append(store, "log.example", other, "{}");
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, "checkpoint-signature-missing");
}

TEST_F(LogOfOne, SeesDamage) {
  grow(5);
  store.files["tile/0/000.p/5"][40] ^= 1;
  const auto appended = log_append(store, log.origin, key, "{}");
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, "log-damaged");
  EXPECT_EQ(log_prove(store, log, 2).error().code, "log-damaged");
  store.files["tile/0/000.p/5"][40] ^= 1;
  auto& entries = store.files["tile/entries/000.p/5"];
  entries[entries.size() - 2] ^= 1;
  const auto whole = verify_whole_log(store, log, {}, folder.path("state"));
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code, "log-damaged");
  entries.resize(entries.size() - 1);
  EXPECT_FALSE(LogTree(store, 5).entry(4));
}

TEST_F(LogOfOne, WritesAnEntryAgainThatWasCutOff) {
  grow(255);
  const auto before = store.files.at("checkpoint");
  grow(256);
  // As if the machine had stopped before the checkpoint: the parts were still there.
  leaves.resize(255);
  MemoryFiles cut;
  cut.files = store.files;
  ASSERT_FALSE(cut.files.contains("tile/0/000.p/255"));
  store.files["checkpoint"] = before;
  store.files["tile/0/000.p/255"] = store.files["tile/0/000"].substr(0, 255 * 32);
  store.files["tile/entries/000.p/255"] = store.files["tile/entries/000"].substr(
      0, store.files["tile/entries/000"].size() - std::string(R"({"n":255})").size() - 2);
  append(R"({"other":1})");
  EXPECT_EQ(*LogTree(store, 256).root(), merkle_root(leaves));
}

TEST_F(LogOfOne, IsWitnessed) {
  grow(4);
  const PrivateKey one = *PrivateKey::generate(KeyKind::ed25519);
  const PrivateKey two = *PrivateKey::generate(KeyKind::ed25519);
  LogPolicy policy;
  policy.witnesses.push_back(*parse_witness(*witness_key_text("one.example", one.public_key())));
  policy.witnesses.push_back(*parse_witness(*witness_key_text("two.example", two.public_key())));
  policy.threshold = 2;
  EXPECT_EQ(verified(policy), "witnesses-missing");
  const auto seen = verify_log(store, log, {}, folder.path("state"));
  ASSERT_TRUE(log_witness(store, *seen, "one.example", one, 1'800'000'000));
  ASSERT_TRUE(log_witness(store, *seen, "one.example", one, 1'800'000'001));
  EXPECT_EQ(verified(policy), "witnesses-missing");
  ASSERT_TRUE(log_witness(store, *seen, "two.example", two, 1'800'000'002));
  const auto done = verify_log(store, log, policy, folder.path("state"));
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->cosignatures.front().time, 1'800'000'001);
  grow(5);  // what the witnesses have not seen
  EXPECT_EQ(verified(policy), "witnesses-missing");
  EXPECT_EQ(log_witness(store, *seen, "two.example", two, 1).error().code, "log-changed");
}

TEST(LogTiles, AreCalledAsSpecified) {
  EXPECT_EQ(tile_path("0", 1234067, 256), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path("entries", 5, 8), "tile/entries/005.p/8");
  EXPECT_FALSE(parse_entry_tile(std::string("\0\2a", 3), 1));
  EXPECT_FALSE(parse_entry_tile(std::string("\0\1ab", 4), 1));
  EXPECT_EQ(parse_entry_tile(std::string("\0\1a\0\0", 5), 2)->size(), 2U);
}

TEST(LogOrigins, LookLikeHosts) {
  const PrivateKey key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  MemoryFiles store;
  for (const char* origin : {"", "a b", "a+b", "a/b", "a\n"})
    EXPECT_FALSE(create_log(store, origin, key)) << origin;
  EXPECT_TRUE(create_log(store, "log.example", key));
  EXPECT_FALSE(create_log(store, "log.example", key));
}

}  // namespace
}  // namespace boltseal
