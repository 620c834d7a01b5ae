// A record of custody: what was done in a phase, by whom, with what and to what. An in-toto
// Statement in a DSSE envelope. doc/formats/custody.md
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "custody/phase_artifacts.h"
#include "custody/phase_command.h"
#include "custody/phase_evidence.h"

namespace boltseal {

constexpr std::string_view custody_step_type = "https://boltseal.dev/attestation/custody-step/v1";

// A record by the digest of its signed bytes.
struct RecordLink {
  std::string phase;
  std::string sha256;  // hex, of the DSSE payload
};

struct CustodyRecord {
  std::string project, phase;
  std::uint64_t sequence = 1;  // its number in the folder of records
  std::string before;          // digest of the record with the number before; empty for the first
  std::vector<RecordLink> previous;  // the records of the phases that this one comes after
  std::uint64_t policy_version = 1;
  std::string policy_sha256;
  std::vector<std::string> command;  // empty: nothing was run
  int exit_code = 0;
  std::int64_t started = 0, finished = 0;
  StreamDigest out, err;
  std::vector<PhaseArtifact> materials, products;  // sorted by path
  std::optional<GitState> git;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string system, machine;  // "Linux", "x86_64"
  std::vector<PhaseEvidence> evidence;
};

// The Statement to sign.
std::string write_record(const CustodyRecord& record);
// corrupt for what is none, or not in the one form that write_record gives it.
Result<CustodyRecord> parse_record(std::string_view statement);

}  // namespace boltseal
