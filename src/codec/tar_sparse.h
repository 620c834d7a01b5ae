// Where the data of a sparse file in a tar lies, in the four ways that GNU tar and its kin write
// it: old GNU (in the header and blocks after it), PAX 0.0 and 0.1 (in records), PAX 1.0 (in front
// of the content). GNU tar manual, "Storing Sparse Files".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct SparsePiece {
  std::uint64_t offset = 0, size = 0;
};

// What the PAX records of one entry say of it.
struct SparseRecords {
  std::string major, minor, name, map, blocks;
  std::string size;                 // GNU.sparse.realsize, or GNU.sparse.size which wins
  std::vector<std::string> listed;  // 0.0: offsets and sizes in turn

  // True when the key is one of these.
  bool take(std::string_view key, std::string_view value);
  bool in_records() const;  // 0.0 or 0.1
  bool in_content() const;  // 1.0
};

class SparseMap {
 public:
  // One block of 512 bytes; true when more blocks follow, false when the map is whole.
  Result<bool> header(std::string_view block);     // old GNU: the entry's own header
  Result<bool> extension(std::string_view block);  // old GNU: the blocks behind it
  Result<bool> content(std::string_view block);    // PAX 1.0: the blocks in front of the content
  Result<> records(const SparseRecords& records);  // PAX 0.0 and 0.1
  // The size of the file with its holes, and the pieces in order, none beyond it, that together
  // are the `stored` bytes of the archive; corrupt when they are not.
  Result<> check(std::uint64_t stored) const;

  std::uint64_t real_size = 0;
  std::vector<SparsePiece> pieces;

 private:
  Result<> add(std::optional<std::uint64_t> offset, std::optional<std::uint64_t> size);
  Result<bool> descriptors(std::string_view area, bool more);
  std::string text_;                     // of a PAX 1.0 map, what is not understood yet
  std::optional<std::uint64_t> wanted_;  // its numbers to come
  std::optional<std::uint64_t> offset_;  // half a pair
};

// A number of a tar header: octal, or base-256 when the high bit of the first byte is set (GNU).
// Nothing when it is neither, or negative.
std::optional<std::uint64_t> tar_number(std::string_view field);

}  // namespace boltseal
