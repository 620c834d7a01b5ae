// What a phase shows for itself: the results of tests, a scan, attestations by others.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

struct TestCounts {
  std::uint64_t passed = 0, failed = 0, skipped = 0;
};

// What is counted of a scan: findings by severity, then those that are exploited, hidden by a rule,
// or undecided; packages that no feed judges; files that could not be read.
constexpr std::array<std::string_view, 11> scan_counts = {
    "critical",  "high",       "medium",    "low",       "negligible", "unknown",
    "exploited", "suppressed", "undecided", "uncovered", "unread"};

struct PhaseEvidence {
  enum class Kind : std::uint8_t { tests, scan, attestation };
  Kind kind = Kind::tests;
  std::string name;  // of the file, without folders
  std::string
      format;  // "junit", "tap", "go-test", "boltseal"; the predicate type of an attestation
  std::string sha256;  // of the file, hex
  TestCounts tests;
  std::map<std::string, std::uint64_t> findings;  // of a scan: a name of scan_counts → how many
  std::string image;     // of a scan: digest of the manifest that was scanned; may be empty
  std::string database;  // of a scan: date of its advisories, RFC 3339; may be empty
  std::string envelope;  // of an attestation, whole: it is checked again with every verification
};

// Knows by its content what a file is. unsupported for one that is no evidence that we read.
Result<PhaseEvidence> read_evidence_file(std::string_view bytes, std::string_view name);

// The results that test runners write: JUnit's XML, TAP, `go test -json`. corrupt for a file that
// is none of them, or breaks off.
Result<TestCounts> read_junit(std::string_view xml);
Result<TestCounts> read_tap(std::string_view text);
Result<TestCounts> read_go_test(std::string_view lines);

}  // namespace boltseal
