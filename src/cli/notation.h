// What `sign` and `verify` take for notation's signatures.
#pragma once
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/store_options.h"
#include "crypto/signer.h"
#include "seal/artifact_store.h"

namespace boltseal {

struct NotationSignFlags {
  std::string chain, expiry, timestamp_url;
};
void add_notation_sign_options(Command& command, NotationSignFlags& flags);
// Whether --format asks for one of notation's envelopes.
bool is_notation_format(std::string_view format);
// Signs the images; `metadata` is what -a gave.
Result<> sign_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                          const Signer& signer, std::string_view format,
                          const NotationSignFlags& flags, const Annotations& metadata);

struct NotationVerifyFlags {
  std::string policy, store, scope;
  std::vector<std::string> revocation_lists;
  bool asked() const { return !policy.empty(); }
};
void add_notation_verify_options(Command& command, NotationVerifyFlags& flags);
// The exit code of `verify`, after saying on standard error what was found.
int verify_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                       const std::string& reference, const NotationVerifyFlags& flags,
                       const Annotations& metadata);

}  // namespace boltseal
