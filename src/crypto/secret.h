// Bytes that must not be left lying about: passwords, private keys. Their memory is locked where
// the machine allows it, kept out of core dumps, and wiped when it is given back.
#pragma once
#include <cstddef>
#include <string_view>

namespace boltseal {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);  // a copy: the caller wipes what it had
  explicit Secret(std::size_t size);        // zeros, to be filled through data()
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  std::string_view view() const { return {bytes_, size_}; }
  char* data() { return bytes_; }
  std::size_t size() const { return size_; }

 private:
  void wipe();
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

void wipe(void* bytes, std::size_t size);  // not optimised away

}  // namespace boltseal
