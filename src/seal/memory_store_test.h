// A store in memory whose registry behaves as the worst of them: no referrers, no ETags, and a hook
// that is called before each write, in which a test lets others write.
#pragma once
#include <functional>
#include <map>

#include "crypto/digest.h"
#include "seal/artifact_store.h"

namespace boltseal::test {

class MemoryStore final : public ArtifactStore {
 public:
  std::map<std::string, std::string> blobs;      // by digest
  std::map<std::string, std::string> manifests;  // by digest
  std::map<std::string, std::string> named;      // tag → digest
  std::function<void(const std::string& tag)> before_write;
  bool lists_tags = true;
  int writes = 0;

  const std::string& name() const override { return name_; }
  Result<StoredManifest> manifest(const std::string& reference) override {
    const auto tag = named.find(reference);
    const std::string digest = tag == named.end() ? reference : tag->second;
    const auto found = manifests.find(digest);
    if (found == manifests.end()) return fail(Fault::not_found, "has no " + reference, name_);
    StoredManifest out;
    out.digest = digest;
    out.body = found->second;
    TRY(out.manifest, parse_artifact(out.body, "", name_));
    return out;
  }
  Result<> pull(const Descriptor& blob,
                const std::function<Result<>(std::string_view)>& sink) override {
    const auto found = blobs.find(blob.digest);
    if (found == blobs.end()) return fail(Fault::not_found, "has no blob", name_);
    return sink(found->second);
  }
  Result<std::vector<Descriptor>> referrers(const std::string& digest, const std::string& type,
                                            bool thorough) override {
    auto found = list(fallback_tag(digest), ListKind::index, thorough);
    if (!found && found.error().fault == Fault::not_found) return std::vector<Descriptor>{};
    if (found)
      std::erase_if(*found, [&](const Descriptor& entry) {
        return !entry.artifact_type.starts_with(type.substr(0, type.find('*')));
      });
    return found;
  }
  Result<std::vector<std::string>> tags(const std::string& prefix) override {
    if (!lists_tags) return fail(Fault::io, "lists no tags", name_);
    std::vector<std::string> out;
    for (const auto& [tag, digest] : named)
      if (tag.starts_with(prefix)) out.push_back(tag);
    return out;
  }
  Result<std::vector<Descriptor>> list(const std::string& tag, ListKind kind,
                                       bool thorough) override {
    if (thorough) return read_shared_list(*this, tag, kind);
    TRY(const auto found, manifest(tag));
    return entries_of(found.manifest, kind, tag);
  }
  Result<> put_blob(const std::string& digest, std::uint64_t, const BlobPull& pull,
                    const std::string&) override {
    std::string bytes;
    TRY_DO(pull([&](std::string_view chunk) -> Result<> {
      bytes += chunk;
      return {};
    }));
    blobs[digest] = bytes;
    return {};
  }
  Result<bool> put_manifest(const std::string& reference, const std::string&,
                            const std::string& body, const std::string&) override {
    if (before_write) before_write(reference);
    ++writes;
    manifests[sha256_digest(body)] = body;
    if (!is_digest(reference)) named[reference] = sha256_digest(body);
    return false;
  }
  Result<Descriptor> attach(const Manifest& manifest) override {
    const std::string body = write_manifest(manifest);
    Descriptor entry;
    entry.media_type = manifest.media_type;
    entry.digest = sha256_digest(body);
    entry.size = body.size();
    entry.artifact_type = manifest.artifact_type;
    manifests[entry.digest] = body;
    TRY_DO(list_referrer(manifest.subject->digest, entry));
    return entry;
  }
  Result<> list_referrer(const std::string& subject, const Descriptor& referrer) override {
    return change_list(fallback_tag(subject), ListKind::index, {{referrer}, {}});
  }
  Result<> change_list(const std::string& tag, ListKind kind, const ListChange& change) override {
    return change_shared_list(*this, tag, kind, change);
  }
  Result<> detach(const std::string& subject, const Descriptor& referrer) override {
    return change_list(fallback_tag(subject), ListKind::index, {{}, {referrer}});
  }
  Result<> remove(const std::string& reference) override {
    if (named.erase(reference) + manifests.erase(reference) == 0)
      return fail(Fault::not_found, "has no " + reference, name_);
    return {};
  }

 private:
  std::string name_ = "memory";
};

}  // namespace boltseal::test
