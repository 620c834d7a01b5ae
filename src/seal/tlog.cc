#include "seal/tlog.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"
#include "crypto/merkle.h"
#include "seal/schemes.h"

namespace boltseal {
namespace {

// The signed entry timestamp: the log's promise, with the time at which it took the entry in. What
// it signs is canonical JSON (RFC 8785), whose members are in this order and need no escapes.
Checked<void> verify_promise(const LogEntry& entry, const TrustedLog& log,
                             const std::string& path) {
  if (!log.valid.contains(entry.integrated_time))
    return refuse("log-key-outside-validity",
                  "the log's key is not trusted for the time of the entry",
                  path + ".integratedTime", log.valid.text(), rfc3339(entry.integrated_time));
  const std::string message =
      fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})",
                  base64(entry.body), entry.integrated_time, hex(entry.log_id), entry.log_index);
  if (!signed_by(log.key, message, entry.promise))
    return refuse("log-promise-invalid", "the log's signed entry timestamp is wrong",
                  path + ".inclusionPromise", "a signature by key " + log.key.id(), "another");
  return {};
}

Checked<std::vector<Cosignature>> verify_proof(const LogEntry& entry, const TrustedLog& log,
                                               const WitnessPolicy& witnesses,
                                               const std::string& path) {
  const InclusionProof& proof = *entry.proof;
  const std::string field = path + ".inclusionProof", note = field + ".checkpoint";
  const auto checkpoint = parse_checkpoint(proof.checkpoint);
  if (!checkpoint) return refuse("checkpoint-invalid", checkpoint.error().what, note);
  // A tiled log is known by its host; an old one by its key alone, for its name may be another
  // inside of a deployment.
  const std::string name = entry.tiled() ? log.host : "";
  if (entry.tiled() && checkpoint->origin != log.host)
    return refuse("checkpoint-origin-mismatch", "the checkpoint is of another log", note, log.host,
                  checkpoint->origin);
  if (auto good = verify_checkpoint(*checkpoint, log.key, name, note); !good)
    return std::unexpected(good.error());
  if (checkpoint->root != proof.root)
    return refuse("checkpoint-root-mismatch", "the checkpoint is of another tree than the proof",
                  field + ".rootHash", hex(checkpoint->root), hex(proof.root));
  if (checkpoint->size != proof.tree_size)
    return refuse("checkpoint-size-mismatch", "the checkpoint is of another tree than the proof",
                  field + ".treeSize", fmt::format("{}", checkpoint->size),
                  fmt::format("{}", proof.tree_size));
  if (entry.tiled() && proof.log_index != entry.log_index)
    return refuse("inclusion-proof-invalid", "the proof is for another entry", field + ".logIndex",
                  fmt::format("{}", entry.log_index), fmt::format("{}", proof.log_index));
  const auto root =
      root_of_inclusion(proof.log_index, checkpoint->size, merkle_leaf(entry.body), proof.hashes);
  if (!root) return refuse("inclusion-proof-invalid", root.error().what, field + ".hashes");
  if (*root != checkpoint->root)
    return refuse("inclusion-proof-invalid", "the proof does not lead from the entry to the tree",
                  field, hex(checkpoint->root), hex(*root));
  return verify_cosignatures(*checkpoint, witnesses.witnesses, witnesses.threshold, note);
}

Checked<void> same_signer(const LoggedSignature& logged, const SignedThing& thing,
                          const std::string& field) {
  const bool certified = thing.certificate != nullptr;
  const std::string wanted =
      certified ? "certificate " + thing.certificate->thumbprint() : "key " + thing.key->id();
  const std::string found = logged.certificate.empty()
                                ? "key " + sha256_hex(logged.key)
                                : "certificate " + sha256_hex(logged.certificate);
  if (wanted != found)
    return refuse("log-entry-signer-mismatch", "the log entry is of another signer", field, wanted,
                  found);
  return {};
}

// What the entry's digest must be of: v1 entries of an envelope keep that of its payload, v2 that
// of what was signed.
Checked<std::string> expected_digest(const LoggedSignature& logged, const SignedThing& thing,
                                     bool tiled, const std::string& field) {
  if (logged.of_payload != (thing.envelope && !tiled))
    return refuse("log-entry-kind-mismatch",
                  "the log entry is of another kind of signature than the bundle", field,
                  thing.envelope ? "dsse or intoto" : "hashedrekord",
                  logged.of_payload ? "dsse or intoto" : "hashedrekord");
  if (thing.envelope)
    return hash(logged.hash,
                tiled ? pre_authentication(thing.envelope->payload_type, thing.envelope->payload)
                      : thing.envelope->payload);
  auto digest = thing.artifact->digest(logged.hash);
  if (!digest) return refuse("digest-unavailable", digest.error().what, field);
  return *std::move(digest);
}

Checked<void> same_content(const LogEntry& entry, const SignedThing& thing,
                           const std::string& path) {
  const std::string field = path + ".canonicalizedBody";
  TRY(const auto logged, read_logged_signature(entry, path));
  TRY(const auto digest, expected_digest(logged, thing, entry.tiled(), field));
  if (logged.digest != digest)
    return refuse("log-entry-digest-mismatch", "the log entry is of another artifact", field,
                  hex(digest), hex(logged.digest));
  TRY_DO(same_signer(logged, thing, field));
  if (logged.signature != thing.signature)
    return refuse("log-entry-signature-mismatch", "the log entry is of another signature", field,
                  base64(thing.signature), base64(logged.signature));
  return {};
}

}  // namespace

Checked<VerifiedEntry> verify_log_entry(const LogEntry& entry, const SignedThing& thing,
                                        const TrustedRoot& root, const WitnessPolicy& witnesses,
                                        const std::string& path) {
  if (!thing.certificate && !thing.key)
    return refuse("key-missing", "nothing to compare the log entry with", path);
  const TrustedLog* log = root.log(entry.log_id);
  if (!log)
    return refuse("log-unknown", "the entry is of a log that is not trusted here",
                  path + ".logId.keyId", "a log of the trusted root", hex(entry.log_id));
  if (entry.promise.empty() && !entry.proof)
    return refuse("log-proof-missing", "the entry has neither a promise nor a proof", path,
                  "inclusionPromise or inclusionProof", "none");
  if (entry.tiled() && !entry.proof)
    return refuse("log-proof-missing", "an entry of a tiled log needs its inclusion proof", path,
                  "inclusionProof", "none");
  if (entry.tiled() && !entry.promise.empty())
    return refuse("log-promise-invalid", "a tiled log makes no promises",
                  path + ".inclusionPromise", "none", "a promise");
  if (witnesses.threshold > 0 && !entry.proof)
    return refuse("witnesses-missing", "without an inclusion proof there are no witnesses", path,
                  fmt::format("{} witnesses", witnesses.threshold), "0");
  VerifiedEntry out{log->base_url,
                    hex(entry.log_id),
                    entry.kind + " " + entry.version,
                    entry.log_index,
                    std::nullopt,
                    std::nullopt,
                    {}};
  if (!entry.promise.empty()) {
    TRY_DO(verify_promise(entry, *log, path));
    out.integrated_time = entry.integrated_time;
  }
  if (entry.proof) {
    TRY(out.cosignatures, verify_proof(entry, *log, witnesses, path));
    out.tree_size = entry.proof->tree_size;
  }
  TRY_DO(same_content(entry, thing, path));
  return out;
}

}  // namespace boltseal
