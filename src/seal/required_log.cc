#include "seal/required_log.h"

namespace boltseal {

Checked<RequiredLog> RequiredLog::open(std::unique_ptr<FileStore> store, const PublicKey& key) {
  TRY(auto log, log_identity(*store, key));
  TRY(auto current, verify_log(*store, log, {}, log_state(log.origin)));
  return RequiredLog(std::move(store), std::move(log), std::move(current));
}

Checked<void> RequiredLog::has(const LogEntry& entry) const {
  return verify_log_evidence(*store_, log_, current_, entry);
}

TrustedLog RequiredLog::trusted_log(const LogIdentity& log) {
  return {"https://" + log.origin, log.origin, log_id_of(log), log.key, {}};
}

}  // namespace boltseal
