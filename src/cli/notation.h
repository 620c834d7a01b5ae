// What the commands that sign and verify take for notation's signatures, and what these make of it.
#pragma once
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/store_options.h"
#include "crypto/signer.h"
#include "seal/artifact_store.h"
#include "seal/notation_image.h"

namespace boltseal {

struct NotationSignFlags {
  std::string chain, expiry;
  std::string timestamp_url;  // --timestamp-server-url, which other formats have too
};
void add_notation_sign_options(Command& command, NotationSignFlags& flags);
// Why names_services() is refused beside one of these formats.
constexpr std::string_view notation_services =
    "a signature of notation takes --key, --certificate-chain and --timestamp-server-url; other "
    "services are for bundles";
// Whether --format asks for one of notation's envelopes.
bool is_notation_format(std::string_view format);
// What the flags say; the chain is that of the signer's key.
Result<NotationSignOptions> notation_sign_options(std::string_view format,
                                                  const NotationSignFlags& flags,
                                                  const Signer& signer,
                                                  const Annotations& metadata);
// Signs the images; `metadata` is what -a gave.
Result<> sign_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                          const Signer& signer, std::string_view format,
                          const NotationSignFlags& flags, const Annotations& metadata);

struct NotationVerifyFlags {
  std::string policy, store, scope;
  std::vector<std::string> revocation_lists, ocsp_responses;
  bool offline = false;  // nobody is asked about revocation
  bool asked() const { return !policy.empty(); }
};
void add_notation_verify_options(Command& command, NotationVerifyFlags& flags);

// The policy that applies, and the certificates and lists to judge by.
struct NotationJudge {
  NotationPolicy policy;
  NotationTrust trust;                         // empty for the level skip
  std::unique_ptr<RevocationFetcher> fetcher;  // null when offline
};
// `name`: of an image its repository, of a blob the policy ("" for the global one).
Result<NotationJudge> notation_judge(const NotationVerifyFlags& flags, NotationSubject subject,
                                     const std::string& name);
// On standard error: that nothing was verified; and what the policy only logs.
void say_skipped(const NotationPolicy& policy, const std::string& what);
void say_logged(const VerifiedNotation& verified);

// The exit code of `verify`, after saying on standard error what was found.
int verify_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                       const std::string& reference, const NotationVerifyFlags& flags,
                       const Annotations& metadata);

}  // namespace boltseal
