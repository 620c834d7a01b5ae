// What a walk found, as bytes to keep for the next one that may trust times.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "custody/root_walk.h"

namespace boltseal {

// Of `root`, by device and inode: bytes of another root are none of this one's.
std::string known_files_bytes(int root, const std::vector<FoundFile>& files);
// not_found when the bytes are of another root.
Result<std::vector<FoundFile>> known_files(int root, std::string_view bytes);
KnownFiles by_path(const std::vector<FoundFile>& files);  // views into `files`

}  // namespace boltseal
