// The options that say whom a verification trusts, with cosign's names, and the policy that they
// make.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "seal/refusal.h"
#include "seal/trusted_root.h"
#include "seal/verify_bundle.h"

namespace boltseal {

struct TrustOptions {
  std::vector<std::string> keys;
  std::vector<std::string> identities, identity_patterns;
  std::string issuer, issuer_pattern;
  std::string trusted_root;       // file; "" for the built-in one
  std::string certificate_chain;  // PEM of authorities that come instead of the root's
  std::string timestamp_chain;
  std::vector<std::string> witnesses;
  std::size_t witness_threshold = 0;
  std::size_t logs = 1;
  bool ignore_log = false, ignore_sct = false, use_timestamps = false;
  bool offline = false;  // as it always is
};

void add_trust_options(Command& command, TrustOptions& options);

// unsupported where the options contradict each other (Exit::usage), else what a file has wrong.
Result<BundlePolicy> bundle_policy(const TrustOptions& options);
Result<TrustedRoot> trusted_root(const TrustOptions& options);

// Prints a refusal for a person and gives Exit::findings.
int refused(const Refusal& refusal);

}  // namespace boltseal
