// An entry of a transparency log (Rekor), as bundles carry it, and what its body says was signed.
// https://github.com/sigstore/protobuf-specs (sigstore_rekor.proto),
// https://github.com/sigstore/rekor (pkg/types), https://github.com/sigstore/rekor-tiles
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/value.h"
#include "crypto/digest.h"
#include "seal/protojson.h"
#include "seal/refusal.h"

namespace boltseal {

class JsonWriter;

constexpr std::size_t max_proof_hashes = 64;

struct InclusionProof {
  std::uint64_t log_index = 0;  // in the tree of the checkpoint
  std::uint64_t tree_size = 0;
  std::string root;                 // as the bundle claims it
  std::vector<std::string> hashes;  // 32 bytes each
  std::string checkpoint;           // the signed note; empty when there is none
};

struct LogEntry {
  std::uint64_t log_index = 0;  // over all shards of the log
  std::string log_id;           // raw
  std::string kind, version;    // "hashedrekord", "0.0.1"
  std::int64_t integrated_time = 0;
  std::string promise;  // the signed entry timestamp (SET); empty when there is none
  std::optional<InclusionProof> proof;
  std::string body;  // canonical JSON, the leaf of the tree
  // Rekor v2, whose entries have neither a time nor a promise.
  bool tiled() const { return kind == "hashedrekord" && version == "0.0.2"; }
};

// A TransparencyLogEntry of a bundle.
Checked<LogEntry> read_log_entry(const ProtoObject& object);
void write_log_entry(JsonWriter& json, const LogEntry& entry);

// What cosign keeps in `dev.sigstore.cosign/bundle` and in its old bundle files: SET, body, time,
// index, log. `code` is that of refusals.
Checked<LogEntry> read_cosign_log_entry(const Value& object, const std::string& code,
                                        const std::string& path);
// The same; it has no place for the proof.
void write_cosign_log_entry(JsonWriter& json, const LogEntry& entry);

// What a body records.
struct LoggedSignature {
  std::string signature;
  std::string certificate;  // DER; one of the two is empty
  std::string key;          // SPKI in DER
  HashKind hash = HashKind::sha256;
  std::string digest;       // raw: of the artifact, or for v2 of what was signed
  bool of_payload = false;  // the digest is that of a DSSE payload (dsse, intoto)
};

// Refusal "log-entry-invalid" for a body that is none of hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1
// and intoto 0.0.2, differs from the kind that the entry claims, or holds a member twice.
Checked<LoggedSignature> read_logged_signature(const LogEntry& entry, const std::string& path);

}  // namespace boltseal
