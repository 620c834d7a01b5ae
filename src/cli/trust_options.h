// The options that say whom a verification trusts, with cosign's names, and what they make: the one
// policy of `verify`, `verify-attestation` and `verify-blob`.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/log_options.h"
#include "seal/refusal.h"
#include "seal/trusted_root.h"
#include "seal/verify_bundle.h"

namespace boltseal {

struct TrustOptions {
  std::vector<std::string> keys;
  std::vector<std::string> identities, identity_patterns;
  std::string issuer, issuer_pattern;
  // Of a GitHub workflow: what a certificate must say of it; "" for anything.
  std::string trigger, sha, workflow, repository, ref;
  std::string trusted_root;                // file; "" for the built-in one
  std::string certificate_chain;           // PEM of authorities that come instead of the root's
  std::string ca_roots, ca_intermediates;  // the same in two files, of several authorities
  std::string timestamp_chain;
  std::vector<std::string> witnesses;
  std::size_t witness_threshold = 0;
  std::size_t logs = 1;
  // A signature of a key needs a log's entry too: --require-log; what a command begins with.
  bool keys_need_log = false;
  std::string key_records;  // a file or folder of them
  StandingRules standing;
  bool ignore_log = false, ignore_sct = false, use_timestamps = false;
  RequiredLogFlags log;
};

// `options` is read when the command line has been; its values until then are the defaults.
void add_trust_options(Command& command, TrustOptions& options);

struct Trust {
  BundlePolicy policy;
  TrustedRoot root;  // empty where nothing asks for it: reading it costs time
};
// unsupported where the options contradict each other (Exit::usage), else what a file has wrong.
Result<Trust> read_trust(const TrustOptions& options);

// The root that they name, whether a policy needs it or not.
Result<TrustedRoot> trusted_root(const TrustOptions& options);

// Prints a refusal for a person and gives Exit::findings.
int refused(const Refusal& refusal);

}  // namespace boltseal
