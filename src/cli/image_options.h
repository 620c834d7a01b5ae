// What `verify` and `verify-attestation` share: which images are asked about, who is trusted, and
// how it ends when an image cannot be had.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/store_options.h"
#include "cli/trust_options.h"
#include "seal/artifact_store.h"
#include "seal/image_verify.h"
#include "seal/required_log.h"

namespace boltseal {

struct ImageOptions {
  std::vector<std::string> references;
  std::string platform, output = "json";
  bool local = false;  // the references are folders
  bool check_claims = true, recursive = false;
  bool bundles = true, oci_references = true;
  std::string digest_algorithm;
  std::size_t required = 1;
  unsigned workers = 0;
  StoreFlags store;
  TrustOptions trust;
};
// `outputs`: what -o takes, and `about` them.
void add_image_options(Command& command, ImageOptions& options,
                       const std::vector<std::string>& outputs, const std::string& about);

// By what images are judged. The policy points into the rest, so that it stays where it is made.
struct ImageTrust {
  Trust trust;
  std::optional<RequiredLog> log;
  ImagePolicy policy;

  ImageTrust() = default;
  ImageTrust(const ImageTrust&) = delete;
  ImageTrust& operator=(const ImageTrust&) = delete;
};
// Fills `out`, and opens the log that is asked for; else says why not and gives the exit code:
// Exit::usage for a wrong call, seal_error for what could not be read or is refused.
int read_image_trust(const ImageOptions& options, ImageTrust& out);

// Calls `check` with each reference as given, the store of its signatures and the images that it
// means, until one gives another exit code than seal_good. An image that cannot be had ends it as
// it does in cosign.
int for_each_image(const ImageOptions& options,
                   const std::function<int(const std::string& reference, ArtifactStore& signatures,
                                           const std::vector<StoredManifest>& images)>& check);

}  // namespace boltseal
