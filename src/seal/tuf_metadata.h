// Metadata of The Update Framework: who may say what (root), what there is (targets), which
// versions belong together (snapshot), and that this is still so (timestamp).
// https://theupdateframework.github.io/specification/v1.0.33/ (sections 4 and 5)
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"
#include "seal/refusal.h"

namespace boltseal {

struct TufKey {
  std::string type, scheme, value;  // as they are written: "ecdsa", "ecdsa-sha2-nistp256", a PEM
  // Nothing for a key of a kind that we do not know: it may stand there, but verifies nothing.
  std::optional<PublicKey> key;
  SignatureScheme how;
};
using TufKeys = std::map<std::string, TufKey>;  // by key id, which is opaque

// Who signs a role: `threshold` (≥ 1) of these keys.
struct TufRing {
  std::vector<std::string> key_ids;  // each once
  std::uint64_t threshold = 1;
};

using TufHashes = std::map<std::string, std::string>;  // "sha256" → lower-case hex

struct TufFile {
  std::uint64_t version = 1;
  std::optional<std::uint64_t> length;
  TufHashes hashes;  // may be empty
};
struct TufTarget {
  std::uint64_t length = 0;
  TufHashes hashes;    // at least one
  std::string custom;  // JSON, or empty
};

struct TufDelegation {
  std::string name;
  TufRing ring;
  bool terminating = false;
  std::vector<std::string> paths;          // shell patterns, part by part of the path
  std::vector<std::string> hash_prefixes;  // of the SHA-256 of the path, in hex
  bool covers(std::string_view target) const;
};
// Many bins under one ring (TAP 15): 2^bits roles by the first bits of the SHA-256 of the path.
struct TufBins {
  std::string prefix;
  TufRing ring;
  unsigned bits = 0;  // 1 to 32
  std::string bin_of(std::string_view target) const;
};

struct TufSignature {
  std::string key_id, signature;
};
// What all roles have.
struct TufSigned {
  std::string bytes;                     // what the signatures are over
  std::vector<TufSignature> signatures;  // no key id twice
  std::uint64_t version = 1;
  std::int64_t expires = 0;  // seconds since 1970
};
struct TufRoot : TufSigned {
  bool consistent_snapshot = true;
  TufKeys keys;
  std::map<std::string, TufRing> roles;  // the four top-level ones are there
};
struct TufTimestamp : TufSigned {
  TufFile snapshot;
};
struct TufSnapshot : TufSigned {
  std::map<std::string, TufFile> files;  // "targets.json" and those of the delegated roles
};
struct TufTargets : TufSigned {
  std::map<std::string, TufTarget> targets;
  TufKeys keys;  // of the delegations
  std::vector<TufDelegation> delegations;
  std::optional<TufBins> bins;  // instead of `delegations`
};

// corrupt for what is no such metadata: members missing, of another type or twice, a threshold
// under 1, a key id twice in a ring or among the signatures; unsupported for another major version
// of the specification. Unknown members are kept under the signature and have no meaning.
Result<TufRoot> parse_tuf_root(std::string_view json);
Result<TufTimestamp> parse_tuf_timestamp(std::string_view json);
Result<TufSnapshot> parse_tuf_snapshot(std::string_view json);
Result<TufTargets> parse_tuf_targets(std::string_view json);

bool is_tuf_top_level(std::string_view role);

// The key of the three texts; never fails, see TufKey::key.
TufKey make_tuf_key(std::string type, std::string scheme, std::string value);
// The texts for a key of ours, and its id: the SHA-256 of its canonical JSON.
TufKey tuf_key_of(const PublicKey& key);
std::string tuf_key_id(const TufKey& key);

// Good when at least `threshold` different keys of the ring have signed; one key under two ids is
// one. `role` is for the refusal.
Checked<void> tuf_signed_by(const TufSigned& metadata, const TufKeys& keys, const TufRing& ring,
                            const std::string& role);

// Every hash that we know must be right, and at least one must be known.
Checked<void> tuf_hashes_match(std::string_view bytes, const TufHashes& hashes,
                               const std::string& field);

}  // namespace boltseal
