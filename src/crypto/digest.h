// SHA-256 and its kin over OpenSSL, and the "sha256:<hex>" names that registries use.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

enum class HashKind { sha1, sha256, sha384, sha512 };

class Hasher {
 public:
  explicit Hasher(HashKind kind = HashKind::sha256);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(std::string_view bytes);
  std::string finish();  // the raw digest; the hasher is spent
 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hash(HashKind kind, std::string_view bytes);  // raw
std::string sha256_hex(std::string_view bytes);
std::string sha256_digest(std::string_view bytes);  // "sha256:<hex>"

// "sha256:" + 64 lower-case hex digits (or sha512: + 128); everything else is refused, so that a
// digest can never be a path (security-record row 2).
bool is_digest(std::string_view text);
// The hash that a digest names; not_found for a text that is_digest refuses.
Result<HashKind> hash_of_digest(std::string_view digest);

}  // namespace boltseal
