#include "advisories/database.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "advisories/find_for_tests.h"
#include "advisories/format.h"
#include "base/fd.h"
#include "base/time.h"

namespace boltseal {
namespace {

std::vector<Event> from_to(std::string from, std::string to) {
  return {{Event::Kind::introduced, std::move(from)}, {Event::Kind::fixed, std::move(to)}};
}

Advisory record(std::string id, std::string ecosystem, std::string name,
                std::vector<std::vector<Event>> ranges) {
  Advisory out;
  out.id = std::move(id);
  out.feed = ecosystem;
  Affected affected;
  affected.ecosystem = std::move(ecosystem);
  affected.name = std::move(name);
  affected.ranges = std::move(ranges);
  out.affected.push_back(std::move(affected));
  return out;
}

DatabaseInput small() {
  DatabaseInput in;
  auto django = record("PYSEC-2021-1", "PyPI", "Django", {from_to("0", "3.1.9")});
  django.aliases = {"CVE-2021-1", "GHSA-aaaa-bbbb-cccc"};
  django.published = "2021-05-06T15:15:00Z";
  django.modified = "2021-05-06T00:00:00Z";
  django.summary = "prose";
  django.severities = {{"CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}};
  django.references = {"https://example.org/b", "https://example.org/a"};
  django.affected[0].versions = {"3.1.8", "4.0b1", "not a version"};
  in.advisories.push_back(django);
  auto other = record("GO-2021-7", "Go", "example.org/x", {from_to("1.2.0", "1.3.0")});
  other.aliases = {"GHSA-aaaa-bbbb-cccc", "CVE-2021-9"};
  other.affected[0].unaffected = {"= 1.2.5"};
  in.advisories.push_back(other);
  auto debian = record("DEBIAN-CVE-2021-1", "Debian:12", "openssl", {from_to("0", "3.0-1")});
  debian.upstream = {"CVE-2021-1", "CVE-2021-5"};
  debian.withdrawn = "2022-01-01T00:00:00Z";
  debian.affected[0].severity = Severity::negligible;
  debian.affected[0].fix_state = FixState::end_of_life;
  debian.affected[0].arch = "amd64";
  debian.affected[0].module = "m:1";
  in.advisories.push_back(debian);
  in.exploited = {{"CVE-2021-1", "2021-06-01", "2021-06-15", true}, {"CVE-2020-3", "", "", false}};
  in.feeds = {{"OSV PyPI", "https://feed", "2021-05-06T00:00:00Z", 1},
              {"KEV", "k", "2021-06-02", 2}};
  in.starter = true;
  return in;
}

TEST(Database, FindsAPackageWithAllThatTheFeedSaid) {
  const auto bytes = build_database(small());
  ASSERT_TRUE(bytes);
  const auto db = Database::over(*bytes);
  ASSERT_TRUE(db);
  EXPECT_TRUE(db->verify());
  const auto found = find(*db, "Debian:12", "openssl");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  const Affected& affected = found->at(0).affected;
  ASSERT_EQ(affected.ranges.size(), 1U);
  EXPECT_EQ(affected.ranges[0][1].kind, Event::Kind::fixed);
  EXPECT_EQ(affected.ranges[0][1].version, "3.0-1");
  EXPECT_EQ(affected.severity, Severity::negligible);
  EXPECT_EQ(affected.fix_state, FixState::end_of_life);
  EXPECT_EQ(affected.arch, "amd64");
  EXPECT_EQ(affected.module, "m:1");
  const auto advisory = db->advisory(found->at(0).record);
  ASSERT_TRUE(advisory);
  EXPECT_EQ(advisory->id, "DEBIAN-CVE-2021-1");
  EXPECT_EQ(advisory->withdrawn, "2022-01-01T00:00:00Z");
  EXPECT_EQ(advisory->upstream, (std::vector<std::string>{"CVE-2021-1", "CVE-2021-5"}));
  EXPECT_TRUE(find(*db, "Debian:12", "opens")->empty());
  EXPECT_TRUE(find(*db, "Debian:11", "openssl")->empty());
}

TEST(Database, TheHeadOfARecordNamesItsFlawsByTheirClasses) {
  const auto bytes = build_database(small());
  const auto db = Database::over(*bytes);
  const auto names = [&](std::string_view id) {
    std::vector<std::string> out;
    const auto head = db->head(*db->find_id(id));
    EXPECT_TRUE(head);
    EXPECT_EQ(db->text(head->id), std::string(id));
    for (const auto flaw : head->flaws) out.push_back(*db->text(flaw));
    return out;
  };
  // A record goes by the smallest id of its class; the one that repackages two flaws names both.
  EXPECT_EQ(names("PYSEC-2021-1"), std::vector<std::string>{"CVE-2021-1"});
  EXPECT_EQ(names("GO-2021-7"), std::vector<std::string>{"CVE-2021-9"});
  EXPECT_EQ(names("DEBIAN-CVE-2021-1"), (std::vector<std::string>{"CVE-2021-1", "CVE-2021-5"}));
  EXPECT_TRUE(db->head(*db->find_id("DEBIAN-CVE-2021-1"))->withdrawn);
  EXPECT_FALSE(db->head(*db->find_id("GO-2021-7"))->withdrawn);
  EXPECT_FALSE(db->head(1000000));
  EXPECT_FALSE(db->text(1000000));
}

TEST(Database, KeepsTheAdvisoryButNotItsProseWhenToldSo) {
  for (const bool prose : {true, false}) {
    auto in = small();
    in.prose = prose;
    const auto bytes = build_database(in);
    const auto db = Database::over(*bytes);
    const auto advisory = db->advisory(*db->find_id("PYSEC-2021-1"));
    ASSERT_TRUE(advisory);
    EXPECT_EQ(advisory->summary, prose ? "prose" : "");
    EXPECT_EQ(advisory->published, "2021-05-06T15:15:00Z");
    EXPECT_EQ(advisory->modified, "2021-05-06T00:00:00Z");
    EXPECT_EQ(advisory->severities, in.advisories[0].severities);
    EXPECT_EQ(advisory->references.size(), 2U);
    EXPECT_EQ(advisory->feed, "PyPI");
  }
}

TEST(Database, DropsListedVersionsThatARangeHolds) {
  const auto bytes = build_database(small());
  const auto db = Database::over(*bytes);
  const auto found = find(*db, "PyPI", "django");
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->at(0).affected.versions, (std::vector<std::string>{"4.0b1", "not a version"}));
}

TEST(Database, NormalisesNamesAsTheEcosystemDoes) {
  EXPECT_EQ(normal_name("PyPI", "Foo__Bar.baz"), "foo-bar-baz");
  EXPECT_EQ(normal_name("Packagist", "Sym/Http"), "sym/http");
  EXPECT_EQ(normal_name("Go", "github.com/A/b"), "github.com/a/b");
  EXPECT_EQ(normal_name("Maven", "A:b"), "A:b");
  const auto bytes = build_database(small());
  const auto db = Database::over(*bytes);
  EXPECT_EQ(find(*db, "PyPI", "DJANGO")->size(), 1U);
  EXPECT_EQ(find(*db, "Go", "example.org/X")->size(), 1U);
}

TEST(Database, SortsTheEventsOfARangeByVersion) {
  auto in = small();
  in.advisories[1].affected[0].ranges = {{{Event::Kind::introduced, "2.0.0"},
                                          {Event::Kind::fixed, "2.10.0"},
                                          {Event::Kind::fixed, "1.9.0"},
                                          {Event::Kind::introduced, "0"}}};
  const auto bytes = build_database(in);
  const auto range = find(*Database::over(*bytes), "Go", "example.org/x")->at(0).affected.ranges[0];
  std::string order;
  for (const auto& event : range) order += event.version + " ";
  EXPECT_EQ(order, "0 1.9.0 2.0.0 2.10.0 ");
}

TEST(Database, ClosesAliasesButNotUpstream) {
  const auto bytes = build_database(small());
  const auto db = Database::over(*bytes);
  // An alias that two records share does not make one flaw of two CVEs.
  const std::vector<std::string> one = {"CVE-2021-1", "PYSEC-2021-1"},
                                 two = {"CVE-2021-9", "GHSA-aaaa-bbbb-cccc", "GO-2021-7"};
  for (const auto& id : one) EXPECT_EQ(*db->alias_class(id), one);
  for (const auto& id : two) EXPECT_EQ(*db->alias_class(id), two);
  EXPECT_EQ(*db->alias_class("DEBIAN-CVE-2021-1"), std::vector<std::string>{"DEBIAN-CVE-2021-1"});
  EXPECT_EQ(*db->alias_class("CVE-1999-1"), std::vector<std::string>{"CVE-1999-1"});
}

TEST(Database, ARecordWithSeveralCvesBundlesThem) {
  DatabaseInput in;
  auto both = record("RUSTSEC-1", "crates.io", "x", {from_to("0", "1.0.0")});
  both.aliases = {"CVE-2021-1", "CVE-2021-2", "GHSA-1"};
  auto gone = record("GHSA-3", "crates.io", "x", {from_to("0", "2.0.0")});
  gone.aliases = {"CVE-2021-1", "PYSEC-9"};
  gone.withdrawn = "2022-01-01T00:00:00Z";
  auto live = record("PYSEC-9", "PyPI", "x", {from_to("0", "2.0.0")});
  live.aliases = {"CVE-2021-9"};
  in.advisories = {both, gone, live};
  const auto bytes = build_database(in);
  const auto db = Database::over(*bytes);
  EXPECT_EQ(db->head(*db->find_id("RUSTSEC-1"))->flaws.size(), 2U);
  EXPECT_EQ(*db->alias_class("CVE-2021-2"), std::vector<std::string>{"CVE-2021-2"});
  EXPECT_EQ(*db->alias_class("GHSA-3"), (std::vector<std::string>{"CVE-2021-1", "GHSA-3"}));
  EXPECT_EQ(*db->alias_class("PYSEC-9"), (std::vector<std::string>{"CVE-2021-9", "PYSEC-9"}));
}

// A limit ends all of the range, so what stands past it counts by the list alone.
TEST(Database, KeepsVersionsBesideALimit) {
  DatabaseInput in;
  using Kind = Event::Kind;
  auto odd =
      record("GHSA-1", "npm", "x",
             {{{Kind::introduced, "0"}, {Kind::limit, "1.0.0"}, {Kind::introduced, "2.0.0"}}});
  odd.affected[0].versions = {"3.0.0"};
  in.advisories = {odd};
  const auto bytes = build_database(in);
  const auto db = Database::over(*bytes);
  EXPECT_EQ(find(*db, "npm", "x")->at(0).affected.versions, std::vector<std::string>{"3.0.0"});
}

TEST(Database, KnowsExploitedFlawsEcosystemsAndFeeds) {
  const auto bytes = build_database(small());
  const auto db = Database::over(*bytes);
  const auto flaw = db->exploited("CVE-2021-1");
  ASSERT_TRUE(flaw);
  EXPECT_EQ(flaw->added, "2021-06-01");
  EXPECT_EQ(flaw->due, "2021-06-15");
  EXPECT_TRUE(flaw->ransomware);
  EXPECT_EQ(db->exploited("CVE-2020-3")->added, "");
  EXPECT_FALSE(db->exploited("CVE-2021-9"));
  EXPECT_EQ(db->ecosystems(), (std::vector<std::string>{"Debian:12", "Go", "PyPI"}));
  EXPECT_TRUE(db->covers("Go"));
  EXPECT_FALSE(db->covers("Debian"));
  EXPECT_FALSE(db->covers("openssl"));
  const auto info = db->info();
  EXPECT_TRUE(info.starter);
  EXPECT_EQ(info.date, "2021-06-02");
  ASSERT_EQ(info.feeds.size(), 2U);
  EXPECT_EQ(info.feeds[1].address, "https://feed");
  EXPECT_EQ(info.digest.size(), 71U);
  EXPECT_EQ(db->records(), 3U);
}

TEST(Database, GivesTheSameBytesInWhateverOrder) {
  auto in = small();
  const auto straight = build_database(in);
  std::ranges::reverse(in.advisories);
  std::ranges::reverse(in.exploited);
  std::ranges::reverse(in.feeds);
  for (auto& advisory : in.advisories) {
    std::ranges::reverse(advisory.aliases);
    std::ranges::reverse(advisory.references);
  }
  in.advisories.push_back(in.advisories[0]);
  EXPECT_TRUE(*straight == *build_database(in));
}

TEST(Database, KeepsTheNewestOfOneRecordAndBothOfTwoPackages) {
  DatabaseInput in;
  in.advisories = {record("X-1", "npm", "a", {from_to("0", "1.0.0")}),
                   record("X-1", "npm", "a", {from_to("0", "2.0.0")}),
                   record("X-1", "Wolfi", "b", {from_to("0", "3")})};
  in.advisories[0].modified = "2024-01-01T00:00:00Z";
  in.advisories[1].modified = "2025-01-01T00:00:00Z";
  const auto bytes = build_database(in);
  const auto db = Database::over(*bytes);
  EXPECT_EQ(db->records(), 2U);
  EXPECT_EQ(find(*db, "npm", "a")->at(0).affected.ranges[0][1].version, "2.0.0");
  EXPECT_EQ(find(*db, "Wolfi", "b")->size(), 1U);
}

// Asks everything of a database that may be damaged: whatever it answers, it must not crash.
void ask_all(std::string_view bytes) {
  const auto db = Database::over(bytes);
  if (!db) return;
  for (std::uint32_t i = 0; i < 5; ++i) (void)db->advisory(i);
  for (const auto* eco : {"PyPI", "Go", "Debian:12", "", "~"}) {
    (void)db->covers(eco);
    for (const auto* name : {"django", "openssl", "example.org/x", "", "~"})
      (void)find(*db, eco, name);
  }
  for (const auto* id : {"CVE-2021-1", "PYSEC-2021-1", "GO-2021-7", "CVE-2020-3", "x"}) {
    (void)db->alias_class(id);
    (void)db->find_id(id);
    (void)db->exploited(id);
  }
  (void)db->ecosystems();
  (void)db->info();
}

TEST(Database, SurvivesEveryTruncation) {
  const auto bytes = *build_database(small());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(Database::over(std::string_view(bytes).substr(0, n)));
  }
}

TEST(Database, SurvivesEveryFlippedByteAndVerifyNoticesIt) {
  const auto bytes = *build_database(small());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned mask : {0x01U, 0x80U, 0x7fU, 0xffU}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ mask);
      ask_all(damaged);
      const auto db = Database::over(damaged);
      EXPECT_FALSE(db && db->verify()) << "byte " << at;
      // With a digest that fits, only the structure speaks; it may be whole, but must not crash.
      damaged.replace(layout::digest_at, 32, layout::digest_of(damaged));
      if (const auto fixed = Database::over(damaged)) (void)fixed->verify();
    }
  }
}

TEST(Database, OpensAFileAndRefusesOthers) {
  const std::string path = testing::TempDir() + "boltseal_database_test.db";
  ASSERT_TRUE(write_file_atomically(path, *build_database(small())));
  const auto db = Database::open(path);
  ASSERT_TRUE(db);
  EXPECT_EQ(db->records(), 3U);
  ASSERT_TRUE(write_file_atomically(path, ""));
  EXPECT_EQ(Database::open(path).error().fault, Fault::corrupt);
  ASSERT_TRUE(write_file_atomically(path, "PK\x03\x04 something else"));
  EXPECT_EQ(Database::open(path).error().where, path);
  auto newer = *build_database(small());
  newer[8] = 3;
  EXPECT_EQ(Database::over(newer).error().fault, Fault::unsupported);
  EXPECT_EQ(Database::open(path + "-absent").error().fault, Fault::not_found);
}

TEST(Time, ReadsWhatFeedsWrite) {
  EXPECT_EQ(rfc3339(*parse_time("2022-01-29T16:47:14.527876Z")), "2022-01-29T16:47:14Z");
  EXPECT_EQ(rfc3339(*parse_time("2024-02-29")), "2024-02-29T00:00:00Z");
  EXPECT_EQ(rfc3339(*parse_time("2024-03-01T01:00:00+02:00")), "2024-02-29T23:00:00Z");
  for (const auto* bad : {"", "0001-01-01T00:00:00Z", "2023-02-29", "2023-13-01", "2023-1-1",
                          "2023-01-01T25:00:00Z", "2023-01-01T00:00:00X", "2023-01-01x"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

}  // namespace
}  // namespace boltseal
