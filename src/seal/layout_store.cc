// An OCI image layout as a store of images and attachments.
//
// Changes are made under a lock on the folder (flock) and end in one rename of index.json, so other
// programs see the old or the new one. What index.json says of entries that we do not touch stays
// as it is. A referrer stands in index.json with its artifact type, as oras writes it; cosign's
// lists stand there under their tags. `cosign save` marks entries by an annotation "kind" instead,
// and leaves referrers in the folder of blobs without an entry: both are read.
//
// The folder may be somebody else's: no link in it is followed, when reading or writing.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "base/fd.h"
#include "base/text.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "seal/artifact_store.h"
#include "source/blob_store.h"
#include "source/config.h"

namespace boltseal {
namespace {

constexpr std::uint64_t max_index_bytes = 64ULL << 20;
constexpr std::size_t max_scanned_blobs = 20'000;
constexpr const char* name_annotation = "org.opencontainers.image.ref.name";
constexpr std::string_view cosign_image = "dev.cosignproject.cosign/image";

std::string annotation(const Descriptor& entry, const char* key) {
  const auto found = entry.annotations.find(key);
  return found == entry.annotations.end() ? std::string() : found->second;
}

// index.json: what was read of each entry, and its own JSON to write it back.
struct LayoutIndex {
  std::vector<std::pair<std::string, std::string>> members;  // of the document, but "manifests"
  std::vector<Descriptor> entries;
  std::vector<std::string> written;

  void add(const Descriptor& entry) {
    JsonWriter json(false);
    write_descriptor(json, entry);
    entries.push_back(entry);
    written.push_back(json.take());
  }
  template <class Which>
  void remove(Which which) {
    for (std::size_t i = entries.size(); i-- > 0;) {
      if (!which(entries[i])) continue;
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
      written.erase(written.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  bool saved_by_cosign() const {
    return std::ranges::any_of(entries, [](const Descriptor& entry) {
      return annotation(entry, "kind").starts_with(cosign_image);
    });
  }
  std::string text() const {
    JsonWriter json(false);
    json.object();
    for (const auto& [key, value] : members) json.key(key).raw(value);
    json.key("manifests").array();
    for (const std::string& entry : written) json.raw(entry);
    return json.end().end().take();
  }
};

class LayoutStore final : public ArtifactStore {
 public:
  LayoutStore(std::shared_ptr<const BlobStore> blobs, Fd folder, std::string name)
      : blobs_(std::move(blobs)), folder_(std::move(folder)), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }

  Result<StoredManifest> manifest(const std::string& reference) override {
    if (is_digest(reference)) return read(reference, "");
    TRY(const LayoutIndex index, read_index());
    const Descriptor* found = nullptr;
    for (const Descriptor& entry : index.entries) {
      if (reference.empty() ? is_attachment(entry) || entry.attestation
                            : !layout_entry_is(entry, reference))
        continue;
      if (found != nullptr && found->digest != entry.digest)
        return fail(Fault::not_found,
                    reference.empty()
                        ? "several images: write oci:DIR:NAME"
                        : "several entries of this name, one for each platform: name a digest",
                    blobs_->where() + (reference.empty() ? "" : ":" + reference));
      found = &entry;
    }
    if (found == nullptr) found = saved_list(index, reference);
    if (found == nullptr)
      return fail(Fault::not_found, reference.empty() ? "has no image" : "has no " + reference,
                  blobs_->where());
    return read(found->digest, found->media_type);
  }

  Result<> pull(const Descriptor& blob,
                const std::function<Result<>(std::string_view)>& sink) override {
    TRY(const std::string path, blob_path(blob.digest));
    TRY(const LayerBytes bytes, blobs_->open(path));
    const std::string where = blobs_->where() + "/" + path;
    if (bytes.length != blob.size)
      return fail(
          Fault::corrupt,
          fmt::format("has {} bytes, its descriptor says {}", bytes.length.value_or(0), blob.size),
          where);
    std::string buffer(static_cast<std::size_t>(std::min<std::uint64_t>(blob.size, 1 << 20)), '\0');
    for (std::uint64_t at = 0; at < blob.size;) {
      const ssize_t got =
          ::pread(bytes.fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::unexpected(errno_error("cannot read", where));
      if (got == 0) return fail(Fault::corrupt, "the file ends early", where, at);
      TRY_DO(sink(std::string_view(buffer).substr(0, static_cast<std::size_t>(got))));
      at += static_cast<std::uint64_t>(got);
    }
    return {};
  }

  Result<std::vector<Descriptor>> referrers(const std::string& digest,
                                            const std::string& artifact_type,
                                            bool /*thorough*/) override {
    TRY(const LayoutIndex index, read_index());
    const std::string_view wanted = trim_end(artifact_type, '*');
    std::vector<Descriptor> out;
    const auto take = [&](const Descriptor& entry) -> Result<> {
      if (!entry.artifact_type.empty() && !entry.artifact_type.starts_with(wanted)) return {};
      if (std::ranges::find(out, entry.digest, &Descriptor::digest) != out.end()) return {};
      if (auto found = referrer(entry.digest, digest, wanted)) out.push_back(std::move(*found));
      if (out.size() > max_referrers)
        return fail(Fault::too_large, "too many referrers", blobs_->where());
      return {};
    };
    for (const Descriptor& entry : index.entries) TRY_DO(take(entry));
    // The list that skopeo and others copy along as a tag.
    if (const auto listed = list(fallback_tag(digest), ListKind::index, false)) {
      for (const Descriptor& entry : *listed) TRY_DO(take(entry));
    }
    if (out.empty() && index.saved_by_cosign()) {
      TRY(const auto names, small_blobs());
      for (const std::string& name : names) {
        Descriptor entry;
        entry.digest = name;
        TRY_DO(take(entry));
      }
    }
    return out;
  }

  Result<std::vector<std::string>> tags(const std::string& prefix) override {
    TRY(const LayoutIndex index, read_index());
    std::vector<std::string> out;
    for (const Descriptor& entry : index.entries)
      if (!entry.ref_name.empty() && entry.ref_name.starts_with(prefix))
        out.push_back(entry.ref_name);
    std::ranges::sort(out);
    return out;
  }

  Result<std::vector<Descriptor>> list(const std::string& tag, ListKind kind,
                                       bool /*thorough*/) override {
    TRY(const auto found, manifest(tag));
    return entries_of(found.manifest, kind, blobs_->where() + ":" + tag);
  }

  Result<> put_blob(const std::string& digest, std::uint64_t size, const BlobPull& pull,
                    const std::string& /*mount_from*/) override;

  Result<bool> put_manifest(const std::string& reference, const std::string& media_type,
                            const std::string& body, const std::string& /*if_match*/) override {
    TRY(const Fd lock, locked());
    TRY(Descriptor entry, put_bytes(body, media_type));
    if (is_digest(reference)) {
      if (entry.digest == reference) return false;
      return fail(Fault::corrupt, "the manifest has the digest " + entry.digest, reference);
    }
    TRY_DO(set_tag(reference, std::move(entry)));
    return false;
  }

  Result<Descriptor> attach(const Manifest& manifest) override {
    const std::string body = write_manifest(manifest);
    TRY(Descriptor entry, put_bytes(body, manifest.media_type));
    entry.artifact_type = manifest.artifact_type;
    entry.annotations = manifest.annotations;
    TRY_DO(list_referrer(manifest.subject->digest, entry));
    return entry;
  }

  Result<> list_referrer(const std::string& /*subject*/, const Descriptor& referrer) override {
    TRY(const Fd lock, locked());
    TRY(LayoutIndex index, read_index());
    if (std::ranges::find(index.entries, referrer.digest, &Descriptor::digest) !=
        index.entries.end())
      return {};
    index.add(referrer);
    return write_index(index);
  }

  Result<> change_list(const std::string& tag, ListKind kind, const ListChange& change) override {
    TRY(const Fd lock, locked());
    auto entries = list(tag, kind, false);
    if (!entries && entries.error().fault != Fault::not_found)
      return std::unexpected(entries.error());
    TRY(const Manifest manifest,
        list_manifest(*this, kind,
                      changed(entries ? std::move(*entries) : std::vector<Descriptor>(), change)));
    TRY(Descriptor entry, put_bytes(write_manifest(manifest), manifest.media_type));
    return set_tag(tag, std::move(entry));
  }

  Result<> detach(const std::string& /*subject*/, const Descriptor& referrer) override {
    return remove(referrer.digest);
  }

  Result<> remove(const std::string& reference) override {
    TRY(const Fd lock, locked());
    TRY(LayoutIndex index, read_index());
    const std::size_t before = index.entries.size();
    index.remove([&](const Descriptor& entry) {
      return is_digest(reference) ? entry.digest == reference : entry.ref_name == reference;
    });
    if (index.entries.size() == before)
      return fail(Fault::not_found, "has no " + reference, blobs_->where());
    return write_index(index);
  }

 private:
  Result<StoredManifest> read(const std::string& digest, const std::string& media_type) const {
    StoredManifest out;
    TRY(out.body, read_checked_blob(*blobs_, digest, max_manifest_bytes));
    TRY(out.manifest, parse_artifact(out.body, media_type, blobs_->where() + " " + digest));
    out.digest = digest;
    return out;
  }

  // `cosign save` writes one image with its lists, which have no names.
  const Descriptor* saved_list(const LayoutIndex& index, const std::string& tag) const {
    const Descriptor* image = nullptr;
    const Descriptor* list = nullptr;
    for (const Descriptor& entry : index.entries) {
      const std::string kind = annotation(entry, "kind");
      if (kind.starts_with(cosign_image)) image = image == nullptr ? &entry : nullptr;
      if ((tag.ends_with(".sig") && kind == "dev.cosignproject.cosign/sigs") ||
          (tag.ends_with(".att") && kind == "dev.cosignproject.cosign/atts"))
        list = &entry;
    }
    if (image == nullptr || !tag.starts_with(fallback_tag(image->digest) + ".")) return nullptr;
    return list;
  }

  // The manifest as a referrer of `subject`; nothing when it is none, or cannot be read.
  std::optional<Descriptor> referrer(const std::string& digest, const std::string& subject,
                                     std::string_view type) const {
    const auto found = read(digest, "");
    if (!found || !found->manifest.subject || found->manifest.subject->digest != subject)
      return std::nullopt;
    Descriptor out = found->descriptor();
    out.artifact_type = found->manifest.artifact_type;
    out.annotations = found->manifest.annotations;
    // cosign's own copies name the type by their layer only.
    if (out.artifact_type == oci_config_type && found->manifest.layers.size() == 1)
      out.artifact_type = found->manifest.layers[0].media_type;
    return out.artifact_type.starts_with(type) ? std::optional(out) : std::nullopt;
  }

  // Digests of blobs that could be manifests, sorted.
  Result<std::vector<std::string>> small_blobs() const;
  Result<LayoutIndex> read_index() const;
  Result<> write_index(const LayoutIndex& index) const;
  Result<> set_tag(const std::string& tag, Descriptor entry) const;
  Result<Fd> locked() const {
    // A descriptor of its own: a lock belongs to the open file.
    Fd fd(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::flock(fd.get(), LOCK_EX) != 0)
      return std::unexpected(errno_error("cannot lock the layout", blobs_->where()));
    return fd;
  }
  Result<Fd> blob_folder(std::string_view algorithm, bool create) const;

  std::shared_ptr<const BlobStore> blobs_;
  Fd folder_;
  std::string name_;
};

Result<LayoutIndex> LayoutStore::read_index() const {
  const std::string where = blobs_->where() + "/index.json";
  auto body = read_blob(*blobs_, "index.json", max_index_bytes);
  if (!body && body.error().fault == Fault::not_found)
    return fail(Fault::not_found, "no OCI layout: it has no index.json", blobs_->where());
  if (!body) return std::unexpected(body.error());
  TRY(const Manifest parsed, parse_artifact(*body, oci_index_type, where));
  TRY(const Document document, parse_json(*body));
  LayoutIndex out;
  out.entries = parsed.manifests;
  for (const auto& [key, value] : document.root().members()) {
    if (key == "manifests") continue;
    TRY(auto text, canonical_json(value));
    out.members.emplace_back(key, std::move(text));
  }
  for (const Value& entry : document["manifests"].items()) {
    TRY(auto text, canonical_json(entry));
    out.written.push_back(std::move(text));
  }
  return out;
}

Result<> LayoutStore::set_tag(const std::string& tag, Descriptor entry) const {
  TRY(LayoutIndex index, read_index());
  entry.annotations[name_annotation] = tag;
  entry.ref_name = tag;
  if (index.saved_by_cosign() && (tag.ends_with(".sig") || tag.ends_with(".att"))) {
    const std::string kind =
        tag.ends_with(".sig") ? "dev.cosignproject.cosign/sigs" : "dev.cosignproject.cosign/atts";
    index.remove([&](const Descriptor& old) { return annotation(old, "kind") == kind; });
    entry.annotations["kind"] = kind;
  }
  index.remove([&](const Descriptor& old) { return old.ref_name == tag; });
  index.add(entry);
  return write_index(index);
}

// A new file of `folder`, not visible under its name before it is whole.
Result<> put_file(int folder, const std::string& name, const std::string& where,
                  const std::function<Result<>(int fd)>& fill) {
  std::random_device source;
  const std::string temporary = fmt::format(".{}.{:08x}{:08x}", name, source(), source());
  Fd fd(::openat(folder, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 0666));
  if (!fd) return std::unexpected(errno_error("cannot write into the layout", where));
  auto done = fill(fd.get());
  if (done && ::renameat(folder, temporary.c_str(), folder, name.c_str()) != 0)
    done = std::unexpected(errno_error("cannot write into the layout", where));
  if (!done) ::unlinkat(folder, temporary.c_str(), 0);
  return done;
}

Result<> LayoutStore::write_index(const LayoutIndex& index) const {
  const std::string where = blobs_->where() + "/index.json";
  return put_file(folder_.get(), "index.json", where,
                  [&](int fd) { return write_all(fd, index.text(), where); });
}

Result<Fd> LayoutStore::blob_folder(std::string_view algorithm, bool create) const {
  const std::string name(algorithm);
  Fd held;
  for (const std::string& step : {std::string("blobs"), name}) {
    const int at = held ? held.get() : folder_.get();
    if (create && ::mkdirat(at, step.c_str(), 0777) != 0 && errno != EEXIST)
      return std::unexpected(errno_error("cannot make a folder in the layout", blobs_->where()));
    Fd next(::openat(at, step.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next)
      return std::unexpected(
          errno_error("not a folder of the layout's own: blobs", blobs_->where()));
    held = std::move(next);
  }
  return held;
}

Result<> LayoutStore::put_blob(const std::string& digest, std::uint64_t size, const BlobPull& pull,
                               const std::string& /*mount_from*/) {
  TRY(const std::string path, blob_path(digest));
  if (blobs_->has(path)) return {};
  TRY(const HashKind kind, hash_of_digest(digest));
  TRY(const Fd folder, blob_folder(digest.substr(0, digest.find(':')), true));
  const std::string where = blobs_->where() + "/" + path;
  return put_file(
      folder.get(), digest.substr(digest.find(':') + 1), where, [&](int fd) -> Result<> {
        Hasher hasher(kind);
        std::uint64_t got = 0;
        TRY_DO(pull([&](std::string_view bytes) -> Result<> {
          got += bytes.size();
          if (got > size) return fail(Fault::corrupt, "longer than its descriptor says", where);
          hasher.update(bytes);
          return write_all(fd, bytes, where);
        }));
        if (got != size || hex(hasher.finish()) != digest.substr(digest.find(':') + 1))
          return fail(Fault::corrupt, "the bytes are not those of its digest: not kept", where);
        return {};
      });
}

Result<std::vector<std::string>> LayoutStore::small_blobs() const {
  std::vector<std::string> out;
  auto folder = blob_folder("sha256", false);
  if (!folder) return out;
  const int fd = folder->release();
  DIR* listing = ::fdopendir(fd);
  if (listing == nullptr) {
    ::close(fd);
    return out;
  }
  std::size_t seen = 0;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string digest = std::string("sha256:") + entry->d_name;
    struct stat info{};
    if (++seen > max_scanned_blobs) break;
    if (is_digest(digest) && ::fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) <= max_manifest_bytes)
      out.push_back(digest);
  }
  ::closedir(listing);
  if (seen > max_scanned_blobs)
    return fail(Fault::too_large, "too many blobs to look through", blobs_->where());
  std::ranges::sort(out);
  return out;
}

// The folder's own name: a signature must not tell where it lay on somebody's machine.
std::string layout_name(const std::string& path) {
  const std::string_view whole = trim_end(path, '/');
  const auto slash = whole.rfind('/');
  const auto name = slash == std::string_view::npos ? whole : whole.substr(slash + 1);
  return name.empty() || name == "." || name == ".." ? "layout" : std::string(name);
}

}  // namespace

Result<std::unique_ptr<ArtifactStore>> layout_store(const std::string& path, bool create) {
  if (create && ::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
    return std::unexpected(errno_error("cannot make the layout", path));
  TRY(auto blobs, folder_store(path));
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return std::unexpected(errno_error("cannot open", path));
  if (create && ::faccessat(folder.get(), "index.json", F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
    const auto put = [&](const char* name, std::string_view text) {
      return put_file(folder.get(), name, path, [&](int fd) { return write_all(fd, text, path); });
    };
    TRY_DO(put("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    TRY_DO(put(
        "index.json",
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})"));
  }
  return std::make_unique<LayoutStore>(std::move(blobs), std::move(folder), layout_name(path));
}

}  // namespace boltseal
