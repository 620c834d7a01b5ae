// The nouns of a judgement: a finding, the proof it rests on, and what was not covered.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/texts.h"
#include "inventory/image.h"

namespace boltseal {

enum class Severity : std::uint8_t { unknown, negligible, low, medium, high, critical };
std::string_view name_of(Severity severity);  // "critical"
std::optional<Severity> severity_of(
    std::string_view name);  // any case; "moderate" and "important" as vendors write them

struct CvssScore {
  std::string_view vector;  // "CVSS:3.1/AV:N/…"
  double score = 0;         // base score computed from the vector
  std::string_view source;  // the feed or record that gave it
};

// The texts of findings belong to the report (Report::texts) or stand in the program: findings are
// many, and much of what they say they say alike.

// One step of a proof, in words that stand alone: rule "source-package", text "deb
// openssl 3.0.11-1~deb12u2 is built from …".
struct ProofStep {
  std::string_view rule;
  std::string_view text;
};

enum class Verdict : std::uint8_t {
  affected,          // the version is in a range of the advisory
  undecided,         // the version or a bound cannot be compared
  fixed,             // at or past the fix
  not_affected,      // vendor, VEX or "0" fix says so, or below the introduced bound
  suppressed,        // an ignore rule of the user's
  withdrawn,         // the advisory was taken back
  covered_by_owner,  // the OS package that owns the files decides
};
std::string_view name_of(Verdict verdict);
using VerdictCounts = std::array<std::uint32_t, 7>;  // in the order of Verdict

enum class FixState : std::uint8_t { unknown, fixed, not_fixed, wont_fix, deferred, end_of_life };
std::string_view name_of(FixState state);

// One alias class on one package. Candidates that were dropped have a verdict other than affected
// and keep their proof.
struct Finding {
  std::string_view id;                    // the CVE when the class has one, else the feed's own id
  std::vector<std::string_view> aliases;  // all other ids of the class, sorted
  std::uint32_t package = 0;              // index into Inventory::packages
  Verdict verdict = Verdict::affected;
  Severity severity = Severity::unknown;
  std::string_view severity_source;  // whose judgement that is: "Debian", "CVSS 3.1 of GHSA-…"
  std::vector<CvssScore> cvss;       // best version first
  FixState fix_state = FixState::unknown;
  std::vector<std::string_view> fixed_versions;  // lowest that helps first
  bool kev = false;                              // CISA: known to be exploited
  std::string_view kev_due;
  std::string_view title;                // may be empty: the starter database has no prose
  std::string_view feed;                 // "Debian", "PyPI", …
  std::string_view record;               // id of the record that decided
  std::string_view published, modified;  // RFC 3339
  std::vector<std::string_view> references;
  // Of the VEX statement that took the finding away, in OpenVEX's words; empty where none did.
  std::string_view vex_status, vex_justification;
  std::vector<ProofStep> proof;
};

// A package set that no feed judges: not covered is not clean.
struct Uncovered {
  std::string what;  // "3 npm packages", "debian 13"
  std::string reason;
  std::vector<std::uint32_t> packages;
};

// A package whose licence the user's policy warns of or denies.
struct LicenceIssue {
  std::uint32_t package = 0;
  bool denied = false;
  std::string reason;  // "GPL-3.0-only is strong-copyleft, which the policy denies"
};

struct FeedInfo {
  std::string name;  // "OSV Debian"
  std::string address;
  std::string date;  // newest record, RFC 3339
  std::uint64_t records = 0;
};

struct DatabaseInfo {
  std::string digest;    // sha256:… of the file
  std::string date;      // newest of its feeds
  bool starter = false;  // the one that came with the program
  std::vector<FeedInfo> feeds;
};

// All that a report shows.
struct Report {
  Inventory inventory;
  DatabaseInfo database;
  Texts texts;                    // of the findings
  std::vector<Finding> findings;  // verdict affected or undecided; most urgent first
  std::vector<Finding> dropped;   // the rest, same order
  VerdictCounts unlisted{};       // dropped and only counted, because nobody asked for proofs
  std::vector<Uncovered> uncovered;
  std::vector<LicenceIssue> licence_issues;  // denied ones first, then by package
  std::vector<std::string> notices;          // end of life, unused ignore entries, no sandbox, …
  std::string
      end_of_life;  // "debian 9 has had no security support since 2022-06-30"; empty when supported
  std::string tool_version;
  std::string configuration_digest;  // of flags and files that change the result
};

}  // namespace boltseal
