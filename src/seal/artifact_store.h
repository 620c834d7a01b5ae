// Where images are stored, and what is attached to them: a registry or an OCI image layout.
//
// Attached are referrers (manifests with a `subject`) and cosign's lists under tags. A registry
// with the referrers API keeps track of the former itself; elsewhere they stand in an index under
// the fallback tag, and writers see to it together that none is lost (shared_list.h).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/credentials.h"
#include "net/manifest.h"
#include "net/registry.h"
#include "seal/shared_list.h"

namespace boltseal {

struct StoredManifest {
  Manifest manifest;
  std::string digest, body;
  std::string etag;
  Descriptor descriptor() const;
};

class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;
  // The repository as signatures name it: "reg.example/team/app"; of a layout its folder's name.
  virtual const std::string& name() const = 0;
  // By tag or digest; the body is that of the digest. not_found where there is none.
  virtual Result<StoredManifest> manifest(const std::string& reference) = 0;
  // Exactly descriptor.size bytes go to the sink, or there is an Error; the digest is the caller's.
  virtual Result<> pull(const Descriptor& blob,
                        const std::function<Result<>(std::string_view)>& sink) = 0;
  // Manifests whose subject is `digest`, of an artifact type ("" for all, "a/b*": that begins so).
  // `thorough`: also what only the tags of entries tell (shared_list.h), for one more request.
  virtual Result<std::vector<Descriptor>> referrers(const std::string& digest,
                                                    const std::string& artifact_type,
                                                    bool thorough) = 0;
  // The tags that begin so, sorted.
  virtual Result<std::vector<std::string>> tags(const std::string& prefix) = 0;
  // The entries of a list under a tag; not_found where there is no such list.
  virtual Result<std::vector<Descriptor>> list(const std::string& tag, ListKind kind,
                                               bool thorough) = 0;

  virtual Result<> put_blob(const std::string& digest, std::uint64_t size, const BlobPull& pull,
                            const std::string& mount_from) = 0;
  // True when the store keeps track of the manifest's subject by itself.
  virtual Result<bool> put_manifest(const std::string& reference, const std::string& media_type,
                                    const std::string& body, const std::string& if_match) = 0;
  // Stores a manifest that has a subject so that referrers() finds it.
  virtual Result<Descriptor> attach(const Manifest& manifest) = 0;
  // Makes a manifest that is stored already known as a referrer of `subject`.
  virtual Result<> list_referrer(const std::string& subject, const Descriptor& referrer) = 0;
  // Adds to and takes from the list under a tag; nothing that somebody else adds meanwhile is lost.
  virtual Result<> change_list(const std::string& tag, ListKind kind, const ListChange& change) = 0;
  // Takes a referrer of `subject` away again.
  virtual Result<> detach(const std::string& subject, const Descriptor& referrer) = 0;
  virtual Result<> remove(const std::string& reference) = 0;

  // A whole blob, its digest verified; too_large over `cap` whatever its descriptor says.
  Result<std::string> blob(const Descriptor& blob, std::uint64_t cap);
  Result<Descriptor> put_bytes(std::string_view bytes, std::string_view media_type);
};

struct StoreOptions {
  bool insecure_http = false;
  std::string actions = "pull";  // "pull,push", "pull,push,delete"
  std::optional<Credentials> credentials;
  std::string bearer_token;
};

// An image that a user named, in its store.
struct OpenedArtifact {
  std::unique_ptr<ArtifactStore> images;
  // COSIGN_REPOSITORY: where signatures are, when it is somewhere else.
  std::unique_ptr<ArtifactStore> elsewhere;
  std::string reference;  // tag or digest; "" for the only image of a layout
  std::string text;       // as the user wrote it
  ArtifactStore& signatures() const { return elsewhere ? *elsewhere : *images; }
};

// REF as in `scan`, of which a registry's and an OCI layout's can bear attachments. `repository` is
// the value of COSIGN_REPOSITORY ("host/name"), or empty. unsupported for other kinds.
Result<OpenedArtifact> open_artifact(const std::string& text, const std::string& repository,
                                     const StoreOptions& options);

// registry_store.cc, layout_store.cc
std::unique_ptr<ArtifactStore> registry_store(Registry registry, const std::string& host,
                                              const std::string& repository);
// With `create` the layout is made where it is not there.
Result<std::unique_ptr<ArtifactStore>> layout_store(const std::string& path, bool create);

// "sha256-<hex>", the tag of OCI 1.1 for registries without the referrers API.
std::string fallback_tag(const std::string& digest);
// "sha256-<hex>.sig": cosign's; unsupported for another algorithm than SHA-256.
Result<std::string> cosign_tag(const std::string& digest, std::string_view suffix);

// The images that are meant: the manifest itself; with a platform that image of the index;
// recursive: the index and every image below it (attestation entries of BuildKit left out).
Result<std::vector<StoredManifest>> resolve_subjects(ArtifactStore& store,
                                                     const std::string& reference,
                                                     const std::string& platform, bool recursive);

}  // namespace boltseal
