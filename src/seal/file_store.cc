#include "seal/file_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "crypto/digest.h"
#include "seal/artifact_store.h"

namespace boltseal {
namespace {

class FolderFiles final : public FileStore {
 public:
  FolderFiles(std::string folder, Fd lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
  Result<std::string> get(const std::string& name, std::uint64_t cap) override {
    return read_file(folder_ + "/" + name, cap);
  }
  Result<> put(const std::string& name, std::string_view bytes) override {
    const std::string path = folder_ + "/" + name;
    if (name.contains('/')) TRY_DO(make_directories(path.substr(0, path.rfind('/'))));
    return write_durably(path, bytes);
  }
  Result<> remove(const std::string& name) override {
    const std::string path = folder_ + "/" + name;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      return std::unexpected(errno_error("cannot remove", path));
    return {};
  }

 private:
  std::string folder_;
  Fd lock_;
};

class WebFiles final : public FileStore {
 public:
  explicit WebFiles(TufFetch fetch) : fetch_(std::move(fetch)) {}
  Result<std::string> get(const std::string& name, std::uint64_t cap) override {
    return fetch_(name, cap);
  }
  Result<> put(const std::string& name, std::string_view) override { return read_only(name); }
  Result<> remove(const std::string& name) override { return read_only(name); }

 private:
  static Result<> read_only(const std::string& name) {
    return fail(
        Fault::unsupported,
        "what is on a web server can only be read; write to its folder or to an OCI repository",
        name);
  }
  TufFetch fetch_;
};

class OciFiles final : public FileStore {
 public:
  OciFiles(std::unique_ptr<ArtifactStore> store, Fd lock)
      : store_(std::move(store)), lock_(std::move(lock)) {}

  Result<std::string> get(const std::string& name, std::uint64_t cap) override {
    TRY(const auto stored, store_->manifest(tag_of(name)));
    if (stored.manifest.layers.size() != 1)
      return fail(Fault::corrupt, "not a file under a tag", store_->name() + ":" + tag_of(name));
    return store_->blob(stored.manifest.layers.front(), cap);
  }
  Result<> put(const std::string& name, std::string_view bytes) override {
    Manifest manifest;
    manifest.media_type = oci_manifest_type;
    manifest.artifact_type = file_artifact_type;
    manifest.config = empty_config();
    TRY_DO(store_->put_bytes(oci_empty_bytes, oci_empty_type));
    TRY(auto layer, store_->put_bytes(bytes, file_artifact_type));
    manifest.layers.push_back(std::move(layer));
    TRY_DO(store_->put_manifest(tag_of(name), manifest.media_type, write_manifest(manifest), {}));
    return {};
  }
  Result<> remove(const std::string& name) override {
    auto done = store_->remove(tag_of(name));
    if (!done && done.error().fault == Fault::not_found) return {};
    return done;
  }

 private:
  static std::string tag_of(std::string_view name) {
    const std::string_view bare = name.substr(0, name.rfind(".json"));
    const bool is_tag = !bare.empty() && bare.size() <= 128 && is_alnum(bare[0]) &&
                        std::ranges::all_of(bare, [](char c) {
                          return is_alnum(c) || c == '.' || c == '-' || c == '_';
                        });
    return is_tag ? std::string(bare) : sha256_hex(name);
  }
  std::unique_ptr<ArtifactStore> store_;
  Fd lock_;
};

Result<Fd> writers_lock(const std::string& folder, bool write) {
  return write ? lock_file(folder + "/.lock") : Result<Fd>{};
}

}  // namespace

Result<std::unique_ptr<FileStore>> open_file_store(const std::string& place, bool write,
                                                   bool create, const StoreOptions& options) {
  if (place.empty()) return fail(Fault::unsupported, "no place is given");
  if (place.starts_with("https://") || place.starts_with("http://")) {
    TRY(auto fetch, tuf_fetch_from(place, options.insecure_http));
    return std::make_unique<WebFiles>(std::move(fetch));
  }
  if (place.starts_with("oci://")) {
    TRY(auto opened, open_artifact(place.substr(6), {}, options));
    return std::make_unique<OciFiles>(std::move(opened.images), Fd{});
  }
  const bool layout = place.starts_with("oci:");
  const std::string folder = layout ? place.substr(4) : place;
  if (create) TRY_DO(make_directories(folder));
  TRY(auto lock, writers_lock(folder, write));
  if (!layout) return std::make_unique<FolderFiles>(folder, std::move(lock));
  TRY(auto store, layout_store(folder, create));
  return std::make_unique<OciFiles>(std::move(store), std::move(lock));
}

TufFetch fetch_from(FileStore& store) {
  return [&store](const std::string& name, std::uint64_t cap) { return store.get(name, cap); };
}

}  // namespace boltseal
