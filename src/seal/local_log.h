// A transparency log without a server: a tree of entries that only grows, in a folder, an OCI
// layout or a repository of a registry, or behind any web server (to read).
//
// The layout is C2SP tlog-tiles (https://c2sp.org/tlog-tiles): `checkpoint`, a signed note;
// tile/<L>/<N>[.p/<W>], hashes; tile/entries/<N>[.p/<W>], entries behind their 16-bit length. So
// Rekor v2 clients read it. Entries are bodies of hashedrekord 0.0.2, or any JSON in canonical
// form.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"
#include "crypto/signer.h"
#include "seal/checkpoint.h"
#include "seal/file_store.h"
#include "seal/log_entry.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::size_t max_log_entry = 65535;
constexpr std::uint64_t max_log_size = 1ULL << 40;

// Tile `index` of a level ("entries" for that of entries) of which `width` hashes are there (256:
// all): "tile/0/x001/234.p/7".
std::string tile_path(const std::string& level, std::uint64_t index, unsigned width);
// The entries of a tile, `width` of them; corrupt when they are more, fewer or cut off.
Result<std::vector<std::string>> parse_entry_tile(std::string_view bytes, unsigned width);

// A log as one of its checkpoints has it. Its hashes are believed where a proof of them leads to
// the checkpoint's root, and no earlier.
class LogTree {
 public:
  LogTree(FileStore& store, std::uint64_t size) : store_(&store), size_(size) {}
  std::uint64_t size() const { return size_; }
  Result<std::string> root();
  Result<std::string> leaf(std::uint64_t index);   // its hash
  Result<std::string> entry(std::uint64_t index);  // its bytes
  Result<std::vector<std::string>> inclusion(std::uint64_t index);
  Result<std::vector<std::string>> consistency(std::uint64_t old_size);

 private:
  Result<std::string> node(unsigned level, std::uint64_t index);
  Result<std::string> range(std::uint64_t begin, std::uint64_t end);
  Result<std::string> tile(unsigned level, std::uint64_t index);
  unsigned width_of(unsigned level, std::uint64_t index) const;

  FileStore* store_;
  std::uint64_t size_;
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles_;
};

// Whose log it is.
struct LogIdentity {
  std::string origin;  // a host name, or looks like one: letters, digits, "-" and "."
  PublicKey key;
};
// The log of a store, by the name in its checkpoint, which the key must have signed: whose log it
// is the key tells. Refusals: "log-missing", those of checkpoints.
Checked<LogIdentity> log_identity(FileStore& store, const PublicKey& key);
// What entries call the log by (logId.keyId): SHA-256 of the SPKI; for Ed25519 that of
// signed-note, of which the key hint is the beginning.
std::string log_id_of(const LogIdentity& log);
// A trusted_root.json for this log alone, from `start` on (seconds since 1970).
std::string trusted_root_of(const LogIdentity& log, std::int64_t start);

// Refuses where there is a log already.
Checked<void> create_log(FileStore& store, const std::string& origin, const Signer& signer);

// Adds an entry and signs the tree with it; the store must be open for writing. The checkpoint that
// is there must be by this signer. The entry is in its place, with its proof.
Checked<LogEntry> log_append(FileStore& store, const std::string& origin, const Signer& signer,
                             std::string_view body);
// The entry `index` with its proof in the tree of the current checkpoint, whose signature is the
// caller's to check (verify_log).
Checked<LogEntry> log_prove(FileStore& store, const LogIdentity& log, std::uint64_t index);

// The body of hashedrekord 0.0.2 for a signature by a key, or by a certificate (DER; then `key` is
// that of the certificate). `digest` is raw, of what was signed.
Result<std::string> hashedrekord_body(HashKind hash, std::string_view digest,
                                      std::string_view signature, const PublicKey& key,
                                      std::string_view certificate);

struct LogPolicy {
  std::vector<Witness> witnesses;
  std::size_t threshold = 0;
};
struct VerifiedLog {
  Checkpoint checkpoint;
  std::vector<Cosignature> cosignatures;
  std::uint64_t seen = 0;  // how large it was when it was seen last; 0: never
};
// The current checkpoint, signed by the log and by enough witnesses, and grown from the one that
// was seen last here, which it then replaces. Refusals: log-rollback (smaller than it was),
// log-fork (another history). `state`: $state_directory()/logs/<SHA-256 of the origin>.
Checked<VerifiedLog> verify_log(FileStore& store, const LogIdentity& log, const LogPolicy& policy,
                                const std::string& state);
std::string log_state(std::string_view origin);
// verify_log, and that every entry is in the tree under its hash. Reads the whole log.
Checked<VerifiedLog> verify_whole_log(FileStore& store, const LogIdentity& log,
                                      const LogPolicy& policy, const std::string& state);
// That the tree of a checkpoint which came with some evidence is the beginning of the log as
// verify_log has just found it, and of the same history.
Checked<void> verify_log_evidence(FileStore& store, const LogIdentity& log,
                                  const VerifiedLog& current, const LogEntry& evidence);

// A witness signs the checkpoint, after verify_log with its own state: a line more in the note.
Checked<void> log_witness(FileStore& store, const VerifiedLog& log, const std::string& name,
                          const Signer& witness, std::int64_t now);
// "name+hint+base64", for parse_witness; unsupported for a key that is not Ed25519.
Result<std::string> witness_key_text(const std::string& name, const PublicKey& key);

}  // namespace boltseal
