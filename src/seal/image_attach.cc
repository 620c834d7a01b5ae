#include <algorithm>

#include "codec/base64.h"
#include "seal/attached.h"
#include "seal/dsse.h"
#include "seal/image_sign.h"
#include "seal/schemes.h"
#include "seal/simple_signing.h"

namespace boltseal {
namespace {

Result<> attach_bundle(ArtifactStore& store, const StoredManifest& image, const Bundle& bundle,
                       std::string_view predicate_type, const std::string& created) {
  Manifest manifest;
  manifest.media_type = oci_manifest_type;
  manifest.artifact_type = bundle_artifact_type;
  TRY([[maybe_unused]] const auto config, store.put_bytes(oci_empty_bytes, oci_empty_type));
  manifest.config = empty_config();
  TRY(auto layer, store.put_bytes(write_bundle(bundle), bundle_artifact_type));
  manifest.layers.push_back(std::move(layer));
  manifest.subject = image.descriptor();
  manifest.annotations = {{bundle_content_annotation, "dsse-envelope"},
                          {bundle_predicate_annotation, std::string(predicate_type)}};
  if (!created.empty()) manifest.annotations["org.opencontainers.image.created"] = created;
  TRY([[maybe_unused]] const auto attached, store.attach(manifest));
  return {};
}

Result<std::vector<Descriptor>> entries_under(ArtifactStore& store, const std::string& tag) {
  auto entries = store.list(tag, ListKind::layers, true);
  if (!entries && entries.error().fault == Fault::not_found) return std::vector<Descriptor>{};
  return entries;
}

Result<std::vector<Descriptor>> earlier_bundles(ArtifactStore& store, const std::string& digest,
                                                const std::string& predicate_type) {
  TRY(const auto referrers, store.referrers(digest, std::string(bundle_artifact_prefix), true));
  std::vector<Descriptor> out;
  for (const Descriptor& entry : referrers) {
    // cosign lists referrers without the annotations of their manifests.
    auto annotations = entry.annotations;
    if (!annotations.contains(bundle_predicate_annotation)) {
      TRY(const auto manifest, store.manifest(entry.digest));
      annotations = manifest.manifest.annotations;
    }
    const auto type = annotations.find(bundle_predicate_annotation);
    if (type != annotations.end() && type->second == predicate_type) out.push_back(entry);
  }
  return out;
}

// Whether the list has a signature of the payload by this key, and as much beside it.
bool signed_already(const std::vector<Descriptor>& entries, const Descriptor& layer,
                    const ListEntry& made) {
  return std::ranges::any_of(entries, [&](const Descriptor& entry) {
    const auto annotation = entry.annotations.find(cosign_signature_annotation);
    if (entry.digest != layer.digest || annotation == entry.annotations.end()) return false;
    const bool has_all = std::ranges::all_of(
        made.annotations, [&](const auto& one) { return entry.annotations.contains(one.first); });
    if (!made.key || !has_all) return entry.annotations == made.annotations;
    const auto signature = unbase64(annotation->second);
    return signature && signed_by(*made.key, made.bytes, *signature);
  });
}

Result<> list_signature(ArtifactStore& store, const StoredManifest& image, const ListEntry& made) {
  TRY(const std::string tag, cosign_tag(image.digest, "sig"));
  TRY(Descriptor layer, store.put_bytes(made.bytes, simple_signing_media_type));
  TRY(const auto entries, entries_under(store, tag));
  if (signed_already(entries, layer, made)) return {};
  layer.annotations = made.annotations;
  return store.change_list(tag, ListKind::layers, {{layer}, {}});
}

Result<> list_attestation(ArtifactStore& store, const StoredManifest& image, const ListEntry& made,
                          const std::string& predicate_type, bool replace) {
  TRY(const std::string tag, cosign_tag(image.digest, "att"));
  TRY(Descriptor layer, store.put_bytes(made.bytes, dsse_media_type));
  layer.annotations = made.annotations;
  ListChange change{{layer}, {}};
  if (replace) {
    TRY(const auto entries, entries_under(store, tag));
    std::ranges::copy_if(entries, std::back_inserter(change.take), [&](const Descriptor& entry) {
      const auto type = entry.annotations.find("predicateType");
      return type != entry.annotations.end() && type->second == predicate_type;
    });
  }
  return store.change_list(tag, ListKind::layers, change);
}

}  // namespace

Result<> attach_made(ArtifactStore& store, const StoredManifest& image, const MadeAttachment& made,
                     bool replace, const std::string& created) {
  if (made.entry)
    TRY_DO(made.attestation
               ? list_attestation(store, image, *made.entry, made.predicate_type, replace)
               : list_signature(store, image, *made.entry));
  if (!made.bundle) return {};
  std::vector<Descriptor> earlier;
  if (replace) {
    TRY(earlier, earlier_bundles(store, image.digest, made.predicate_type));
  }
  TRY_DO(attach_bundle(store, image, *made.bundle, made.predicate_type, created));
  for (const Descriptor& entry : earlier) TRY_DO(store.detach(image.digest, entry));
  return {};
}

}  // namespace boltseal
