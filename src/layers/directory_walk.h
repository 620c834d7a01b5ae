// A folder told to a visitor as if it were a layer: every entry once, sorted, links not followed.
#pragma once
#include <functional>
#include <string_view>

#include "base/result.h"
#include "codec/tar.h"

namespace boltseal {

struct DirectoryWalk {
  TarVisitor& visitor;
  std::function<void(std::string_view path, Error error)>
      unreadable;  // what could not be opened or read
  std::function<void(std::uint64_t files)> progress;
};

// Walks everything under the open folder `root`. Kernel file systems (proc, sysfs, …) are passed
// over; other mounts are not.
Result<> walk_directory(int root, const DirectoryWalk& walk);

}  // namespace boltseal
