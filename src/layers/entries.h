// The names in a layer, as short as they can be kept: what the squash needs to know which lower
// files an upper layer hides.
//
// One record per tar entry, in the order of the archive: a kind, how many bytes of the path are
// those of the path before, and the rest. Three million tiny files take about thirty megabytes, and
// nothing has to be sorted or looked up while walking.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

enum class EntryKind : std::uint8_t {
  file,      // anything that is no folder: it hides what lies under its path below
  folder,    // merges with a folder below, hides a file
  whiteout,  // ".wh.X": `path` is X; it and all under it are gone from the layers below
  opaque,    // ".wh..wh..opq": all under `path` is gone from the layers below
};

class EntryList {
 public:
  void add(EntryKind kind, std::string_view path);
  std::uint64_t count() const { return count_; }
  std::string& bytes() { return bytes_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::string last_;
  std::uint64_t count_ = 0;
};

// Walks the bytes of an EntryList: while (next()) … kind(), path().
class EntryWalk {
 public:
  explicit EntryWalk(std::string_view bytes) : bytes_(bytes) {}
  bool next();
  EntryKind kind() const { return kind_; }
  std::string_view path() const { return path_; }
  bool damaged() const { return damaged_; }  // after next() gave false

 private:
  std::string_view bytes_;
  EntryKind kind_ = EntryKind::file;
  std::string path_;
  bool damaged_ = false;
};

// The path of a tar entry as the image has it: no leading "./" or "/", no "//" or "/./", no
// trailing "/", and "a/../b" is "b", as it is for all that unpack layers. corrupt for one that
// leaves the image or holds a NUL: such an entry is shown as an unknown and never followed (rows 1,
// 3, 5).
Result<std::string_view> clean_path(std::string_view path, std::string& storage);

// Whether a path is such already.
bool is_clean_path(std::string_view path);

// What an entry whose name begins with ".wh." stands for, by aufs's names as the OCI image
// specification keeps them (layer.md, "Whiteouts").
struct Whiteout {
  bool is = false;      // one of them: not a file of the image
  bool counts = false;  // and not one of aufs's own book-keeping
  EntryKind kind = EntryKind::whiteout;
  std::string path;  // that is hidden, or below which all is
};
// `path` is clean; corrupt for a whiteout that names no file.
Result<Whiteout> whiteout_of(std::string_view path);

}  // namespace boltseal
