// Image archives. `docker save` writes "manifest.json": a list of images, each with the path of its
// config, its RepoTags and the paths of its layers (https://github.com/moby/docker-image-spec, v1.2
// "Combined Image JSON + Filesystem Changeset"). Layers are "<id>/layer.tar" up to Docker 24 and
// "blobs/sha256/<diff id>" since 25, where an OCI layout lies beside; `podman save` and skopeo
// write "<diff id>.tar". OCI archives are tars of an OCI layout (oci_layout.cc).
#include "source/archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/members.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "net/manifest.h"
#include "source/config.h"
#include "source/openers.h"
#include "source/reference.h"

namespace boltseal {
namespace {

constexpr std::size_t max_images = 10'000;

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.items()) out.push_back(item.string());
  return out;
}

// "blobs/sha256/<hex>", "<hex>.json" and "sha256:<hex>" (go-containerregistry) claim a digest; ""
// for a path that claims none.
std::string claimed_digest(std::string_view path) {
  if (path.ends_with(".json")) path.remove_suffix(5);
  path = path.substr(path.rfind('/') + 1);
  if (path.starts_with("sha256:")) path.remove_prefix(7);
  const std::string digest = "sha256:" + std::string(path);
  return is_digest(digest) ? digest : std::string();
}

// By RepoTag, or by the image id (whole or its beginning).
bool answers_to(const Value& image, const std::string& wanted) {
  const auto tags = texts(image["RepoTags"]);
  if (std::ranges::any_of(
          tags, [&](const auto& tag) { return tag == wanted || same_image_name(tag, wanted); }))
    return true;
  const std::string id = claimed_digest(image["Config"].text());
  return wanted.size() >= 6 && !id.empty() &&
         (id.starts_with(wanted) || id.substr(7).starts_with(wanted));
}

Result<const Value*> choose(const Value& images, const std::string& wanted,
                            const std::string& where) {
  const auto all = images.items();
  if (all.empty()) return fail(Fault::corrupt, "manifest.json names no image", where);
  if (all.size() > max_images)
    return fail(Fault::too_large, fmt::format("over {} images", max_images), where);
  if (wanted.empty() && all.size() == 1) return &all[0];
  std::vector<std::string> names;
  const Value* chosen = nullptr;
  for (const Value& image : all) {
    if (!wanted.empty() && answers_to(image, wanted)) {
      // Podman takes the first, Docker leaves the name with the last.
      if (chosen && (*chosen)["Config"].text() != image["Config"].text())
        return fail(Fault::corrupt,
                    fmt::format("two images are called \"{}\": {} and {}", wanted,
                                (*chosen)["Config"].text(), image["Config"].text()),
                    where);
      chosen = &image;
    }
    const auto tags = texts(image["RepoTags"]);
    if (names.size() < 20)
      names.push_back(tags.empty() ? claimed_digest(image["Config"].text()) : tags.front());
  }
  if (chosen) return chosen;
  const std::string there = join(names, ", ");
  if (wanted.empty()) {
    return fail(Fault::not_found,
                fmt::format("several images: write docker-archive:FILE:NAME with one of {}", there),
                where);
  }
  return fail(Fault::not_found, fmt::format("no image \"{}\"; there is {}", wanted, there), where);
}

Result<Opened> open_docker(const std::shared_ptr<const BlobStore>& store, const std::string& name,
                           const std::string& reference, const SourceOptions& options) {
  const std::string where = store->where() + "/manifest.json";
  TRY(const std::string body, read_blob(*store, "manifest.json", max_manifest_bytes));
  auto tree = parse_json(body);
  if (!tree) return fail(tree.error().fault, tree.error().what, where);
  if (!tree->root().is_array()) return fail(Fault::corrupt, "is no list of images", where);
  TRY(const Value* image, choose(tree->root(), name, store->where()));

  constexpr std::string_view members[] = {"Config", "Layers", "RepoTags"};
  TRY_DO(check_members(*image, members, where));
  const std::string config_path = (*image)["Config"].string();
  TRY(const std::string config, read_blob(*store, config_path, max_config_bytes));
  const std::string config_digest = sha256_digest(config);
  if (const auto claimed = claimed_digest(config_path);
      !claimed.empty() && claimed != config_digest) {
    return fail(Fault::corrupt, "its content has the digest " + config_digest,
                store->where() + "/" + config_path);
  }
  const auto paths = texts((*image)["Layers"]);
  if (paths.size() > max_image_layers) {
    return fail(Fault::too_large,
                fmt::format("{} layers, the limit is {}", paths.size(), max_image_layers), where);
  }
  std::vector<LayerInfo> layers;
  for (const std::string& path : paths) {
    TRY(const LayerBytes bytes,
        store->open(path));  // a missing layer is told before anything is scanned
    const std::string digest = path.starts_with("blobs/") ? claimed_digest(path) : std::string();
    layers.push_back(
        {digest, {}, "application/vnd.docker.image.rootfs.diff.tar", bytes.length.value_or(0), {}});
  }
  OpenedImage out;
  TRY(out.info, image_from_config(config, std::move(layers), store->where() + "/" + config_path));
  out.info.reference = reference;
  out.info.config_digest = config_digest;
  TRY_DO(check_platform(out.info, {}, options.platform, store->where()));
  out.open_layer = [store, paths](std::size_t i) { return store->open(paths.at(i)); };
  return out;
}

}  // namespace

Result<Opened> open_archive(Fd archive, std::string& scheme, const std::string& name,
                            const std::string& reference, const SourceOptions& options) {
  TRY(const auto store, tar_store(std::move(archive), reference, options.spool_directory));
  const bool docker = store->has("manifest.json");
  const bool oci = store->has("index.json");
  if (!docker && !oci) {
    return fail(
        Fault::unsupported,
        "a tar, but no image: neither manifest.json (docker save) nor index.json (OCI) is in it; "
        "for a root file system unpack it and write dir:PATH",
        reference);
  }
  const bool chosen = !scheme.empty();
  const bool as_oci = oci && (!docker || scheme == "oci-archive");
  scheme = as_oci ? "oci-archive" : "docker-archive";
  auto opened = as_oci ? open_oci_layout(store, name, reference, options)
                       : open_docker(store, name, reference, options);
  if (!opened || !docker || !oci || chosen) return opened;
  // What loads the archive looks at one of the two, and nobody said at which. Where only one holds
  // the name, the other is not asked.
  const auto other = open_oci_layout(store, name, reference, options);
  const auto config_of = [](const Opened& one) {
    const auto* image = std::get_if<OpenedImage>(&one);
    return image ? image->info.config_digest : std::string();
  };
  if (other && config_of(*opened) != config_of(*other))
    return fail(Fault::corrupt,
                "manifest.json and index.json name different images: Docker loads the one, "
                "containerd and Podman the other; write docker-archive: or oci-archive: before it",
                reference);
  return opened;
}

Result<Opened> open_docker_archive(Fd archive, const std::string& name,
                                   const std::string& reference, const SourceOptions& options) {
  std::string scheme = "docker-archive";
  return open_archive(std::move(archive), scheme, name, reference, options);
}

Result<Opened> open_oci_archive(Fd archive, const std::string& name, const std::string& reference,
                                const SourceOptions& options) {
  std::string scheme = "oci-archive";
  return open_archive(std::move(archive), scheme, name, reference, options);
}

}  // namespace boltseal
