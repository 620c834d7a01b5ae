#include "inventory/content_manifest.h"

#include <algorithm>
#include <array>

namespace boltseal {
namespace {
constexpr std::array<std::string_view, 7> names = {
    "file", "directory", "symlink", "character-device", "block-device", "fifo", "socket"};
}

std::string_view name_of(FileType type) { return names.at(static_cast<std::size_t>(type)); }

std::optional<FileType> file_type_of(std::string_view name) {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<FileType>(found - names.begin());
}

}  // namespace boltseal
