// OCI image layouts: a folder (or tar) with "oci-layout", "index.json" and content-addressed blobs.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
//
// Written by `skopeo copy`, `buildah push`, `docker buildx build -o type=oci`, `crane`, `docker
// save` since 25, `ctr export`. index.json lists one entry per tag; containerd puts the whole image
// name into io.containerd.image.name and the tag into org.opencontainers.image.ref.name, others the
// whole name into the latter. An entry may be an index of platforms, itself inside an index. Every
// manifest and config is read by its digest and checked against it; layers are checked by who reads
// them. A missing "oci-layout" file is forgiven, because some writers forget it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "crypto/digest.h"
#include "net/manifest.h"
#include "source/blob_store.h"
#include "source/config.h"
#include "source/reference.h"

namespace boltseal {
namespace {

constexpr int max_index_depth = 4;
constexpr std::array name_annotations = {"org.opencontainers.image.ref.name",
                                         "io.containerd.image.name"};

std::vector<std::string> names_of(const Descriptor& entry) {
  std::vector<std::string> names;
  for (const char* key : name_annotations) {
    const auto name = entry.annotations.find(key);
    if (name != entry.annotations.end() && !name->second.empty()) names.push_back(name->second);
  }
  return names;
}

// The names that index.json gives its entries, in its order.
std::vector<std::vector<std::string>> entry_names(const Manifest& index) {
  std::vector<std::vector<std::string>> out;
  for (const Descriptor& entry : index.manifests) out.push_back(names_of(entry));
  return out;
}

bool answers_to(const std::vector<std::string>& names, const std::string& wanted) {
  return std::ranges::any_of(names, [&](const std::string& name) {
    const auto colon = name.rfind(':');
    return name == wanted || (colon != std::string::npos && name.substr(colon + 1) == wanted) ||
           same_image_name(name, wanted);
  });
}

std::unexpected<Error> which(const Manifest& index,
                             const std::vector<std::vector<std::string>>& names,
                             const std::string& wanted, const std::string& where) {
  std::vector<std::string> choices;
  for (std::size_t i = 0; i < index.manifests.size() && choices.size() < 20; ++i) {
    if (index.manifests[i].attestation) continue;
    const std::string choice =
        names[i].empty() ? "@" + index.manifests[i].digest : names[i].front();
    if (std::ranges::find(choices, choice) == choices.end()) choices.push_back(choice);
  }
  const std::string there = choices.empty() ? "no image" : join(choices, ", ");
  if (!wanted.empty())
    return fail(Fault::not_found, fmt::format("no image \"{}\"; there is {}", wanted, there),
                where);
  return fail(Fault::not_found,
              fmt::format("several images: write oci:DIR:NAME with one of {}", there), where);
}

// The entry of index.json that the user means.
Result<Descriptor> choose_entry(const Manifest& index,
                                const std::vector<std::vector<std::string>>& names,
                                const std::string& wanted, const SourceOptions& options,
                                const std::string& where) {
  Manifest fitting;
  std::vector<std::string> distinct;
  for (std::size_t i = 0; i < index.manifests.size(); ++i) {
    const Descriptor& entry = index.manifests[i];
    if (wanted.empty() ? entry.attestation
                       : entry.digest != wanted && !answers_to(names[i], wanted))
      continue;
    const auto same = [&](const Descriptor& other) { return other.digest == entry.digest; };
    if (std::ranges::any_of(fitting.manifests, same)) continue;  // one image under two tags
    fitting.manifests.push_back(entry);
    distinct.push_back(names[i].empty() ? std::string() : names[i].front());
  }
  if (fitting.manifests.empty()) return which(index, names, wanted, where);
  if (fitting.manifests.size() == 1) return fitting.manifests.front();
  // Several entries of one name are its platforms; of different names they are different images.
  const bool one_name =
      std::ranges::all_of(distinct, [&](const auto& name) { return name == distinct.front(); });
  const bool platforms = std::ranges::all_of(
      fitting.manifests, [](const auto& entry) { return bool(entry.platform); });
  if (!one_name || !platforms) return which(index, names, wanted, where);
  // Podman takes the first of two for one platform, containerd the last.
  for (std::size_t i = 0; i < fitting.manifests.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (fitting.manifests[i].platform.text() == fitting.manifests[j].platform.text())
        return fail(Fault::corrupt,
                    fmt::format("two images for {} have one name; write oci:DIR:@{} or …@{}",
                                fitting.manifests[i].platform.text(), fitting.manifests[j].digest,
                                fitting.manifests[i].digest),
                    where);
  return choose_platform(fitting, options.platform, where);
}

struct Found {
  Manifest manifest;
  std::string digest;
  Platform platform;                   // by which an index has it
  std::vector<std::string> indexes{};  // digests, outermost first
};

// Follows indexes down to an image manifest.
Result<Found> find_image(const BlobStore& store, Descriptor entry, const SourceOptions& options) {
  std::vector<std::string> indexes;
  for (int depth = 0; depth < max_index_depth; ++depth) {
    const std::string where = store.where() + " " + entry.digest;
    TRY(const std::string body, read_checked_blob(store, entry.digest, max_manifest_bytes));
    if (body.size() != entry.size) {
      return fail(Fault::corrupt,
                  fmt::format("has {} bytes, its descriptor says {}", body.size(), entry.size),
                  where);
    }
    TRY(Manifest manifest, parse_manifest(body, entry.media_type, where));
    if (!manifest.is_index)
      return Found{std::move(manifest), entry.digest, entry.platform, std::move(indexes)};
    indexes.push_back(entry.digest);
    TRY(entry, choose_platform(manifest, options.platform, where));
  }
  return fail(Fault::too_large, fmt::format("indexes nested over {} deep", max_index_depth),
              store.where());
}

}  // namespace

bool layout_entry_is(const Descriptor& entry, const std::string& name) {
  return entry.digest == name || answers_to(names_of(entry), name);
}

Result<Opened> open_oci_layout(std::shared_ptr<const BlobStore> store, const std::string& name,
                               const std::string& reference, const SourceOptions& options) {
  const std::string where = store->where() + "/index.json";
  auto body = read_blob(*store, "index.json", max_manifest_bytes);
  if (!body && body.error().fault == Fault::not_found) {
    return fail(Fault::not_found, "no OCI layout: it has no index.json", store->where());
  }
  if (!body) return std::unexpected(body.error());
  TRY(const Manifest index, parse_manifest(*body, "", where));
  if (!index.is_index) return fail(Fault::corrupt, "is no index", where);
  const auto names = entry_names(index);
  TRY(const Descriptor entry, choose_entry(index, names, name, options, where));
  return open_stored_image(std::move(store), entry, reference, options);
}

Result<Opened> open_stored_image(std::shared_ptr<const BlobStore> store, const Descriptor& entry,
                                 const std::string& reference, const SourceOptions& options) {
  TRY(const Found found, find_image(*store, entry, options));

  TRY(const std::string config,
      read_checked_blob(*store, found.manifest.config.digest, max_config_bytes));
  std::vector<LayerInfo> layers;
  for (const Descriptor& layer : found.manifest.layers) {
    layers.push_back({layer.digest, {}, layer.media_type, layer.size, {}});
  }
  OpenedImage out;
  TRY(out.info, image_from_config(config, std::move(layers),
                                  store->where() + " " + found.manifest.config.digest));
  out.info.reference = reference;
  out.info.manifest_digest = found.digest;
  out.info.index_digests = found.indexes;
  out.info.config_digest = found.manifest.config.digest;
  TRY_DO(check_platform(out.info, found.platform, options.platform, store->where()));
  out.open_layer = [store, layers = out.info.layers](std::size_t i) -> Result<LayerBytes> {
    TRY(const std::string path, blob_path(layers.at(i).digest));
    TRY(LayerBytes bytes, store->open(path));
    if (bytes.length != layers[i].size) {
      return fail(Fault::corrupt,
                  fmt::format("has {} bytes, the manifest says {}", bytes.length.value_or(0),
                              layers[i].size),
                  store->where() + "/" + path);
    }
    return bytes;
  };
  return out;
}

}  // namespace boltseal
