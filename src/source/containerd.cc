// Images in containerd's store, read from its files: no socket, no daemon that must run, and the
// same on a disk that was taken from a node.
//
// <root>/io.containerd.metadata.v1.bolt/meta.db has buckets v1/NAMESPACE/images/NAME/target with
// "digest", "mediatype" and "size" (a zigzag varint): containerd's core/metadata/buckets.go. The
// blobs lie in <root>/io.containerd.content.v1.content/blobs as in an OCI layout. containerd may
// write while we read: a copy counts when no transaction came in between.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/cursor.h"
#include "base/text.h"
#include "codec/bolt.h"
#include "source/blob_store.h"
#include "source/openers.h"

namespace boltseal {
namespace {

constexpr std::uint64_t max_metadata = 1 << 30;
constexpr int tries = 5;
constexpr std::size_t most_names = 20;
constexpr const char* metadata_file = "/io.containerd.metadata.v1.bolt/meta.db";
constexpr const char* content_folder = "/io.containerd.content.v1.content";
// Of containerd itself, of Docker with its image store, of k3s and RKE2, of MicroK8s.
constexpr std::array usual_roots = {"/var/lib/containerd", "/var/lib/docker/containerd/daemon",
                                    "/var/lib/rancher/k3s/agent/containerd",
                                    "/var/lib/rancher/rke2/agent/containerd",
                                    "/var/snap/microk8s/common/var/lib/containerd"};

struct Stored {
  std::string space, name;
  Descriptor target;
};

Result<std::string> find_root(const SourceOptions& options) {
  std::error_code error;
  if (!options.containerd_root.empty()) return std::string(trim_end(options.containerd_root, '/'));
  for (const char* root : usual_roots)
    if (std::filesystem::exists(std::string(root) + metadata_file, error)) return std::string(root);
  return fail(Fault::not_found,
              "no store of containerd in the usual places (reading it takes root); name its "
              "folder with --containerd-root",
              usual_roots.front());
}

// The file as it was after one transaction.
Result<std::string> read_metadata(const std::string& path) {
  for (int i = 0; i < tries; ++i) {
    TRY(const Fd file, open_read(path));
    TRY(std::string bytes, read_all(file.get(), max_metadata, path));
    TRY(const std::string again, read_head(file.get(), BoltFile::meta_bytes, path));
    const auto before = BoltFile::over(bytes), after = BoltFile::over(again);
    if (!before) return fail(before.error().fault, before.error().what, path);
    if (after && before->transaction() == after->transaction()) return bytes;
  }
  return fail(Fault::io, "containerd writes into it all the time; try again", path);
}

Result<Descriptor> read_target(const BoltFile& file, const BoltEntry& image) {
  TRY(const auto fields, BoltFile::bucket(image));
  TRY(const auto target, file.bucket(fields, "target"));
  TRY(const auto entries, file.entries(target));
  Descriptor out;
  for (const BoltEntry& entry : entries) {
    if (entry.key == "digest") out.digest = entry.value;
    if (entry.key == "mediatype") out.media_type = entry.value;
    if (entry.key != "size") continue;
    Cursor in(entry.value);
    out.size = in.varint() >> 1;  // no size is negative
  }
  return out;
}

// Every image of every namespace, or of the one that CONTAINERD_NAMESPACE names.
Result<std::vector<Stored>> list_images(const BoltFile& file) {
  const char* named = std::getenv("CONTAINERD_NAMESPACE");
  const std::string_view only = named ? named : "";
  std::vector<Stored> out;
  TRY(const auto version, file.bucket(file.root(), "v1"));
  TRY(const auto spaces, file.entries(version));
  for (const BoltEntry& space : spaces) {
    if (!space.is_bucket || (!only.empty() && space.key != only)) continue;
    TRY(const auto in_space, BoltFile::bucket(space));
    const auto images = file.bucket(in_space, "images");
    if (!images && images.error().fault == Fault::not_found) continue;
    if (!images) return std::unexpected(images.error());
    TRY(const auto entries, file.entries(*images));
    for (const BoltEntry& image : entries) {
      if (!image.is_bucket) continue;
      TRY(Descriptor target, read_target(file, image));
      out.push_back({std::string(space.key), std::string(image.key), std::move(target)});
    }
  }
  return out;
}

Result<Stored> choose(const std::vector<Stored>& images, const std::string& wanted,
                      const std::string& where) {
  std::vector<const Stored*> fitting;
  for (const Stored& image : images)
    if (image.name == wanted || image.target.digest == wanted ||
        same_image_name(image.name, wanted))
      fitting.push_back(&image);
  if (fitting.empty()) {
    std::vector<std::string> names;
    for (const Stored& image : images)
      if (names.size() < most_names) names.push_back(image.space + " " + image.name);
    return fail(Fault::not_found,
                fmt::format("no image \"{}\"; there is {}", wanted,
                            names.empty() ? "none" : join(names, ", ")),
                where);
  }
  for (const Stored* image : fitting)
    if (image->target.digest != fitting.front()->target.digest)
      return fail(Fault::not_found,
                  fmt::format("another image of this name is in the namespace {} than in {}: set "
                              "CONTAINERD_NAMESPACE to one of them",
                              image->space, fitting.front()->space),
                  where);
  return *fitting.front();
}

// The blobs; a missing one has other reasons here than in a layout.
class ContentStore : public BlobStore {
 public:
  explicit ContentStore(std::shared_ptr<const BlobStore> folder) : folder_(std::move(folder)) {}
  const std::string& where() const override { return folder_->where(); }
  Result<LayerBytes> open(const std::string& path) const override {
    auto out = folder_->open(path);
    if (!out && out.error().fault == Fault::not_found)
      return fail(Fault::not_found,
                  "containerd does not keep this blob: the image was pulled for another platform, "
                  "or layers are thrown away once they are unpacked (discard_unpacked_layers); "
                  "scan it from its registry",
                  where() + "/" + path);
    return out;
  }

 private:
  std::shared_ptr<const BlobStore> folder_;
};

}  // namespace

Result<Opened> open_containerd(const std::string& name, const SourceOptions& options) {
  TRY(const std::string root, find_root(options));
  const std::string path = root + metadata_file;
  TRY(const std::string bytes, read_metadata(path));
  TRY(const BoltFile file, BoltFile::over(bytes));
  auto images = list_images(file);
  if (!images) return fail(images.error().fault, images.error().what, path, images.error().offset);
  TRY(const Stored image, choose(*images, name, path));
  TRY(auto folder, folder_store(root + content_folder));
  return open_stored_image(std::make_shared<ContentStore>(std::move(folder)), image.target,
                           "containerd:" + name, options);
}

}  // namespace boltseal
