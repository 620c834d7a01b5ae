// Reads images from a registry, and writes what is attached to them: OCI distribution 1.1, which is
// Docker's registry protocol v2 with a name.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
//
// A body is believed only when its digest is the one asked for. Blob reads go on where they broke
// off. Credentials are looked up when the registry asks for them, and are sent to no other origin.
// Mirrors are read from, never written to. Safe to use from several threads.
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
constexpr std::size_t max_referrers = 10'000;  // of one image, of the type asked for
constexpr std::size_t max_tags = 1'000'000;    // of one repository

struct RegistryOptions {
  bool insecure_http = false;  // plain HTTP is allowed where https does not answer
  bool plain_http = false;     // the user wrote http://
  MirrorFiles mirrors;
  std::vector<std::string> credential_files;
  HelperRunner run_helper = run_credential_helper;
  std::optional<Credentials> credentials;  // instead of those files, for the registry itself
  std::string bearer_token;                // likewise, in answer to a Bearer challenge
  int ping_seconds = 16;                   // in all, to find out whether a registry speaks TLS
  // What tokens are asked for. With more than "pull" mirrors are left out: what is written is read
  // back from where it went.
  std::string actions = "pull";
};
// What the environment and the user's files say.
RegistryOptions registry_options();

struct FetchedManifest {
  Manifest manifest;
  std::string digest;
  std::string body;
};

// A manifest or index of any kind, as it came.
struct RawManifest {
  std::string body, digest, media_type;
  std::string etag;  // "" where the registry gives none
};

// Gives the bytes of a blob to a sink, in order.
using BlobPull = std::function<Result<>(const std::function<Result<>(std::string_view)>& sink)>;

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
  // Any manifest, its digest verified; not_found where there is none.
  Result<RawManifest> raw_manifest(const std::string& reference);

  // The manifests whose subject is `digest`, by the referrers API with all its pages; those of
  // another artifact type than `artifact_type` ("" for all; "a/b*": those that begin so) are left
  // out here, whatever the registry filtered. Nothing where the registry has no such API.
  Result<std::optional<std::vector<Descriptor>>> referrers(const std::string& digest,
                                                           const std::string& artifact_type);
  // The tags that begin with `prefix`, sorted; none in a repository that is not there yet.
  Result<std::vector<std::string>> tags(const std::string& prefix);

  // The writing half. Stores a blob unless it is there. With `mount_from` (another repository of
  // this registry) the registry is asked to take it from there first.
  Result<> put_blob(const std::string& digest, std::uint64_t size, const BlobPull& pull,
                    const std::string& mount_from = {});
  Result<> put_blob(std::string_view bytes);
  // True when the registry says that it has taken note of the subject (OCI-Subject). `if_match`: an
  // ETag that the tag must still have; registries that know no ETags pass over it.
  // Fault::unsupported when it had another.
  Result<bool> put_manifest(const std::string& reference, const std::string& media_type,
                            const std::string& body, const std::string& if_match = {});
  // not_found when it is not there, unsupported when the registry deletes nothing.
  Result<> remove_manifest(const std::string& reference);
  Result<bool> has_manifest(const std::string& reference);

 private:
  struct State;
  explicit Registry(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace boltseal
