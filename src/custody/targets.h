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
  std::uint64_t start = 0;  // of the process, as in Process
  std::string key;          // the same for the same root: for what is remembered of it
  std::string notice;       // what was found out on the way, for people
};

// "dir:", "pid:", "overlay:" and "container:" are opened here; anything else is an image.
// `runtime_roots`: further folders where runtimes keep their state.
Result<DriftTarget> open_target(const std::string& text,
                                const std::vector<std::string>& runtime_roots);

// Whether the process of a target is still the one that it was opened for. not_found when it has
// ended: what was found of its files by then says nothing for sure, because its mounts go with it.
Result<> still_there(const DriftTarget& target);

// Extended attributes that the storage of containers makes and no image has.
bool is_runtime_xattr(std::string_view name);

// Files of an overlay's upper folder laid over what is sealed: whiteouts and opaque folders hide,
// what is there counts. doc/formats/seal.md, "Overlay".
Result<FoundRoot> walk_overlay(int upper, const RootWalk& walk, const ReadManifest& sealed,
                               std::vector<std::string>& notices);

}  // namespace boltseal
