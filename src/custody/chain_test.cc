// Chains that the commands would not make: records by hand, signed by the right keys.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "custody/chain_show.h"
#include "custody/chain_verify.h"

namespace boltseal {
namespace {

constexpr std::int64_t noon = 1'750'000'000;

class Chain : public testing::Test {
 protected:
  PrivateKey alice = *PrivateKey::generate(KeyKind::ed25519);
  PrivateKey bob = *PrivateKey::generate(KeyKind::ecdsa_p256);
  CustodyPolicy policy = *parse_custody_policy(yaml());
  std::vector<StoredRecord> records;

  std::string yaml() const {
    const auto key = [](const PrivateKey& k) {
      return "    " + replace_all(std::string(trim(k.public_key().pem())), "\n", "\n    ") + "\n";
    };
    return "custody: 1\nproject: p\nversion: 3\nkeys:\n  alice: |\n" + key(alice) + "  bob: |\n" +
           key(bob) +
           "phases:\n  - {name: source, keys: [alice]}\n  - {name: build, keys: [bob]}\n";
  }

  CustodyRecord record(const std::string& phase) const {
    CustodyRecord out;
    out.project = "p";
    out.phase = phase;
    out.sequence = records.size() + 1;
    out.policy_version = 3;
    out.policy_sha256 = policy.sha256;
    out.started = out.finished = noon;
    out.out.sha256 = out.err.sha256 = sha256_hex("");
    if (!records.empty()) out.before = records.back().sha256;
    if (phase == "build") {
      const auto* source = last_of(records, "source");
      if (source) out.previous.push_back({"source", source->sha256});
    }
    return out;
  }
  void add(const CustodyRecord& record, const PrivateKey& key) {
    const Signer* one = &key;
    StoredRecord stored{fmt::format("{:02}-{}.json", record.sequence, record.phase),
                        *sign_dsse(in_toto_payload, write_record(record), std::span(&one, 1)),
                        {},
                        record};
    stored.sha256 = sha256_hex(stored.envelope.payload);
    records.push_back(std::move(stored));
  }
  std::string code(std::int64_t now = noon) const {
    const auto verdict = verify_custody(policy, records, {{"build"}, {}, now});
    return verdict.holds() ? "holds" : verdict.refusal->code;
  }
};

TEST_F(Chain, HoldsAndIsReadAsItWasWritten) {
  auto first = record("source");
  first.products = {{"a", "100644", sha256_hex("a")}, {"b", "120000", sha256_hex("b")}};
  first.command = {"true"};
  first.git = GitState{"c0ffee", "main", true};
  first.environment = {{"CI", "1"}};
  first.evidence.push_back({.name = "r.xml",
                            .format = "junit",
                            .sha256 = sha256_hex("x"),
                            .tests = {1, 2, 3},
                            .findings = {},
                            .image = {},
                            .database = {},
                            .envelope = {}});
  first.evidence.push_back({.kind = PhaseEvidence::Kind::scan,
                            .name = "scan.json",
                            .format = "boltseal",
                            .sha256 = sha256_hex("y"),
                            .tests = {},
                            .findings = {{"critical", 1}, {"unread", 2}},
                            .image = "sha256:" + sha256_hex("i"),
                            .database = "2026-01-02T00:00:00Z",
                            .envelope = {}});
  const std::string text = write_record(first);
  const auto again = parse_record(text);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(write_record(*again), text);
  add(first, alice);
  auto second = record("build");
  second.materials = {first.products[0]};
  add(second, bob);
  EXPECT_EQ(code(), "holds");
  const auto verdict = verify_custody(policy, records, {{"build"}, {}, noon});
  EXPECT_EQ(verdict.hops[1].keys, std::vector<std::string>{"bob"});
  EXPECT_NE(custody_text({policy, verdict}).find("the chain holds"), std::string::npos);
}

TEST_F(Chain, BreaksWhereALinkLeadsNowhere) {
  add(record("source"), alice);
  auto build = record("build");
  build.previous[0].sha256 = sha256_hex("another");
  add(build, bob);
  EXPECT_EQ(code(), "link-broken");
  build.previous = {};
  records.pop_back();
  add(build, bob);
  EXPECT_EQ(code(), "link-missing");
  // A record cannot rest on one that came after it.
  records.clear();
  auto early = record("build");
  add(early, bob);
  add(record("source"), alice);
  early.previous = {{"source", records[1].sha256}};
  records[0].record = early;
  const Signer* one = &bob;
  records[0].envelope = *sign_dsse(in_toto_payload, write_record(early), std::span(&one, 1));
  EXPECT_EQ(code(), "link-broken");
}

TEST_F(Chain, AnOlderPolicyIsRefusedWhoeverShowsIt) {
  add(record("source"), alice);
  auto build = record("build");
  build.policy_version = 4;
  add(build, bob);
  EXPECT_EQ(code(), "policy-rolled-back");
  records.pop_back();
  add(build, alice);  // who may not sign it: his word counts for nothing
  EXPECT_EQ(code(), "signature-invalid");
  records.pop_back();
  build.policy_version = 2;
  add(build, bob);
  EXPECT_EQ(code(), "policy-rolled-back");
}

TEST_F(Chain, TimeRunsOneWay) {
  add(record("source"), alice);
  auto build = record("build");
  build.started = noon - 1000;
  add(build, bob);
  EXPECT_EQ(code(), "time-reversed");
  EXPECT_EQ(code(noon - 1000), "time-in-future");
}

TEST_F(Chain, RecordsHaveOneForm) {
  auto first = record("source");
  first.products = {{"b", "100644", sha256_hex("a")}, {"a", "100644", sha256_hex("b")}};
  EXPECT_FALSE(parse_record(write_record(first)));  // not sorted
  first.products = {{"a", "100777", sha256_hex("b")}};
  EXPECT_FALSE(parse_record(write_record(first)));
  first = record("source");
  first.finished = noon - 1;
  EXPECT_FALSE(parse_record(write_record(first)));
  const std::string good = write_record(record("source"));
  EXPECT_TRUE(parse_record(good));
  EXPECT_FALSE(parse_record(
      replace_all(good, "\"phase\":\"source\"", "\"phase\":\"source\",\"phase\":\"build\"")));
  EXPECT_FALSE(parse_record(replace_all(good, "\"name\":\"stdout\"", "\"name\":\"app\"")));
  EXPECT_FALSE(parse_record(replace_all(good, "\"phase\":\"source\"", "\"phase\":\"../x\"")));
}

TEST(TestResults, AreCountedNotBelieved) {
  const auto junit = read_junit(
      "<testsuites><testsuite><testcase/><testcase><failure/></testcase><testsuite><testcase>"
      "<skipped/></testcase></testsuite></testsuite></testsuites>");
  ASSERT_TRUE(junit);
  EXPECT_EQ(junit->passed, 1U);
  EXPECT_EQ(junit->failed, 1U);
  EXPECT_EQ(junit->skipped, 1U);
  EXPECT_EQ(read_junit("<testsuite errors='2'><testcase/></testsuite>")->failed, 2U);
  EXPECT_FALSE(read_junit("<html/>"));
  const auto tap = read_tap("1..5\nok 1\nnot ok 2\nok 3 # SKIP why\nnot ok 4 # todo later\n");
  ASSERT_TRUE(tap);
  EXPECT_EQ(tap->passed, 1U);
  EXPECT_EQ(tap->failed, 2U);  // one that failed, one that never came
  EXPECT_EQ(tap->skipped, 2U);
  EXPECT_FALSE(read_tap("ok 1\n"));
  EXPECT_FALSE(read_tap("1..1\nok 1\nBail out!\n"));
  const auto go = read_go_test(
      "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"A\"}\n{\"Action\":\"pass\",\"Package\":"
      "\"p\",\"Test\":\"A\"}\n{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"B\"}\n"
      "{\"Action\":\"fail\",\"Package\":\"q\"}\n");
  ASSERT_TRUE(go);
  EXPECT_EQ(go->passed, 1U);
  EXPECT_EQ(go->failed, 2U);  // B never ended, q did not build
  EXPECT_FALSE(read_go_test("{\"Action\":\n"));
}

TEST(Environment, SecretsByTheirNames) {
  for (const char* name : {"DB_PASSWORD", "token", "AWS_ACCESS_KEY_ID", "Authorization"})
    EXPECT_TRUE(looks_secret(name)) << name;
  EXPECT_FALSE(looks_secret("CFLAGS"));
}

TEST(Command, TimeLimitEndsWhatItStarted) {
  const auto run = run_command({"sh", "-c", "sleep 30 & sleep 30"}, {.quiet = true, .seconds = 1});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().fault, Fault::too_large);
  EXPECT_EQ(run_command({"sh", "-c", "kill -9 $$"}, {.quiet = true, .seconds = 60})->exit_code,
            137);
  EXPECT_EQ(run_command({"no-such-command-anywhere"}).error().fault, Fault::not_found);
}

}  // namespace
}  // namespace boltseal
