// What the files of this folder share of OpenSSL: owners for its objects, and its errors as ours.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

template <auto Free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
void free_openssl_memory(void* memory);
template <class T, auto Free>
using OpenSsl = std::unique_ptr<T, OpenSslFree<Free>>;

inline const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The DER of an object by its i2d function; empty when OpenSSL cannot write it.
template <auto Write, class T>
std::string der_of(T* object) {
  unsigned char* der = nullptr;
  const int size = object ? Write(object, &der) : -1;
  std::string out;
  if (size > 0) out.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  free_openssl_memory(der);
  return out;
}

// An Error of ours with OpenSSL's reason, whose queue is emptied.
std::unexpected<Error> openssl_error(Fault fault, std::string what);

}  // namespace boltseal
