// What `drift` looks at, from what a user wrote to an open root.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "custody/drift.h"

namespace boltseal {

struct DriftTarget {
  enum class Kind : std::uint8_t {
    image,    // a reference: sealed and compared
    folder,   // dir:PATH
    process,  // pid:N, and container:ID by way of its first process
    overlay,  // overlay:UPPERDIR: only what differs from the layers below
  };
  Kind kind = Kind::image;
  Fd root;  // not of an image
  std::uint32_t pid = 0;
  std::string key;     // the same for the same root: for what is remembered of it
  std::string notice;  // what was found out on the way, for people
};

// "dir:", "pid:", "overlay:" and "container:" are opened here; anything else is an image.
// `runtime_roots`: further folders where runtimes keep their state.
Result<DriftTarget> open_target(const std::string& text,
                                const std::vector<std::string>& runtime_roots);

// Extended attributes that the storage of containers makes and no image has.
bool is_runtime_xattr(std::string_view name);

// Files of an overlay's upper folder laid over what is sealed: whiteouts and opaque folders hide,
// what is there counts. doc/formats/seal.md, "Overlay".
Result<FoundRoot> walk_overlay(int upper, const RootWalk& walk, const ReadManifest& sealed,
                               std::vector<std::string>& notices);

}  // namespace boltseal
