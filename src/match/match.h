// Inventory × advisories → findings with their proofs. Pure: the same inventory, database and
// options give the same report.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "advisories/database.h"
#include "inventory/finding.h"

namespace boltseal {

// One entry of an ignore file: a finding that the user has judged.
struct IgnoreRule {
  std::string id;                     // CVE, GHSA or any id of the alias class
  std::vector<std::string> packages;  // purl globs; empty: any
  std::vector<std::string> paths;     // evidence path globs; empty: any
  std::string reason;
  std::string expires;  // date; the rule no longer counts after it
  std::string where;    // "file:line", for messages
};

// One statement of a VEX document (OpenVEX 0.2.0).
struct VexStatement {
  std::string id;  // vulnerability
  std::vector<std::string> aliases;
  std::vector<std::string> products;  // purls or image digests; empty: any
  std::vector<std::string> subcomponents;
  std::string status;  // not_affected, affected, fixed, under_investigation
  std::string justification;
  std::string text;       // impact or action statement
  std::int64_t time = 0;  // Unix time; of two statements on one thing the later one counts
  std::string where;
};

struct MatchOptions {
  std::vector<IgnoreRule> ignore;
  std::vector<VexStatement> vex;
  bool only_fixed = false;         // drop what has no fix
  std::uint8_t severities = 0;     // those to keep, as bits 1 << Severity; 0: all
  std::vector<PackageType> types;  // packages to judge; empty: all
  bool explain = true;   // false: no proofs but of what is undecided; what is dropped, counted
  unsigned threads = 1;  // 0: as many as there are cores; the result is the same
  // More findings, dropped ones that are kept with their proofs among them, are an error: a file of
  // some kilobytes can name packages enough for gigabytes of them.
  std::size_t max_findings = 1'500'000;
  bool development = true;  // judge packages that are only needed to build
  std::string
      today;  // date for the expiry of rules and end of life, from the clock or SOURCE_DATE_EPOCH
};

// Fills findings, dropped, uncovered, end_of_life and notices of a report whose inventory is set.
Result<> match(const Database& database, const MatchOptions& options, Report& report);

// Reads an ignore file: our own YAML (doc/manual.md, "Ignoring a finding"), `.trivyignore` or
// `.trivyignore.yaml`.
Result<std::vector<IgnoreRule>> read_ignore_file(std::string_view text, std::string_view name);
Result<std::vector<VexStatement>> read_openvex(std::string_view json, std::string_view name);

}  // namespace boltseal
