#include "crypto/secret.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/fd.h"

namespace boltseal {

Secret::Secret(std::size_t size) : size_(size), mapped_(size) {
  if (size == 0) return;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  (void)::mlock(memory, size);  // a machine without room for it still wipes
  (void)::madvise(memory, size, MADV_DONTDUMP);
  bytes_ = static_cast<char*>(memory);
}

Secret::Secret(std::string_view bytes) : Secret(bytes.size()) {
  if (size_ > 0) std::memcpy(bytes_, bytes.data(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
  }
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() {
  if (!bytes_) return;
  sodium_memzero(bytes_, mapped_);
  ::munmap(bytes_, mapped_);
  bytes_ = nullptr;
  size_ = mapped_ = 0;
}

void Secret::shorten(std::size_t size) {
  if (size >= size_) return;
  sodium_memzero(bytes_ + size, size_ - size);
  size_ = size;
}

Result<Secret> read_secret(int fd, std::size_t cap, const std::string& where) {
  Secret out(cap + 1);
  std::size_t size = 0;
  while (size <= cap) {
    const ssize_t got = ::read(fd, out.data() + size, out.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read", where));
    if (got == 0) {
      out.shorten(size);
      return out;
    }
    size += static_cast<std::size_t>(got);
  }
  return fail(Fault::too_large, "over the limit of " + std::to_string(cap) + " bytes", where);
}

Result<Secret> read_secret_file(const std::string& path, std::size_t cap) {
  TRY(const Fd fd, open_read(path));
  return read_secret(fd.get(), cap, path);
}

Result<> write_secret_file(const std::string& path, std::string_view bytes) {
  std::string temporary = path + ".XXXXXX";
  const Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!fd) return std::unexpected(errno_error("cannot create a file beside", path));
  auto written = write_all(fd.get(), bytes, path);
  if (written && (::fsync(fd.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0))
    written = std::unexpected(errno_error("cannot write", path));
  if (!written) ::unlink(temporary.c_str());
  return written;
}

void wipe(void* bytes, std::size_t size) { sodium_memzero(bytes, size); }

}  // namespace boltseal
