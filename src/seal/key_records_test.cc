#include "seal/key_records.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"
#include "seal/key_records_form.h"

namespace boltseal {
namespace {

PrivateKey fresh() { return PrivateKey::generate(KeyKind::ecdsa_p256).value(); }

std::string code_of(const Checked<KeyRecords>& set) { return set ? "" : set.error().code; }

std::optional<TrustedMoment> at(std::int64_t seconds) { return TrustedMoment{seconds, "test"}; }

class KeyRecordsTest : public testing::Test {
 protected:
  PrivateKey one_ = fresh(), two_ = fresh(), three_ = fresh();
  DsseEnvelope one_to_two_ = sign_succession(one_, two_, 1000).value();
  DsseEnvelope two_to_three_ = sign_succession(two_, three_, 2000).value();

  static DsseEnvelope revoked(const PrivateKey& key, const PrivateKey& by, std::int64_t from,
                              std::vector<std::string> keeps = {}, std::int64_t time = 3000) {
    return sign_revocation({key.public_key(), by.public_key(), time, from, "lost", keeps}, by)
        .value();
  }
  static Checked<KeyRecords> set(std::vector<DsseEnvelope> records) {
    return KeyRecords::verified(records);
  }
};

TEST_F(KeyRecordsTest, AKeyWithoutRecordsIsValid) {
  const auto records = set({});
  ASSERT_TRUE(records);
  const auto standing = standing_of(*records, one_.public_key(), std::nullopt);
  ASSERT_TRUE(standing);
  EXPECT_EQ(standing->verdict(), KeyVerdict::valid);
  EXPECT_TRUE(standing->successor().empty());
}

TEST_F(KeyRecordsTest, BeforeRevocationProvedByATimestamp) {
  const auto records = set({revoked(one_, one_, 2500)});
  ASSERT_TRUE(records);
  const auto standing = standing_of(*records, one_.public_key(), at(2499));
  ASSERT_TRUE(standing);
  EXPECT_EQ(standing->verdict(), KeyVerdict::before_revocation);
  EXPECT_EQ(standing_of(*records, two_.public_key(), at(9999))->verdict(), KeyVerdict::valid);
}

TEST_F(KeyRecordsTest, AfterRevocationIsRefused) {
  const auto records = set({revoked(one_, one_, 2500)});
  const auto standing = standing_of(*records, one_.public_key(), at(2500));
  ASSERT_FALSE(standing);
  EXPECT_EQ(standing.error().code, "key-revoked");
  EXPECT_EQ(standing.error().wanted, "signed before 1970-01-01T00:41:40Z");
  EXPECT_EQ(standing.error().found, "1970-01-01T00:41:40Z (test)");
  EXPECT_NE(standing.error().what.find("lost"), std::string::npos);
}

TEST_F(KeyRecordsTest, WithoutATrustedMomentARevokedKeyIsRefused) {
  const auto records = set({revoked(one_, one_, 2500)});
  const auto standing = standing_of(*records, one_.public_key(), std::nullopt);
  ASSERT_FALSE(standing);
  EXPECT_EQ(standing.error().code, "key-revocation-undecided");
}

TEST_F(KeyRecordsTest, TheEarliestRevocationCounts) {
  const auto records = set({revoked(one_, one_, 2500), revoked(one_, one_, 500)});
  EXPECT_EQ(standing_of(*records, one_.public_key(), at(1000)).error().code, "key-revoked");
}

TEST_F(KeyRecordsTest, ASupersededKeyIsRefusedWherePolicyAsks) {
  const auto records = set({one_to_two_});
  ASSERT_TRUE(records);
  const PublicKey& key = one_.public_key();
  EXPECT_EQ(standing_of(*records, key, std::nullopt)->successor(), two_.public_key().id());
  EXPECT_EQ(standing_of(*records, key, std::nullopt, {.refuse_superseded = true}).error().code,
            "key-superseded");
  EXPECT_EQ(standing_of(*records, key, at(1000), {.refuse_superseded = true}).error().code,
            "key-superseded");
  EXPECT_TRUE(standing_of(*records, key, at(999), {.refuse_superseded = true}));
  EXPECT_TRUE(standing_of(*records, two_.public_key(), std::nullopt, {.refuse_superseded = true}));
}

TEST_F(KeyRecordsTest, SuccessorsOfAPinnedKeyAreTrusted) {
  const auto records = set({two_to_three_, one_to_two_, one_to_two_});
  ASSERT_TRUE(records) << records.error().message();
  EXPECT_EQ(records->size(), 2U);
  EXPECT_EQ(trusted_successors(*records, one_.public_key()).value(),
            (std::vector{two_.public_key(), three_.public_key()}));
  EXPECT_EQ(trusted_successors(*records, two_.public_key()).value(),
            std::vector{three_.public_key()});
  EXPECT_TRUE(trusted_successors(*records, three_.public_key())->empty());
  EXPECT_TRUE(trusted_successors(*records, fresh().public_key())->empty());
}

TEST_F(KeyRecordsTest, ARevokedKeyHasSuccessorsOnlyWhereTheRevocationKeepsThem) {
  auto records = set({one_to_two_, revoked(one_, one_, 2500)});
  ASSERT_TRUE(records);
  EXPECT_EQ(trusted_successors(*records, one_.public_key()).error().code,
            "key-succession-undecided");
  const std::string kept = sha256_digest(one_to_two_.payload);
  records = set({one_to_two_, revoked(one_, one_, 2500, {kept})});
  ASSERT_TRUE(records);
  EXPECT_EQ(trusted_successors(*records, one_.public_key()).value(),
            std::vector{two_.public_key()});
  records = set({one_to_two_, revoked(one_, one_, 2500, {kept}), revoked(one_, one_, 2600)});
  EXPECT_FALSE(trusted_successors(*records, one_.public_key()));
}

TEST_F(KeyRecordsTest, AForkIsAnError) {
  EXPECT_EQ(code_of(set({one_to_two_, sign_succession(one_, three_, 1000).value()})),
            "key-record-fork");
}

TEST_F(KeyRecordsTest, ALoopIsAnError) {
  EXPECT_EQ(code_of(set({one_to_two_, sign_succession(two_, one_, 1500).value()})),
            "key-record-loop");
  EXPECT_FALSE(sign_succession(one_, one_, 1000));
}

TEST_F(KeyRecordsTest, ABadSignatureIsAnErrorAndNotPassedOver) {
  for (const std::size_t which : {0U, 1U}) {
    auto record = one_to_two_;
    record.signatures[which].signature[10] ^= 1;
    EXPECT_EQ(code_of(set({record, two_to_three_})), "key-record-signature");
    record = one_to_two_;
    record.signatures.erase(record.signatures.begin() + which);
    EXPECT_EQ(code_of(set({record})), "key-record-signature");
    record.signatures.push_back(record.signatures.front());
    EXPECT_EQ(code_of(set({record})), "key-record-signature");
  }
  auto other = one_to_two_;
  other.payload_type = "application/vnd.in-toto+json";
  EXPECT_EQ(code_of(set({other})), "key-record-signature");
}

TEST_F(KeyRecordsTest, ARevocationByAStrangerIsAnError) {
  EXPECT_EQ(code_of(set({revoked(one_, two_, 2500)})), "key-record-unauthorised");
}

TEST_F(KeyRecordsTest, ARecoveryKeyRevokesWhatNamedIt) {
  const auto recovery = sign_recovery(one_, three_, 1000).value();
  const auto records = set({revoked(one_, three_, 2500), recovery});
  ASSERT_TRUE(records) << records.error().message();
  EXPECT_EQ(standing_of(*records, one_.public_key(), at(2600)).error().code, "key-revoked");
  EXPECT_EQ(code_of(set({revoked(two_, three_, 2500), recovery})), "key-record-unauthorised");
  // named after the fact
  EXPECT_EQ(code_of(set({revoked(one_, three_, 2500, {}, 999), recovery})),
            "key-record-unauthorised");
}

TEST_F(KeyRecordsTest, AnythingButTheCanonicalFormIsAnError) {
  const auto again = [&](std::string_view from, std::string_view to) {
    EXPECT_NE(one_to_two_.payload.find(from), std::string::npos) << from;
    const std::array<const Signer*, 2> both = {&one_, &two_};
    return set(
        {sign_dsse(key_record_payload, replace_all(one_to_two_.payload, from, to), both).value()});
  };
  EXPECT_TRUE(again("succession", "succession"));
  for (const auto& [from, to] : {std::pair{"{\"key\"", "{ \"key\""},
                                 {"{\"key\"", "{\"extra\":1,\"key\""},
                                 {"\"kind\":", "\"kind\":\"recovery\",\"kind\":"},
                                 {"\"kind\":\"succession\"", "\"kind\":\"concession\""},
                                 {"00:16:40Z", "00:16:40.5Z"},
                                 {"00:16:40Z", "noon"},
                                 {"\"id\":\"", "\"id\":\"0"},
                                 {"\"spki\":\"", "\"spki\":\"AAAA"}})
    EXPECT_EQ(code_of(again(from, to)), "key-record-invalid") << to;
}

TEST_F(KeyRecordsTest, AreReadFromFilesAndFolders) {
  const std::string folder = testing::TempDir() + "key-records-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const std::string lines = write_dsse(one_to_two_) + "\n\n" + write_dsse(two_to_three_) + "\n";
  ASSERT_TRUE(write_file_atomically(folder + "/a.jsonl", lines));
  ASSERT_TRUE(write_file_atomically(folder + "/b.json", write_dsse(revoked(one_, one_, 1))));
  ASSERT_TRUE(write_file_atomically(folder + "/README", "not a record"));
  EXPECT_EQ(KeyRecords::read(folder)->size(), 3U);
  EXPECT_EQ(KeyRecords::read(folder + "/b.json")->size(), 1U);
  ASSERT_TRUE(write_file_atomically(folder + "/a.jsonl", lines + "{}\n"));
  const auto bad = KeyRecords::read(folder);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().field, folder + "/a.jsonl:4");
  EXPECT_EQ(KeyRecords::read(folder + "/none").error().code, "unreadable");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace boltseal
