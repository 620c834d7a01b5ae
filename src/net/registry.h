// Reads images from a registry: OCI distribution 1.1, which is Docker's registry protocol v2 with a
// name. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
//
// A body is believed only when its digest is the one asked for. Blob reads go on where they broke
// off. Credentials are looked up when the registry asks for them, and are sent to no other origin.
// Safe to use from several threads.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/credentials.h"
#include "net/manifest.h"
#include "net/mirrors.h"

namespace boltseal {

constexpr std::uint64_t max_manifest_body = 4ULL << 20;

struct RegistryOptions {
  bool insecure_http = false;  // plain HTTP is allowed where https does not answer
  bool plain_http = false;     // the user wrote http://
  MirrorFiles mirrors;
  std::vector<std::string> credential_files;
  HelperRunner run_helper = run_credential_helper;
};
// What the environment and the user's files say.
RegistryOptions registry_options();

struct FetchedManifest {
  Manifest manifest;
  std::string digest;
  std::string body;
};

class Registry {
 public:
  // Only fails when the mirrors' configuration does; no packet is sent yet.
  static Result<Registry> open(const std::string& host, const std::string& repository,
                               RegistryOptions options);
  Registry(Registry&&) noexcept;
  ~Registry();

  // `reference` is a tag or a digest.
  Result<FetchedManifest> manifest(const std::string& reference);
  // A whole small blob, its digest verified; too_large over `cap`, whatever its descriptor says.
  Result<std::string> blob(const Descriptor& descriptor, std::uint64_t cap);
  // Gives the blob's bytes to `sink` in order, going on after a break; ends with an Error unless
  // exactly `size` bytes came. The digest is the caller's to check. `cancelled` may be empty.
  Result<> stream(const Descriptor& descriptor,
                  const std::function<Result<>(std::string_view)>& sink,
                  const std::function<bool()>& cancelled);

 private:
  struct State;
  explicit Registry(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace boltseal
