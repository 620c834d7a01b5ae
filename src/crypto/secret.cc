#include "crypto/secret.h"

#include <sodium.h>
#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

namespace boltseal {

Secret::Secret(std::size_t size) : size_(size) {
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
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() {
  if (!bytes_) return;
  sodium_memzero(bytes_, size_);
  ::munmap(bytes_, size_);
  bytes_ = nullptr;
  size_ = 0;
}

void wipe(void* bytes, std::size_t size) { sodium_memzero(bytes, size); }

}  // namespace boltseal
