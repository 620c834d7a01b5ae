#include "base/fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace boltseal {
namespace {

// The bytes get the name `beside` only when they are complete, so that a kill leaves no part of
// them behind; where the file system has no unnamed files, they are written under it.
Result<> write_beside(const std::string& folder, const std::string& beside,
                      std::string_view bytes) {
  ::unlink(beside.c_str());  // of a process that had our number and was killed
  Fd file(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644));
  const bool unnamed = file && ::access("/proc/self/fd", X_OK) == 0;
  if (!unnamed) file = Fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return std::unexpected(errno_error("cannot write", beside));
  TRY_DO(write_all(file.get(), bytes, beside));
  if (::fsync(file.get()) != 0) return std::unexpected(errno_error("fsync", beside));
  const std::string self = fmt::format("/proc/self/fd/{}", file.get());
  if (unnamed && ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, beside.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return std::unexpected(errno_error("cannot write", beside));
  return {};
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Fd> open_read(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return std::unexpected(errno_error("cannot open", path));
  return fd;
}

Result<std::string> read_head(int fd, std::size_t count, std::string where) {
  std::string bytes(count, '\0');
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  if (got < 0) return std::unexpected(errno_error("cannot read", std::move(where)));
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

Result<std::string> read_all(int fd, std::uint64_t cap, std::string where) {
  std::string bytes;
  struct stat info{};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    if (static_cast<std::uint64_t>(info.st_size) > cap) {
      return fail(Fault::too_large, fmt::format("{} bytes, the limit is {}", info.st_size, cap),
                  std::move(where));
    }
    bytes.reserve(static_cast<std::size_t>(info.st_size) + 1);
  }
  for (;;) {
    const std::size_t had = bytes.size();
    const std::size_t step = std::max<std::size_t>(bytes.capacity() - had, 65536);
    bytes.resize(had + step);
    const ssize_t got = ::read(fd, bytes.data() + had, step);
    if (got < 0 && errno == EINTR) {
      bytes.resize(had);
      continue;
    }
    if (got < 0) return std::unexpected(errno_error("cannot read", std::move(where)));
    bytes.resize(had + static_cast<std::size_t>(got));
    if (got == 0) return bytes;
    if (bytes.size() > cap)
      return fail(Fault::too_large, fmt::format("over the limit of {} bytes", cap),
                  std::move(where));
  }
}

Result<std::string> read_file(const std::string& path, std::uint64_t cap) {
  TRY(const Fd fd, open_read(path));
  return read_all(fd.get(), cap, path);
}

Result<> write_all(int fd, std::string_view bytes, std::string where) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return std::unexpected(errno_error("cannot write", std::move(where)));
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<FileReplacement> FileReplacement::begin(std::string path) {
  std::string temporary = path + ".XXXXXX";
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("cannot create a file beside", path));
  return FileReplacement(std::move(path), std::move(temporary), std::move(fd));
}

FileReplacement::~FileReplacement() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<> FileReplacement::commit() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(fd_.get(), 0666 & ~mask) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0)
    return std::unexpected(errno_error("cannot replace", path_));
  temporary_.clear();
  return {};
}

Result<> write_file_atomically(const std::string& path, std::string_view bytes) {
  TRY(auto file, FileReplacement::begin(path));
  TRY_DO(write_all(file.fd(), bytes, path));
  return file.commit();
}

Result<> write_durably(const std::string& path, std::string_view bytes) {
  const std::string beside = fmt::format("{}.{}.tmp", path, ::getpid());
  const auto parent = std::filesystem::path(path).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  auto written = write_beside(folder, beside, bytes);
  if (written && ::rename(beside.c_str(), path.c_str()) != 0)
    written = std::unexpected(errno_error("rename", path));
  if (!written) {
    ::unlink(beside.c_str());
    return written;
  }
  const Fd directory(::open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (directory) ::fsync(directory.get());  // not every file system can; the rename holds anyway
  return {};
}

Result<Fd> lock_file(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666));
  if (!fd) return std::unexpected(errno_error("cannot open", path));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return std::unexpected(errno_error("cannot lock", path));
  }
  return fd;
}

Result<Fd> unnamed_file(const std::string& directory) {
  TRY_DO(make_directories(directory));
  Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  // Some file systems have no O_TMPFILE: create and unlink at once.
  std::string name = directory + "/spool.XXXXXX";
  Fd named(::mkostemp(name.data(), O_CLOEXEC));
  if (!named) return std::unexpected(errno_error("cannot create a temporary file in", directory));
  ::unlink(name.c_str());
  return named;
}

Result<> make_directories(const std::string& path) {
  const mode_t mask = ::umask(077);
  std::error_code error;
  std::filesystem::create_directories(path, error);
  ::umask(mask);
  if (error) return fail(Fault::io, "cannot make the directory: " + error.message(), path);
  return {};
}

}  // namespace boltseal
