// The thing that was signed: a file, bytes in memory, or no more than its digest.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace boltseal {

class Artifact {
 public:
  static Artifact from_bytes(std::string bytes);
  // Kept open, and read once for each hash that is asked for; never held in memory.
  static Result<Artifact> from_file(const std::string& path);
  // "sha256:<hex>" or "sha512:<hex>".
  static Result<Artifact> from_digest(std::string_view digest);

  // The raw hash; not_found when only another one is known.
  Result<std::string> digest(HashKind kind) const;
  // In bytes; not_found when only a digest is known.
  Result<std::uint64_t> size() const;
  // "sha256:<hex>", or the digest that it was made from.
  Result<std::string> name() const;
  // The content, for the signatures that need it (plain Ed25519): not_found when only a digest is
  // known, too_large over a GiB.
  Result<std::string> content() const;

 private:
  Artifact() = default;
  std::optional<std::string> bytes_;
  std::string path_;
  Fd file_;
  mutable std::map<HashKind, std::string> known_;
};

}  // namespace boltseal
