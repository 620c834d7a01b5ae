#include "base/fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace boltseal {

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
