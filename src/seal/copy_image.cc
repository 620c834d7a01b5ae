#include "seal/copy_image.h"

#include <fmt/format.h>

#include <array>

#include "seal/attached.h"
#include "seal/predicate.h"

namespace boltseal {
namespace {

constexpr int max_depth = 6;  // of indexes, and of referrers of referrers
constexpr std::array list_suffixes = {"sig", "att", "sbom"};

class Copier {
 public:
  Copier(ArtifactStore& from, ArtifactStore& to, std::string mount_from)
      : from_(from), to_(to), mount_from_(std::move(mount_from)) {}

  // Everything below the manifest, then the manifest, then what is attached to it.
  Result<> image(const StoredManifest& image, const std::string& reference, int depth) {
    if (depth > max_depth) return fail(Fault::too_large, "nested too deep", image.digest);
    TRY_DO(contents(image, depth));
    TRY([[maybe_unused]] const bool noted,
        to_.put_manifest(reference, image.manifest.media_type, image.body, {}));
    ++counts_.manifests;
    return attachments(image.digest, depth);
  }
  CopyCounts counts() const { return counts_; }

 private:
  Result<> blob(const Descriptor& descriptor) {
    return to_.put_blob(
        descriptor.digest, descriptor.size,
        [&](const std::function<Result<>(std::string_view)>& sink) {
          return from_.pull(descriptor, sink);
        },
        mount_from_);
  }
  Result<> contents(const StoredManifest& image, int depth) {
    if (image.manifest.is_index) {
      for (const Descriptor& entry : image.manifest.manifests) {
        TRY(const auto child, from_.manifest(entry.digest));
        TRY_DO(this->image(child, child.digest, depth + 1));
      }
      return {};
    }
    TRY_DO(blob(image.manifest.config));
    for (const Descriptor& layer : image.manifest.layers) TRY_DO(blob(layer));
    return {};
  }
  Result<> attachments(const std::string& digest, int depth) {
    for (const char* suffix : list_suffixes) {
      const auto tag = cosign_tag(digest, suffix);
      if (!tag) continue;
      const auto entries = from_.list(*tag, ListKind::layers, true);
      if (!entries && entries.error().fault == Fault::not_found) continue;
      if (!entries) return std::unexpected(entries.error());
      for (const Descriptor& entry : *entries) TRY_DO(blob(entry));
      if (!entries->empty()) TRY_DO(to_.change_list(*tag, ListKind::layers, {*entries, {}}));
      ++counts_.attachments;
    }
    TRY(const auto referrers, from_.referrers(digest, {}, true));
    for (const Descriptor& entry : referrers) {
      TRY(const auto referrer, from_.manifest(entry.digest));
      if (depth >= max_depth) return fail(Fault::too_large, "referrers nested too deep", digest);
      TRY_DO(contents(referrer, depth + 1));
      TRY_DO(attached(referrer));
      ++counts_.attachments;
      TRY_DO(attachments(referrer.digest, depth + 1));
    }
    return {};
  }
  // Byte for byte, for its own signatures name its digest.
  Result<> attached(const StoredManifest& referrer) {
    TRY(const bool noted,
        to_.put_manifest(referrer.digest, referrer.manifest.media_type, referrer.body, {}));
    if (noted) return {};
    Descriptor entry = referrer.descriptor();
    entry.artifact_type = referrer.manifest.artifact_type;
    entry.annotations = referrer.manifest.annotations;
    return to_.list_referrer(referrer.manifest.subject->digest, entry);
  }

  ArtifactStore& from_;
  ArtifactStore& to_;
  std::string mount_from_;
  CopyCounts counts_;
};

// A list with the tags that its entries announce themselves by.
Result<std::size_t> remove_list(ArtifactStore& store, const std::string& tag) {
  std::size_t removed = 0;
  TRY(auto tags, store.tags(tag));
  for (const std::string& name : tags) {
    if (name != tag && !name.starts_with(tag + ".")) continue;
    auto done = store.remove(name);
    if (!done && done.error().fault != Fault::not_found) return std::unexpected(done.error());
    ++removed;
  }
  return removed;
}

}  // namespace

Result<CopyCounts> copy_image(ArtifactStore& from, const StoredManifest& image, ArtifactStore& to,
                              const std::string& tag, const std::string& mount_from) {
  Copier copier(from, to, mount_from);
  TRY_DO(copier.image(image, tag.empty() ? image.digest : tag, 0));
  return copier.counts();
}

Result<std::size_t> clean_image(ArtifactStore& store, const std::string& digest,
                                const CleanKinds& kinds) {
  std::size_t removed = 0;
  const std::pair<bool, const char*> lists[] = {
      {kinds.signatures, "sig"}, {kinds.attestations, "att"}, {kinds.sboms, "sbom"}};
  for (const auto& [wanted, suffix] : lists) {
    const auto tag = cosign_tag(digest, suffix);
    if (!wanted || !tag) continue;
    TRY(const std::size_t count, remove_list(store, *tag));
    removed += count;
  }
  TRY(const auto referrers, store.referrers(digest, std::string(bundle_artifact_prefix), true));
  for (const Descriptor& entry : referrers) {
    TRY(const auto manifest, store.manifest(entry.digest));
    const auto& annotations = manifest.manifest.annotations;
    const auto type = annotations.find(bundle_predicate_annotation);
    const bool signature =
        type == annotations.end() || type->second == std::string(cosign_sign_predicate);
    if (signature ? !kinds.signatures : !kinds.attestations) continue;
    TRY_DO(store.detach(digest, entry));
    ++removed;
  }
  return removed;
}

}  // namespace boltseal
