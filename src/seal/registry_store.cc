// A repository of a registry as a store of images and attachments.
#include "base/text.h"
#include "crypto/digest.h"
#include "seal/artifact_store.h"

namespace boltseal {
namespace {

class RegistryStore final : public ArtifactStore {
 public:
  RegistryStore(Registry registry, std::string name)
      : registry_(std::move(registry)), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }

  Result<StoredManifest> manifest(const std::string& reference) override {
    TRY(auto raw, registry_.raw_manifest(reference));
    StoredManifest out;
    const std::string where = name_ + (is_digest(reference) ? "@" : ":") + reference;
    TRY(out.manifest, parse_artifact(raw.body, raw.media_type, where));
    out.digest = std::move(raw.digest);
    out.body = std::move(raw.body);
    out.etag = std::move(raw.etag);
    return out;
  }

  Result<> pull(const Descriptor& blob,
                const std::function<Result<>(std::string_view)>& sink) override {
    return registry_.stream(blob, sink, {});
  }

  Result<std::vector<Descriptor>> referrers(const std::string& digest,
                                            const std::string& artifact_type,
                                            bool thorough) override {
    TRY(auto known, registry_.referrers(digest, artifact_type));
    if (known && !known->empty()) return std::move(*known);
    // A registry that has learnt the API lately may still have the list of before.
    auto entries = list(fallback_tag(digest), ListKind::index, thorough && !known);
    if (!entries && entries.error().fault == Fault::not_found) return std::vector<Descriptor>{};
    if (!entries) return entries;
    const std::string_view wanted = trim_end(artifact_type, '*');
    std::erase_if(*entries, [&](const Descriptor& entry) {
      return !entry.artifact_type.empty() && !entry.artifact_type.starts_with(wanted);
    });
    if (entries->size() > max_referrers)
      return fail(Fault::too_large, "too many referrers", name_ + "@" + digest);
    return entries;
  }

  Result<std::vector<std::string>> tags(const std::string& prefix) override {
    return registry_.tags(prefix);
  }

  Result<std::vector<Descriptor>> list(const std::string& tag, ListKind kind,
                                       bool thorough) override {
    if (thorough) return read_shared_list(*this, tag, kind);
    TRY(const auto found, manifest(tag));
    return entries_of(found.manifest, kind, name_ + ":" + tag);
  }

  Result<> put_blob(const std::string& digest, std::uint64_t size, const BlobPull& pull,
                    const std::string& mount_from) override {
    return registry_.put_blob(digest, size, pull, mount_from);
  }

  Result<bool> put_manifest(const std::string& reference, const std::string& media_type,
                            const std::string& body, const std::string& if_match) override {
    return registry_.put_manifest(reference, media_type, body, if_match);
  }

  Result<Descriptor> attach(const Manifest& manifest) override {
    const std::string body = write_manifest(manifest);
    Descriptor entry;
    entry.media_type = manifest.media_type;
    entry.digest = sha256_digest(body);
    entry.size = body.size();
    entry.artifact_type = manifest.artifact_type;
    entry.annotations = manifest.annotations;
    TRY(const bool noted, put_manifest(entry.digest, manifest.media_type, body, {}));
    if (!noted) TRY_DO(list_referrer(manifest.subject->digest, entry));
    return entry;
  }

  Result<> list_referrer(const std::string& subject, const Descriptor& referrer) override {
    return change_list(fallback_tag(subject), ListKind::index, {{referrer}, {}});
  }

  Result<> detach(const std::string& subject, const Descriptor& referrer) override {
    TRY(const auto known, registry_.referrers(subject, {}));
    if (!known) TRY_DO(change_list(fallback_tag(subject), ListKind::index, {{}, {referrer}}));
    auto removed = registry_.remove_manifest(referrer.digest);
    // Out of the list is gone for every reader; the bytes may stay.
    if (!removed && known) return removed;
    return {};
  }

  Result<> change_list(const std::string& tag, ListKind kind, const ListChange& change) override {
    return change_shared_list(*this, tag, kind, change);
  }

  Result<> remove(const std::string& reference) override {
    auto removed = registry_.remove_manifest(reference);
    if (removed || removed.error().fault != Fault::unsupported || is_digest(reference))
      return removed;
    // Registries before OCI 1.1 delete by digest only.
    TRY(const auto found, registry_.raw_manifest(reference));
    return registry_.remove_manifest(found.digest);
  }

 private:
  Registry registry_;
  std::string name_;
};

}  // namespace

std::unique_ptr<ArtifactStore> registry_store(Registry registry, const std::string& host,
                                              const std::string& repository) {
  // Docker Hub's name in signatures, as everybody writes it.
  const std::string shown = host == "docker.io" ? "index.docker.io" : host;
  return std::make_unique<RegistryStore>(std::move(registry), shown + "/" + repository);
}

}  // namespace boltseal
