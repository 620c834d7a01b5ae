// Which files of which layer are seen when all layers lie on each other (OCI image spec, layer.md:
// whiteouts and opaque folders). Runs before anything is reported, so that what a later layer
// removed is never a finding.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct LayerFile {
  std::uint32_t layer = 0;
  std::string_view path;
};

// For each of `files`, whether it is visible in the squash of layers whose EntryList bytes are
// `layers`, lowest first. Of a path that one layer holds twice the last in `files` is the visible
// one. Whiteouts act on lower layers only, wherever in their own layer they stand.
Result<std::vector<bool>> squash(const std::vector<std::string_view>& layers,
                                 const std::vector<LayerFile>& files);

}  // namespace boltseal
