// Everything below a root directory of this machine, with the content of files hashed on all cores:
// the other half of a drift, and the seal of a folder.
//
// Whoever owns the root may be hostile and change it meanwhile. Nothing leads out of it: every
// folder is opened from the root's descriptor without following symlinks or crossing mounts
// (openat2), every file from its folder's, and only what is known to be a regular file is ever
// opened for reading. Other mounts are told of and not gone into, nor is their server asked
// anything.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "inventory/content_manifest.h"

namespace boltseal {

// What says that a file is still what it was when it was hashed.
struct FileTimes {
  std::uint64_t inode = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds since 1970
  bool operator==(const FileTimes&) const = default;
};

struct FoundFile {
  ContentRecord record;  // without a layer
  FileTimes times;
  bool program = false;   // an x bit, and the first bytes of an ELF file or "#!"
  bool unstable = false;  // changed again and again while it was read: no hash
  bool settled = false;   // changed long enough before it was read that times can be trusted
  bool unread = false;    // too large to be read for nothing (RootWalk::differs): no hash
  bool unmapped = false;  // its owner is none of the user namespace's: the numbers are the host's
};

struct FoundMount {
  std::string path;
  std::uint64_t id = 0;  // of the mount, as in mountinfo
  bool directory = true;
};

struct FoundRoot {
  std::vector<FoundFile> files;  // sorted by path
  std::vector<FoundMount> mounts;
  std::vector<Unknown> unreadable;  // there, and could not be read
  std::vector<Unknown> raced;       // changed or gone while it was read
  std::uint64_t hashed = 0;         // bytes
};

// Files that an earlier walk has hashed, by path.
using KnownFiles = std::unordered_map<std::string_view, const FoundFile*>;

struct RootWalk {
  unsigned threads = 0;  // 0: one per core
  // Files whose size, inode and times are those of a known file are not read again.
  const KnownFiles* known = nullptr;
  // Names of extended attributes that are none of the image's.
  std::function<bool(std::string_view name)> hidden_xattr;
  // Whether a file of several GiB differs from what is expected by its size alone, so that it need
  // not be read: a sparse file of exabytes costs its maker nothing. Empty: all are read.
  std::function<bool(std::string_view path, std::uint64_t size)> differs;
};

// Walks the open folder `root`; `below` (no leading slash) only what is there, when not empty.
Result<FoundRoot> walk_root(int root, const RootWalk& walk, std::string_view below = {});

// A descriptor of a folder below `root`, reached without following a symlink.
Result<Fd> open_below(int root, std::string_view path, int flags);

}  // namespace boltseal
