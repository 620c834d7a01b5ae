// --log and --log-key of the commands that verify: a log of one's own that must have the signature.
#pragma once
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "seal/artifact_store.h"
#include "seal/refusal.h"
#include "seal/required_log.h"
#include "seal/trusted_root.h"
#include "seal/verify_bundle.h"

namespace boltseal {

struct RequiredLogFlags {
  std::string place, key;
  bool asked() const { return !place.empty(); }
};
void add_required_log_options(Command& command, RequiredLogFlags& flags);

// Where it is asked for: opens the log into `opened`, which must outlive the policy, and has policy
// and root know it. Refusals are those of RequiredLog::open.
Checked<void> require_log(const RequiredLogFlags& flags, const StoreOptions& options,
                          std::optional<RequiredLog>& opened, BundlePolicy& policy,
                          TrustedRoot& root);

}  // namespace boltseal
