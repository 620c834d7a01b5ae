#include "advisories/update.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <vector>

#include "advisories/feeds.h"
#include "advisories/find_for_tests.h"
#include "advisories/store.h"
#include "advisories/zip_for_tests.h"
#include "base/fd.h"

namespace boltseal {
namespace {

namespace fs = std::filesystem;
using State = FeedOutcome::State;

std::string bucket(const std::string& id, const std::string& fixed, const std::string& date) {
  return stored_zip({{id + ".json", R"({"id":")" + id + R"(","modified":")" + date +
                                        R"(","affected":[{"package":{"ecosystem":"npm","name":"a"},
      "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":")" +
                                        fixed + R"("}]}]}]})"}});
}

// A server in memory, with ETags.
struct Server {
  std::map<std::string, std::string> files;
  std::map<std::string, Error> broken;
  int bodies = 0;

  Fetch fetch() {
    return [this](const std::string& address, const std::string& etag,
                  const std::string&) -> Result<FetchResult> {
      if (const auto bad = broken.find(address); bad != broken.end()) {
        return std::unexpected(bad->second);
      }
      const auto found = files.find(address);
      if (found == files.end()) return fail(Fault::not_found, "no such file", address);
      FetchResult out;
      out.etag = "e" + std::to_string(std::hash<std::string>{}(found->second));
      out.last_modified = "Tue, 15 Nov 1994 08:12:31 GMT";
      out.unchanged = out.etag == etag;
      if (!out.unchanged) {
        out.body = found->second;
        ++bodies;
      }
      return out;
    };
  }
};

class Update : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = testing::TempDir() + "boltseal_update_" + info->name();
    fs::remove_all(directory_);
    options_.directory = directory_ + "/data";
    options_.feeds = all_feeds();
    server_.files = {
        {"https://osv/ecosystems.txt", "npm\nDebian:12\n../../etc\nnonsense\n"},
        {"https://osv/npm/all.zip", bucket("X-1", "1.5.0", "2024-01-01T00:00:00Z")},
        {"https://alpine/v3.11/main.json",
         R"({"distroversion":"v3.11","packages":[{"pkg":{"name":"a","secfixes":{"1":["CVE-1"]}}}]})"},
        {"https://kev/k.json", R"({"vulnerabilities":[{"cveID":"CVE-1"}]})"}};
  }
  void TearDown() override { fs::remove_all(directory_); }

  static std::vector<FeedSource> all_feeds() {
    return {{"OSV", FeedSource::Kind::osv, "https://osv"},
            {"Alpine", FeedSource::Kind::alpine, "https://alpine"},
            {"KEV", FeedSource::Kind::kev, "https://kev/k.json"}};
  }

  UpdateResult update() {
    auto result = update_database(options_, server_.fetch());
    EXPECT_TRUE(result) << result.error().message();
    return result.value_or(UpdateResult{});
  }
  std::string fix_of_a() {
    const auto db = Database::open(database_path(options_.directory));
    if (!db) return db.error().message();
    const auto found = find(*db, "npm", "a");
    return found && !found->empty() ? found->at(0).affected.ranges[0][1].version : "none";
  }

  std::string directory_;
  UpdateOptions options_;
  Server server_;
};

TEST_F(Update, BuildsFromAllFeeds) {
  const auto result = update();
  EXPECT_TRUE(result.rebuilt);
  EXPECT_TRUE(result.all_well());
  EXPECT_EQ(result.feeds.size(), 3U);  // releases of Alpine that are not there are no failure
  EXPECT_EQ(fix_of_a(), "1.5.0");
  const auto db = open_best_database(options_.directory);
  ASSERT_TRUE(db);
  EXPECT_TRUE(db->covers("Alpine:v3.11"));
  EXPECT_TRUE(db->exploited("CVE-1"));
  ASSERT_EQ(db->info().feeds.size(), 3U);
  EXPECT_EQ(db->info().feeds[0].name, "Alpine");
  EXPECT_EQ(db->info().feeds[0].date, "1994-11-15T08:12:31Z");
  EXPECT_EQ(db->info().feeds[2].name, "OSV npm");
  EXPECT_EQ(db->info().feeds[2].date, "2024-01-01T00:00:00Z");
  EXPECT_FALSE(db->info().starter);
}

TEST_F(Update, FetchesNothingThatHasNotChanged) {
  update();
  const int before = server_.bodies;
  const auto again = update();
  EXPECT_EQ(server_.bodies, before);
  EXPECT_FALSE(again.rebuilt);
  for (const auto& feed : again.feeds) EXPECT_EQ(feed.state, State::unchanged) << feed.name;
  server_.files["https://osv/npm/all.zip"] = bucket("X-1", "1.6.0", "2024-02-01T00:00:00Z");
  const auto changed = update();
  EXPECT_EQ(server_.bodies, before + 1);
  EXPECT_TRUE(changed.rebuilt);
  EXPECT_EQ(fix_of_a(), "1.6.0");
  EXPECT_TRUE(Database::open(changed.path)->exploited("CVE-1"));
}

TEST_F(Update, KeepsTheOldDataOfABrokenFeedAndSaysSo) {
  update();
  for (const std::string body : {"<html>maintenance</html>", "", "PK\x03\x04"}) {
    server_.files["https://osv/npm/all.zip"] = body;
    const auto result = update();
    EXPECT_FALSE(result.all_well());
    EXPECT_EQ(result.feeds[0].state, State::failed);
    EXPECT_TRUE(result.feeds[0].kept);
    EXPECT_NE(result.feeds[0].message.find("stays in use"), std::string::npos);
    EXPECT_EQ(fix_of_a(), "1.5.0");
  }
  server_.broken["https://osv/npm/all.zip"] = {Fault::io, "timed out", "https://osv", {}};
  server_.broken["https://osv/ecosystems.txt"] = {Fault::io, "timed out", "https://osv", {}};
  server_.files["https://kev/k.json"] = R"({"vulnerabilities":[{"cveID":"CVE-2"}]})";
  const auto result = update();
  EXPECT_TRUE(result.rebuilt);
  EXPECT_EQ(fix_of_a(), "1.5.0");
  EXPECT_TRUE(Database::open(result.path)->exploited("CVE-2"));
}

TEST_F(Update, KeepsAnEcosystemThatTheListForgets) {
  update();
  server_.files["https://osv/ecosystems.txt"] = "Go\n";
  server_.files["https://osv/Go/all.zip"] = stored_zip({{"G.json", R"({"id":"G"})"}});
  for (int i = 0; i < 3; ++i) {
    update();
    EXPECT_EQ(fix_of_a(), "1.5.0");
    EXPECT_TRUE(Database::open(database_path(options_.directory))->find_id("G"));
  }
}

TEST_F(Update, RefusesToGoBackInTimeUnlessForced) {
  update();
  server_.files["https://osv/npm/all.zip"] = bucket("X-1", "1.0.0", "2023-01-01T00:00:00Z");
  const auto refused = update();
  EXPECT_EQ(refused.feeds[0].state, State::failed);
  EXPECT_NE(refused.feeds[0].message.find("older than 2024-01-01"), std::string::npos);
  EXPECT_EQ(fix_of_a(), "1.5.0");
  options_.force = true;
  EXPECT_EQ(update().feeds[0].state, State::fetched);
  EXPECT_EQ(fix_of_a(), "1.0.0");
}

TEST_F(Update, FetchesAgainWhatTheCacheHasLost) {
  update();
  for (const auto& entry : fs::directory_iterator(options_.directory + "/feeds")) {
    if (entry.path().filename() != "state.json") {
      ASSERT_TRUE(write_file_atomically(entry.path(), "damaged"));
    }
  }
  fs::remove(database_path(options_.directory));
  EXPECT_TRUE(update().all_well());
  EXPECT_EQ(fix_of_a(), "1.5.0");
}

TEST_F(Update, DoesNotTradeADatabaseForOneThatKnowsLess) {
  update();
  const auto exported = directory_ + "/full.db";
  ASSERT_TRUE(export_database(options_.directory, exported));
  options_.directory = directory_ + "/other";
  ASSERT_TRUE(import_database(exported, options_.directory, false));
  server_.broken["https://osv/npm/all.zip"] = {Fault::io, "timed out", "https://osv", {}};
  const auto result = update();
  EXPECT_FALSE(result.rebuilt);
  EXPECT_NE(result.notice.find("without OSV npm it would not cover npm"), std::string::npos);
  EXPECT_EQ(fix_of_a(), "1.5.0");
}

TEST_F(Update, BuildsWithoutAFeedWhoseEcosystemsOthersCover) {
  update();
  const auto exported = directory_ + "/full.db";
  ASSERT_TRUE(export_database(options_.directory, exported));
  options_.directory = directory_ + "/other";
  ASSERT_TRUE(import_database(exported, options_.directory, false));
  server_.files["https://osv/npm/all.zip"] = bucket("X-1", "1.6.0", "2024-02-01T00:00:00Z");
  server_.broken["https://kev/k.json"] = {Fault::io, "timed out", "https://kev", {}};
  const auto result = update();
  EXPECT_TRUE(result.rebuilt);
  EXPECT_FALSE(result.all_well());
  EXPECT_NE(result.notice.find("no longer has KEV; other feeds cover"), std::string::npos);
  EXPECT_EQ(fix_of_a(), "1.6.0");
  server_.broken.clear();
  EXPECT_TRUE(update().all_well());
  EXPECT_TRUE(Database::open(database_path(options_.directory))->exploited("CVE-1"));
}

TEST_F(Update, SaysWhatAChoiceOfFeedsLeavesOut) {
  update();
  server_.files["https://osv/ecosystems.txt"] = "npm\nGo\n";
  server_.files["https://osv/Go/all.zip"] = stored_zip({{"G.json", R"({"id":"G"})"}});
  options_.ecosystems = {"Go"};
  const auto result = update();
  EXPECT_TRUE(result.rebuilt);
  EXPECT_NE(result.notice.find("no longer has OSV npm; nothing covers npm now"), std::string::npos)
      << result.notice;
}

TEST_F(Update, AListThatNamesNothingIsNoList) {
  update();
  const auto exported = directory_ + "/full.db";
  ASSERT_TRUE(export_database(options_.directory, exported));
  for (const std::string list : {"", "<html>log in</html>"}) {
    options_.directory = directory_ + "/other" + std::to_string(list.size());
    ASSERT_TRUE(import_database(exported, options_.directory, false));
    server_.files["https://osv/ecosystems.txt"] = list;
    const auto result = update();
    EXPECT_FALSE(result.all_well());
    EXPECT_EQ(fix_of_a(), "1.5.0");
  }
}

TEST_F(Update, AnEcosystemThatIsNotThereIsAFailure) {
  update();
  options_.ecosystems = {"npm,pypi"};
  const auto result = update();
  EXPECT_FALSE(result.all_well());
  EXPECT_FALSE(result.rebuilt);
  EXPECT_NE(result.feeds.front().message.find("no such ecosystem"), std::string::npos);
  EXPECT_EQ(fix_of_a(), "1.5.0");
}

TEST_F(Update, AFeedThatLosesMostOfItsRecordsIsRefused) {
  update();
  server_.files["https://kev/k.json"] = R"({"vulnerabilities":[]})";
  const auto result = update();
  EXPECT_FALSE(result.all_well());
  EXPECT_TRUE(Database::open(result.path)->exploited("CVE-1"));
  options_.force = true;
  EXPECT_TRUE(update().all_well());
  EXPECT_FALSE(Database::open(result.path)->exploited("CVE-1"));
}

TEST_F(Update, BuildsAgainWhatWasDamagedOrReplaced) {
  const auto path = update().path;
  auto bytes = read_file(path, 1 << 20).value();
  const std::string good = bytes;
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file_atomically(path, bytes));
  EXPECT_FALSE(verify_database(options_.directory));
  EXPECT_TRUE(update().rebuilt);
  EXPECT_EQ(read_file(path, 1 << 20).value(), good);
  options_.directory = directory_ + "/other";
  options_.feeds = {options_.feeds.back()};
  const auto small = update().path;
  options_.directory = directory_ + "/data";
  ASSERT_TRUE(import_database(small, options_.directory, true));
  options_.feeds = all_feeds();
  EXPECT_TRUE(update().rebuilt);
  EXPECT_EQ(fix_of_a(), "1.5.0");
}

TEST_F(Update, WhatMustNotBeAskedIsSaidOnce) {
  const Fetch offline = [](const std::string& address, const auto&,
                           const auto&) -> Result<FetchResult> {
    return fail(Fault::unsupported, "not asked", address);
  };
  std::vector<std::string> lines;
  options_.progress = [&](const std::string& line) { lines.push_back(line); };
  const auto nothing = update_database(options_, offline);
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message().find("not asked"), std::string::npos);
  EXPECT_TRUE(lines.empty());
  update();
  lines.clear();
  const auto kept = update_database(options_, offline);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(lines.empty());
  EXPECT_FALSE(kept->rebuilt);
  EXPECT_FALSE(kept->all_well());
  std::size_t told = 0;
  for (const auto& feed : kept->feeds) told += feed.message.empty() ? 0 : 1;
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(fix_of_a(), "1.5.0");
}

TEST_F(Update, FailsWhenNothingCanBeRead) {
  server_.files.clear();
  const auto result = update_database(options_, server_.fetch());
  ASSERT_FALSE(result);
  EXPECT_FALSE(fs::exists(database_path(options_.directory)));
}

TEST_F(Update, ReadsAMirrorDirectoryAndMakesAStarterOfIt) {
  const std::string mirror = directory_ + "/mirror";
  for (const auto* sub : {"/osv/npm", "/alpine-secdb/v3.11"}) fs::create_directories(mirror + sub);
  ASSERT_TRUE(write_durably(mirror + "/osv/ecosystems.txt", "npm\n"));
  ASSERT_TRUE(write_durably(mirror + "/osv/npm/all.zip", server_.files["https://osv/npm/all.zip"]));
  ASSERT_TRUE(write_durably(mirror + "/alpine-secdb/v3.11/main.json",
                            server_.files["https://alpine/v3.11/main.json"]));
  options_.feeds = feeds_in(mirror);
  EXPECT_EQ(options_.feeds.size(), 2U);
  const Fetch no_network = [](const auto&, const auto&, const auto&) -> Result<FetchResult> {
    ADD_FAILURE() << "a mirror needs no network";
    return fail(Fault::io, "no");
  };
  ASSERT_TRUE(update_database(options_, no_network));
  EXPECT_EQ(fix_of_a(), "1.5.0");
  const auto starter = build_starter(mirror);
  ASSERT_TRUE(starter);
  const auto db = Database::over(*starter);
  ASSERT_TRUE(db);
  EXPECT_TRUE(db->info().starter);
  EXPECT_EQ(starter->find(directory_), std::string::npos);
  EXPECT_TRUE(*starter == *build_starter(mirror));
  EXPECT_FALSE(build_starter(directory_ + "/nowhere"));
}

TEST_F(Update, ImportsOnlyWhatVerifiesAndIsNoOlder) {
  update();
  const auto file = directory_ + "/e.db";
  ASSERT_TRUE(export_database(options_.directory, file));
  ASSERT_TRUE(verify_database(options_.directory));
  server_.files["https://osv/npm/all.zip"] = bucket("X-1", "1.6.0", "2024-02-01T00:00:00Z");
  update();
  EXPECT_FALSE(import_database(file, options_.directory, false));
  EXPECT_EQ(fix_of_a(), "1.6.0");
  EXPECT_TRUE(import_database(file, options_.directory, true));
  EXPECT_EQ(fix_of_a(), "1.5.0");
  auto bytes = *read_file(file, 1U << 20);
  bytes[bytes.size() - 1] ^= 1;
  ASSERT_TRUE(write_durably(file, bytes));
  EXPECT_EQ(import_database(file, options_.directory, true).error().fault, Fault::corrupt);
  ASSERT_TRUE(write_durably(database_path(options_.directory), "garbage"));
  EXPECT_EQ(open_best_database(options_.directory).error().fault, Fault::corrupt);
}

TEST_F(Update, AScanGoesOnWithTheFileItHasOpen) {
  update();
  const auto old = Database::open(database_path(options_.directory));
  ASSERT_TRUE(old);
  server_.files["https://osv/npm/all.zip"] = bucket("X-1", "1.6.0", "2024-02-01T00:00:00Z");
  update();
  EXPECT_EQ(find(*old, "npm", "a")->at(0).affected.ranges[0][1].version, "1.5.0");
  EXPECT_TRUE(old->verify());
  EXPECT_EQ(fix_of_a(), "1.6.0");
}

TEST(Feeds, PassesOnlyNamesThatAreSafeAndOfUse) {
  EXPECT_EQ(usable_ecosystems("npm\r\nRocky Linux\nDebian:11\n../x\n/etc\n\nGIT\nnpm\n", {}),
            (std::vector<std::string>{"Rocky Linux", "npm"}));
  EXPECT_EQ(usable_ecosystems("npm\nGo\n", {"Go"}), std::vector<std::string>{"Go"});
  EXPECT_EQ(osv_file({"OSV", FeedSource::Kind::osv, "https://h/"}, "Rocky Linux").address,
            "https://h/Rocky%20Linux/all.zip");
  EXPECT_EQ(osv_file({"OSV", FeedSource::Kind::osv, "/m"}, "Rocky Linux").address,
            "/m/Rocky Linux/all.zip");
  EXPECT_EQ(time_of_http_date("Tue, 5 Mar 2024 08:12:31 GMT"), "2024-03-05T08:12:31Z");
  EXPECT_EQ(time_of_http_date("yesterday"), "");
  EXPECT_EQ(feed_kind_of("wolfi"), FeedSource::Kind::wolfi);
  EXPECT_FALSE(feed_kind_of("nvd"));
  EXPECT_EQ(default_feeds().size(), 5U);
}

}  // namespace
}  // namespace boltseal
