// Bytes that must not be left lying about: passwords, private keys. Their memory is locked where
// the machine allows it, kept out of core dumps, and wiped when it is given back.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);  // a copy: the caller wipes what it had
  explicit Secret(std::size_t size);        // zeros, to be filled through data()
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  std::string_view view() const { return {bytes_ ? bytes_ : "", size_}; }  // data() is never null
  char* data() { return bytes_; }
  std::size_t size() const { return size_; }
  void shorten(std::size_t size);  // gives up what is behind; no more than size()

 private:
  void wipe();
  char* bytes_ = nullptr;
  std::size_t size_ = 0, mapped_ = 0;
};

// What comes from a descriptor until its end, without a copy elsewhere; too_large over `cap` bytes.
Result<Secret> read_secret(int fd, std::size_t cap, const std::string& where);
Result<Secret> read_secret_file(const std::string& path, std::size_t cap);
// For what only its owner may read: mode 0600, whole or not at all, in place of what was there.
Result<> write_secret_file(const std::string& path, std::string_view bytes);

void wipe(void* bytes, std::size_t size);  // not optimised away

}  // namespace boltseal
