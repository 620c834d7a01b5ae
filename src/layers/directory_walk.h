// A folder told to a visitor as if it were a layer: every entry once, sorted, links not followed.
#pragma once
#include <functional>
#include <string_view>

#include "base/result.h"
#include "codec/tar.h"

namespace boltseal {

struct DirectoryWalk {
  TarVisitor& visitor;
  std::function<bool(std::string_view path)> left_out;  // neither told of nor gone into
  std::function<void(std::string_view path, Error error)>
      unreadable;  // what could not be opened or read
  std::function<void(std::uint64_t files)> progress;
};

// What the kernel makes up (proc, sysfs, …) holds no packages, and reading it can have effects.
// What lies on another machine, or behind a program of some user's (FUSE), may be endless or never
// answer.
enum class FileSystem { local, kernel, remote };
FileSystem file_system_of(int fd);

// Walks everything under the open folder `root`. Kernel file systems (proc, sysfs, …) are passed
// over; so are, with a word to `unreadable`, other machines' disks that are mounted below.
Result<> walk_directory(int root, const DirectoryWalk& walk);

}  // namespace boltseal
