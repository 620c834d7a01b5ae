#include "crypto/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

#include "base/text.h"

namespace boltseal {
namespace {

// Fetched once: EVP_sha256() looks its implementation up at every init in OpenSSL 3.
const EVP_MD* algorithm(HashKind kind) {
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  switch (kind) {
    case HashKind::sha1:
      return sha1;
    case HashKind::sha256:
      return sha256;
    case HashKind::sha384:
      return sha384;
    case HashKind::sha512:
      return sha512;
  }
  return sha256;
}

}  // namespace

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(HashKind kind) : state_(std::make_unique<State>()) {
  // A hash that cannot be had is no reason to go on with a wrong one.
  if (EVP_DigestInit_ex(state_->context, algorithm(kind), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no such hash");
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1)
    throw std::runtime_error("OpenSSL: hash failed");
}

std::string Hasher::finish() {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(out.data()), &size) !=
      1) {
    throw std::runtime_error("OpenSSL: hash failed");
  }
  out.resize(size);
  return out;
}

std::string hash(HashKind kind, std::string_view bytes) {
  Hasher hasher(kind);
  hasher.update(bytes);
  return hasher.finish();
}

std::string sha256_hex(std::string_view bytes) { return hex(hash(HashKind::sha256, bytes)); }
std::string sha256_digest(std::string_view bytes) { return "sha256:" + sha256_hex(bytes); }

bool is_digest(std::string_view text) { return hash_of_digest(text).has_value(); }

Result<HashKind> hash_of_digest(std::string_view digest) {
  const auto is = [&](std::string_view prefix, std::size_t digits) {
    return digest.starts_with(prefix) && digest.size() == prefix.size() + digits &&
           std::ranges::all_of(digest.substr(prefix.size()),
                               [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  };
  if (is("sha256:", 64)) return HashKind::sha256;
  if (is("sha512:", 128)) return HashKind::sha512;
  return fail(Fault::not_found, "not a sha256 or sha512 digest",
              std::string(digest.substr(0, 160)));
}

}  // namespace boltseal
