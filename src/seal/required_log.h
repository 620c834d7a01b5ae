// A log of one's own in which a signature must stand, for verifications that ask for it beside
// everything else.
#pragma once
#include <memory>
#include <string>

#include "crypto/public_key.h"
#include "seal/file_store.h"
#include "seal/local_log.h"
#include "seal/log_entry.h"
#include "seal/refusal.h"
#include "seal/trusted_root.h"

namespace boltseal {

class RequiredLog {
 public:
  // The log as it is now: signed by the key, and grown from what was seen of it here before
  // (verify_log, which remembers it). Its refusals, and those of log_identity.
  static Checked<RequiredLog> open(std::unique_ptr<FileStore> store, const PublicKey& key);

  const std::string& id() const { return id_; }  // raw, as entries call it
  const std::string& origin() const { return log_.origin; }
  // The log for a trusted root, so that its entries are judged like those of any other.
  TrustedLog trusted() const { return trusted_log(log_); }
  // Refuses unless the tree of the entry's proof is the beginning of the log as it is now.
  Checked<void> has(const LogEntry& entry) const;

  static TrustedLog trusted_log(const LogIdentity& log);

 private:
  RequiredLog(std::unique_ptr<FileStore> store, LogIdentity log, VerifiedLog current)
      : store_(std::move(store)),
        log_(std::move(log)),
        current_(std::move(current)),
        id_(log_id_of(log_)) {}
  std::unique_ptr<FileStore> store_;
  LogIdentity log_;
  VerifiedLog current_;
  std::string id_;
};

}  // namespace boltseal
