// A small database and inventory for the tests of this folder.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "match/match.h"

namespace boltseal::match_sample {

inline std::vector<Event> until(std::string fixed, std::string from = "0") {
  return {{Event::Kind::introduced, std::move(from)}, {Event::Kind::fixed, std::move(fixed)}};
}
inline std::vector<Event> unfixed() { return {{Event::Kind::introduced, "0"}}; }

inline Advisory record(std::string id, std::string ecosystem, std::string name,
                       std::vector<Event> range) {
  Advisory out;
  out.id = std::move(id);
  out.feed = ecosystem.substr(0, ecosystem.find(':'));
  Affected affected;
  affected.ecosystem = std::move(ecosystem);
  affected.name = std::move(name);
  if (!range.empty()) affected.ranges = {std::move(range)};
  out.affected.push_back(std::move(affected));
  return out;
}

inline Package package(PackageType type, std::string name, std::string version,
                       std::string path = "a/file") {
  Package out;
  out.type = type;
  out.name = std::move(name);
  out.version = std::move(version);
  out.evidence = {{std::move(path), 0, "a test"}};
  return out;
}

struct Case {
  std::vector<Advisory> advisories;
  std::vector<ExploitedFlaw> exploited;
  MatchOptions options;
  Report report;

  explicit Case(std::string id = "", std::string version = "") {
    report.inventory.distribution.id = std::move(id);
    report.inventory.distribution.version_id = std::move(version);
    options.today = "2026-01-15";
  }
  Case& with(Advisory advisory) {
    advisories.push_back(std::move(advisory));
    return *this;
  }
  Case& with(Package package) {
    report.inventory.packages.push_back(std::move(package));
    return *this;
  }
  Report& run() {
    DatabaseInput input;
    input.advisories = advisories;
    input.exploited = exploited;
    const auto bytes = build_database(std::move(input));
    EXPECT_TRUE(bytes);
    const auto database = Database::over(*bytes);
    EXPECT_TRUE(database);
    const auto done = match(*database, options, report);
    EXPECT_TRUE(done) << done.error().message();
    return report;
  }
};

inline std::string proof(const Finding& finding) {
  std::string out;
  for (const auto& step : finding.proof) out += fmt::format("{}: {}\n", step.rule, step.text);
  return out;
}

}  // namespace boltseal::match_sample
