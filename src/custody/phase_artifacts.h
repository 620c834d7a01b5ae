// The files that a phase takes and makes, by what is in them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

constexpr std::size_t max_artifacts = 100'000;  // of one kind in one record

struct PhaseArtifact {
  std::string path;    // from the tree's root; "image:NAME" for a container image
  std::string mode;    // as git has it: "100644", "100755", "120000" (link), or "image"
  std::string sha256;  // of the content, of the link's target, or of the image's manifest; hex
  friend bool operator==(const PhaseArtifact&, const PhaseArtifact&) = default;
};

// All regular files and links under `root` whose path one of `globs` matches, sorted by path;
// links are recorded and never followed. What git keeps for itself and what stands under
// `left_out` (paths) is passed over. A file that cannot be read is an Error, never a gap.
Result<std::vector<PhaseArtifact>> collect_artifacts(const std::string& root,
                                                     const std::vector<std::string>& globs,
                                                     const std::vector<std::string>& left_out);

// A glob as people write it: "./" in front says nothing, "dir/" and "dir" are all below it too.
bool artifact_matches(const std::vector<std::string>& globs, std::string_view path);

// SHA-256 in hex of a file, however large.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace boltseal
