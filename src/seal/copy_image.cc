#include "seal/copy_image.h"

#include <fmt/format.h>

#include <array>

#include "seal/attached.h"
#include "seal/predicate.h"

namespace boltseal {
namespace {

constexpr int max_depth = 6;  // of indexes, and of referrers of referrers

struct ListKindOf {
  const char* suffix;
  bool AttachmentKinds::* kind;
};
constexpr std::array lists = {ListKindOf{"sig", &AttachmentKinds::signatures},
                              ListKindOf{"att", &AttachmentKinds::attestations},
                              ListKindOf{"sbom", &AttachmentKinds::sboms}};

// Whether a referrer is of one of the kinds, as far as its annotations tell.
bool is_of(const StoredManifest& referrer, const AttachmentKinds& kinds) {
  const std::string_view prefix =
      bundle_artifact_prefix.substr(0, bundle_artifact_prefix.size() - 1);
  if (!referrer.manifest.artifact_type.starts_with(prefix)) return kinds.referrers;
  const auto& annotations = referrer.manifest.annotations;
  const auto type = annotations.find(bundle_predicate_annotation);
  const bool signature = type == annotations.end() || type->second == cosign_sign_predicate;
  return signature ? kinds.signatures : kinds.attestations;
}

class Copier {
 public:
  Copier(ArtifactStore& from, ArtifactStore& to, const CopyOptions& options)
      : from_(from), to_(to), options_(options) {}

  // Everything below the manifest, then the manifest, then what is attached to it.
  Result<> image(const StoredManifest& image, const std::string& reference, int depth) {
    if (depth > max_depth) return fail(Fault::too_large, "nested too deep", image.digest);
    if (options_.only) return attachments_alone(image, depth);
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
        options_.mount_from);
  }
  Result<> attachments_alone(const StoredManifest& image, int depth) {
    if (image.manifest.is_index) {
      for (const Descriptor& entry : image.manifest.manifests) {
        TRY(const auto child, from_.manifest(entry.digest));
        TRY_DO(this->image(child, child.digest, depth + 1));
      }
    }
    return attachments(image.digest, depth);
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
    for (const auto& [suffix, kind] : lists) {
      if (options_.only && !((*options_.only).*kind)) continue;
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
      if (options_.only && !is_of(referrer, *options_.only)) continue;
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
  const CopyOptions& options_;
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
                              const std::string& tag, const CopyOptions& options) {
  Copier copier(from, to, options);
  TRY_DO(copier.image(image, tag.empty() ? image.digest : tag, 0));
  return copier.counts();
}

Result<std::size_t> clean_image(ArtifactStore& store, const std::string& digest,
                                const AttachmentKinds& kinds) {
  std::size_t removed = 0;
  for (const auto& [suffix, kind] : lists) {
    const auto tag = cosign_tag(digest, suffix);
    if (!(kinds.*kind) || !tag) continue;
    TRY(const std::size_t count, remove_list(store, *tag));
    removed += count;
  }
  TRY(const auto referrers, store.referrers(digest, {}, true));
  for (const Descriptor& entry : referrers) {
    TRY(const auto manifest, store.manifest(entry.digest));
    if (!is_of(manifest, kinds)) continue;
    TRY_DO(store.detach(digest, entry));
    ++removed;
  }
  return removed;
}

}  // namespace boltseal
