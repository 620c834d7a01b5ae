#include "source/blob_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

// Step by step without following a link, for kernels before 5.6 and sandboxes that do not know
// openat2.
int open_by_steps(int folder, const std::string& path) {
  Fd held;
  const auto steps = split(path, '/');
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string step(steps[i]);
    if (step.empty() || step == "." || step == "..") {
      errno = EXDEV;
      return -1;
    }
    const bool last = i + 1 == steps.size();
    const int flags =
        O_CLOEXEC | O_NOFOLLOW | (last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY);
    const int next = ::openat(held ? held.get() : folder, step.c_str(), flags);
    if (next < 0 || last) return next;
    held = Fd(next);
  }
  errno = ENOENT;
  return -1;
}

int open_beneath(int folder, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const auto fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  return open_by_steps(folder, path);
}

class FolderStore : public BlobStore {
 public:
  FolderStore(Fd folder, std::string where)
      : folder_(std::move(folder)), where_(std::move(where)) {}
  const std::string& where() const override { return where_; }

  Result<LayerBytes> open(const std::string& path) const override {
    const std::string full = where_ + "/" + path;
    Fd fd(open_beneath(folder_.get(), path));
    if (!fd && (errno == ELOOP || errno == EXDEV || errno == ENOTDIR)) {
      return fail(Fault::corrupt, "a link or a way out of the layout: refused", full);
    }
    if (!fd && errno == ENOENT) return fail(Fault::not_found, "no such file", full);
    if (!fd) return std::unexpected(errno_error("cannot open", full));
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return std::unexpected(errno_error("cannot stat", full));
    if (!S_ISREG(info.st_mode)) return fail(Fault::corrupt, "not a regular file", full);
    LayerBytes out;
    out.fd = std::move(fd);
    out.length = static_cast<std::uint64_t>(info.st_size);
    return out;
  }

 private:
  Fd folder_;
  std::string where_;
};

}  // namespace

Result<std::shared_ptr<const BlobStore>> folder_store(const std::string& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder && errno == ENOENT) return fail(Fault::not_found, "no such directory", path);
  if (!folder && errno == ENOTDIR) {
    return fail(Fault::not_found, "not a directory; for a tar file write oci-archive:FILE", path);
  }
  if (!folder) return std::unexpected(errno_error("cannot open", path));
  return std::make_shared<FolderStore>(std::move(folder), std::string(trim_end(path, '/')));
}

Result<std::string> read_blob(const BlobStore& store, const std::string& path, std::uint64_t cap) {
  TRY(const LayerBytes blob, store.open(path));
  const std::string where = store.where() + "/" + path;
  const std::uint64_t length = blob.length.value_or(0);
  if (length > cap)
    return fail(Fault::too_large, fmt::format("{} bytes, the limit is {}", length, cap), where);
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto got = ::pread(blob.fd.get(), bytes.data() + at, bytes.size() - at,
                             static_cast<off_t>(blob.offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read", where));
    if (got == 0) return fail(Fault::corrupt, "the file ends early", where, at);
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<std::string> blob_path(const std::string& digest) {
  if (!is_digest(digest)) return fail(Fault::corrupt, "no digest", digest.substr(0, 200));
  return "blobs/" + replace_all(digest, ":", "/");
}

Result<std::string> read_checked_blob(const BlobStore& store, const std::string& digest,
                                      std::uint64_t cap) {
  TRY(const std::string path, blob_path(digest));
  TRY(const HashKind kind, hash_of_digest(digest));
  TRY(std::string bytes, read_blob(store, path, cap));
  const std::string is = digest.substr(0, digest.find(':') + 1) + hex(hash(kind, bytes));
  if (is != digest)
    return fail(Fault::corrupt, "its content has the digest " + is, store.where() + "/" + path);
  return bytes;
}

}  // namespace boltseal
