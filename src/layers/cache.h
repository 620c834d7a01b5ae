// What was found in a layer, kept under its digest, so that a layer is read once in its life.
//
// One file per entry in one folder; no lock: an entry is written to an unnamed file and linked into
// place, so that a reader sees all of it or nothing, and a kill leaves nothing. Every entry carries
// its own digest; a damaged one is removed and counts as absent. The folder is kept under a size by
// removing what was used longest ago.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

class Cache {
 public:
  // An empty directory name: a cache that holds nothing. `limit` in bytes.
  Cache(std::string directory, std::uint64_t limit)
      : directory_(std::move(directory)), limit_(limit) {}

  std::optional<std::string> get(std::string_view key) const;
  // Failing to keep something is no failure of the scan: it is logged in verbose runs.
  void put(std::string_view key, std::string_view value) const;
  // The same for a key whose value changes: what is there is replaced.
  void replace(std::string_view key, std::string_view value) const;
  // Removes what is over the limit, oldest use first.
  void prune() const;
  // Removes everything; the number of entries.
  Result<std::uint64_t> clear() const;
  const std::string& directory() const { return directory_; }

 private:
  std::string path_of(std::string_view key) const;
  Result<> store(const std::string& path, std::string_view bytes) const;
  static std::string entry_bytes(std::string_view value);
  std::string directory_;
  std::uint64_t limit_;
};

// $BOLTSEAL_CACHE_DIR, else $XDG_CACHE_HOME/boltseal, else ~/.cache/boltseal; empty when neither is
// known.
std::string default_cache_directory();

}  // namespace boltseal
