// Whether a transparency log has recorded a signature: the entry's proof, and that the entry is
// about this signature and nothing else (security-record rows 19 and 20).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/public_key.h"
#include "seal/artifact.h"
#include "seal/checkpoint.h"
#include "seal/dsse.h"
#include "seal/log_entry.h"
#include "seal/refusal.h"
#include "seal/trusted_root.h"

namespace boltseal {

// A signature as an entry must have recorded it. `certificate` is null where a bare key signed,
// `envelope` where it signed the artifact itself.
struct SignedThing {
  std::string_view signature;
  const Certificate* certificate = nullptr;
  const PublicKey* key = nullptr;
  const Artifact* artifact = nullptr;
  const DsseEnvelope* envelope = nullptr;
};

struct WitnessPolicy {
  std::vector<Witness> witnesses;
  std::size_t threshold = 0;  // how many must have signed each checkpoint
};

struct VerifiedEntry {
  std::string log;  // its base URL
  std::string log_id, kind;
  std::uint64_t index = 0;
  std::optional<std::int64_t> integrated_time;  // only one that the log has signed
  std::optional<std::uint64_t> tree_size;       // with an inclusion proof
  std::vector<Cosignature> cosignatures;
};

// Refuses unless the log is trusted, has signed the promise (where there is one) and the checkpoint
// (likewise; one of both there must be), the checkpoint's tree holds the entry, and the entry's
// signature, key and digest are those of `thing`. "log-unknown" is for the caller to pass over.
Checked<VerifiedEntry> verify_log_entry(const LogEntry& entry, const SignedThing& thing,
                                        const TrustedRoot& root, const WitnessPolicy& witnesses,
                                        const std::string& path);

}  // namespace boltseal
