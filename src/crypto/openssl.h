// What the files of this folder share of OpenSSL: owners for its objects, and its errors as ours.
#pragma once
#include <openssl/asn1.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

class Certificate;

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

// The object that the bytes are by its d2i function, and nothing behind it; else null, with
// OpenSSL's errors still in the queue where it could not read them.
template <auto Read, auto Free>
auto der_object(std::string_view der) {
  const unsigned char* at = unsigned_bytes(der);
  auto* object = Read(nullptr, &at, static_cast<long>(der.size()));
  OpenSsl<std::remove_pointer_t<decltype(object)>, Free> out(object);
  if (at != unsigned_bytes(der) + der.size()) out.reset();
  return out;
}

// What the parts of such an object say. Nothing or empty for one that cannot be read.
std::string bytes_of(const ASN1_STRING* text);
std::string dotted(const ASN1_OBJECT* object);   // an object identifier in numbers
std::string hex_of(const ASN1_INTEGER* number);  // hex by whole bytes; a sign is not shown
std::optional<std::int64_t> seconds_of(const ASN1_TIME* time);  // since 1970

// Whether what a signature is over is a hash that nobody can find a second text for; PSS and
// Ed25519 leave that to the check of the signature itself.
bool over_strong_hash(int signature_nid);

// Certificates as OpenSSL wants them; each holds a reference of its own.
void free_certificates(STACK_OF(X509) * stack);
using CertificateStack = OpenSsl<STACK_OF(X509), free_certificates>;
// Null when there is no memory for it.
CertificateStack stack_of(std::span<const Certificate> first,
                          std::span<const Certificate> second = {});

// An Error of ours with OpenSSL's reason, whose queue is emptied.
std::unexpected<Error> openssl_error(Fault fault, std::string what);

}  // namespace boltseal
