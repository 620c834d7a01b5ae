// All that all readers want, compiled once: which readers want the file of a path, and which its
// first bytes.
//
// Most files of an image are wanted by nobody, so the common answer must be cheap: three hash
// look-ups (by name, by extension, by folder) give the few globs worth a real comparison.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "files/reader.h"

namespace boltseal {

class Wanted {
 public:
  explicit Wanted(std::span<const Reader* const> readers);

  // The readers that want `path`, each once, in the order of the list. `out` is cleared first.
  void by_path(std::string_view path, std::vector<const Reader*>& out) const;
  // Adds the readers that want content beginning with `head` (eight bytes are enough), without
  // repeats.
  void by_head(std::string_view head, std::vector<const Reader*>& out) const;
  // False: no reader wants content that begins with this byte.
  bool may_begin(char first) const { return !heads_[static_cast<unsigned char>(first)].empty(); }

  // Names and versions of all readers: a part of every cache key.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  struct Glob {
    std::string_view text;
    std::uint32_t reader = 0;
  };
  struct Head {
    std::string_view magic;
    std::uint32_t reader = 0;
  };
  using Index = std::unordered_map<std::string_view, std::vector<Glob>>;
  void add(Glob glob);

  std::span<const Reader* const> readers_;
  Index by_name_, by_extension_, by_folder_;
  std::vector<Glob> others_;
  std::array<std::vector<Head>, 256> heads_;
  std::string fingerprint_;
};

}  // namespace boltseal
