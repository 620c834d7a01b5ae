// Reading a log: its checkpoint against what was seen of it before.
#include <fmt/format.h>

#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "seal/local_log.h"
#include "seal/state_directory.h"

namespace boltseal {
namespace {

Checked<Checkpoint> signed_note(std::string_view note, const LogIdentity& log,
                                const std::string& field) {
  TRY(auto out, readable(parse_checkpoint(note), field));
  if (out.origin != log.origin)
    return refuse("checkpoint-origin-mismatch", "the checkpoint is of another log", field,
                  log.origin, out.origin);
  TRY_DO(verify_checkpoint(out, log.key, log.origin, field));
  return out;
}

// That the tree of `old` is the beginning of the tree of `now`, which the store holds.
Checked<void> grown(FileStore& store, const Checkpoint& old, const Checkpoint& now,
                    const std::string& field) {
  if (now.size < old.size)
    return refuse("log-rollback", "the log is smaller than it was when it was seen before", field,
                  fmt::format("at least {} entries", old.size), fmt::format("{}", now.size));
  LogTree tree(store, now.size);
  TRY(const auto proof, readable(tree.consistency(old.size), "tile"));
  if (!verify_consistency(old.size, now.size, old.root, now.root, proof))
    return refuse("log-fork",
                  "the log has another history than the one that was seen before: keep both "
                  "checkpoints, they prove it",
                  field, fmt::format("{} entries under {}", old.size, hex(old.root)),
                  fmt::format("{} entries under {}", now.size, hex(now.root)));
  return {};
}

}  // namespace

Checked<LogIdentity> log_identity(FileStore& store, const PublicKey& key) {
  const auto note = store.get("checkpoint", max_checkpoint);
  if (!note) return refuse("log-missing", note.error().message(), "checkpoint");
  TRY(const auto checkpoint, readable(parse_checkpoint(*note), "checkpoint"));
  TRY_DO(verify_checkpoint(checkpoint, key, checkpoint.origin, "checkpoint"));
  return LogIdentity{checkpoint.origin, key};
}

std::string log_state(std::string_view origin) {
  return state_directory() + "/logs/" + sha256_hex(origin);
}

Checked<VerifiedLog> verify_log(FileStore& store, const LogIdentity& log, const LogPolicy& policy,
                                const std::string& state) {
  VerifiedLog out;
  TRY_DO(readable(make_directories(state), "state"));
  TRY(const auto lock, readable(lock_file(state + "/.lock"), "state"));
  const auto note = store.get("checkpoint", max_checkpoint);
  if (!note && note.error().fault == Fault::not_found)
    return refuse("log-missing", "there is no log here", "checkpoint");
  if (!note) return refuse(note.error(), "checkpoint");
  TRY(out.checkpoint, signed_note(*note, log, "checkpoint"));
  TRY(out.cosignatures,
      verify_cosignatures(out.checkpoint, policy.witnesses, policy.threshold, "checkpoint"));
  const std::string path = state + "/checkpoint";
  const auto before = read_file(path, max_checkpoint);
  if (!before && before.error().fault != Fault::not_found)
    return refuse(before.error(), "checkpoint seen before");
  if (before) {
    TRY(const auto seen, signed_note(*before, log, "checkpoint seen before"));
    TRY_DO(grown(store, seen, out.checkpoint, "checkpoint"));
    out.seen = seen.size;
  }
  TRY_DO(readable(write_durably(path, *note), "state"));
  return out;
}

Checked<VerifiedLog> verify_whole_log(FileStore& store, const LogIdentity& log,
                                      const LogPolicy& policy, const std::string& state) {
  TRY(auto out, verify_log(store, log, policy, state));
  LogTree tree(store, out.checkpoint.size);
  MerkleBuilder builder;
  for (std::uint64_t index = 0; index < out.checkpoint.size; ++index) {
    TRY(const auto body, readable(tree.entry(index), "entry"));
    builder.add(merkle_leaf(body));
  }
  TRY(const auto by_tiles, readable(tree.root(), "tile"));
  for (const std::string& root : {builder.root(), by_tiles}) {
    if (root != out.checkpoint.root)
      return refuse("log-damaged", "entries or tiles are not those of the checkpoint",
                    "checkpoint.root", hex(out.checkpoint.root), hex(root));
  }
  return out;
}

Checked<void> verify_log_evidence(FileStore& store, const LogIdentity& log,
                                  const VerifiedLog& current, const LogEntry& evidence) {
  if (!evidence.proof)
    return refuse("log-proof-missing", "the entry comes without a proof", "inclusionProof");
  TRY(const auto its, signed_note(evidence.proof->checkpoint, log, "inclusionProof.checkpoint"));
  if (!verify_inclusion(evidence.proof->log_index, its.size, merkle_leaf(evidence.body),
                        evidence.proof->hashes, its.root))
    return refuse("inclusion-proof-invalid", "the proof does not lead from the entry to the tree",
                  "inclusionProof");
  return grown(store, its, current.checkpoint, "inclusionProof.checkpoint");
}

}  // namespace boltseal
