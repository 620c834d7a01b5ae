// A file descriptor that closes itself, and whole-file reads with a limit.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Result<Fd> open_read(const std::string& path);  // O_CLOEXEC
Result<std::string> read_file(const std::string& path,
                              std::uint64_t cap);  // too_large over `cap` bytes
// Up to `count` bytes from the beginning of a regular file, wherever the descriptor stands.
Result<std::string> read_head(int fd, std::size_t count, std::string where);
Result<std::string> read_all(int fd, std::uint64_t cap, std::string where);
Result<> write_all(int fd, std::string_view bytes, std::string where);
// A file that comes into being beside `path` and takes its place at commit(), so that a reader sees
// the old bytes or the new ones. Without commit() nothing stays behind.
class FileReplacement {
 public:
  static Result<FileReplacement> begin(std::string path);
  FileReplacement(FileReplacement&& other) noexcept
      : path_(std::move(other.path_)),
        temporary_(std::exchange(other.temporary_, {})),
        fd_(std::move(other.fd_)) {}
  FileReplacement& operator=(FileReplacement&&) = delete;
  ~FileReplacement();
  int fd() const { return fd_.get(); }
  Result<> commit();

 private:
  FileReplacement(std::string path, std::string temporary, Fd fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}
  std::string path_, temporary_;  // the latter empty: nothing to remove
  Fd fd_;
};
// The same for bytes that are there already.
Result<> write_file_atomically(const std::string& path, std::string_view bytes);
// Beside, fsync, rename: a reader sees the old bytes or the new ones, also after a power cut.
Result<> write_durably(const std::string& path, std::string_view bytes);
// Waits for the exclusive lock of the file, which is made when it is not there, and holds it as
// long as the descriptor is open.
Result<Fd> lock_file(const std::string& path);
// An unnamed file in `directory`, which is made when it is not there. The file is gone with its
// descriptor (O_TMPFILE), so that a kill leaves nothing behind.
Result<Fd> unnamed_file(const std::string& directory);
Result<> make_directories(const std::string& path);  // mode 0700 for what it makes

}  // namespace boltseal
