#include "seal/artifact.h"

#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t piece = 1 << 20;
constexpr std::uint64_t content_limit = 1ULL << 30;

// From the beginning, whatever was read before; f(piece) for each.
template <class F>
Result<> read_through(int fd, const std::string& path, F&& f) {
  std::vector<char> buffer(piece);
  off_t at = 0;
  for (;;) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("read", path));
    if (got == 0) return {};
    f(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    at += got;
  }
}

}  // namespace

Artifact Artifact::from_bytes(std::string bytes) {
  Artifact out;
  out.bytes_ = std::move(bytes);
  return out;
}

Result<Artifact> Artifact::from_file(const std::string& path) {
  Artifact out;
  TRY(out.file_, open_read(path));
  struct stat info{};
  if (::fstat(out.file_.get(), &info) != 0) return std::unexpected(errno_error("stat", path));
  if (S_ISDIR(info.st_mode)) return fail(Fault::unsupported, "a folder, not a file", path);
  if (!S_ISREG(info.st_mode)) {  // a pipe is read once
    TRY(out.bytes_, read_all(out.file_.get(), content_limit, path));
  }
  out.path_ = path;
  return out;
}

Result<Artifact> Artifact::from_digest(std::string_view digest) {
  TRY(const auto kind, hash_of_digest(digest));
  Artifact out;
  out.known_[kind] = *unhex(digest.substr(digest.find(':') + 1));
  return out;
}

Result<std::string> Artifact::digest(HashKind kind) const {
  if (const auto found = known_.find(kind); found != known_.end()) return found->second;
  if (bytes_) return known_[kind] = hash(kind, *bytes_);
  if (!file_) return fail(Fault::not_found, "another hash of the artifact than the one given");
  Hasher hasher(kind);
  TRY_DO(read_through(file_.get(), path_, [&](std::string_view part) { hasher.update(part); }));
  return known_[kind] = hasher.finish();
}

Result<std::uint64_t> Artifact::size() const {
  if (bytes_) return bytes_->size();
  struct stat info{};
  if (!file_) return fail(Fault::not_found, "this signature can only be checked with the file");
  if (::fstat(file_.get(), &info) != 0) return std::unexpected(errno_error("stat", path_));
  return static_cast<std::uint64_t>(info.st_size);
}

Result<std::string> Artifact::name() const {
  if (!bytes_ && !file_) {
    const auto& [kind, raw] = *known_.begin();
    return (kind == HashKind::sha512 ? "sha512:" : "sha256:") + hex(raw);
  }
  TRY(const auto raw, digest(HashKind::sha256));
  return "sha256:" + hex(raw);
}

Result<std::string> Artifact::content() const {
  if (bytes_) return *bytes_;
  if (!file_)
    return fail(Fault::not_found, "this signature can only be checked with the artifact itself");
  std::string out;
  bool large = false;
  TRY_DO(read_through(file_.get(), path_, [&](std::string_view part) {
    large = large || out.size() + part.size() > content_limit;
    if (!large) out += part;
  }));
  if (large) return fail(Fault::too_large, "over a GiB for a signature by Ed25519", path_);
  return out;
}

}  // namespace boltseal
