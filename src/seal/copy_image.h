// Copies images with everything that is attached to them, and takes attachments away.
#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "seal/artifact_store.h"

namespace boltseal {

struct CopyCounts {
  std::size_t manifests = 0, attachments = 0;
};

// Kinds of what is attached to an image.
struct AttachmentKinds {
  bool signatures = true, attestations = true, sboms = true;
  bool referrers = false;  // those that are neither signatures nor attestations too
};

struct CopyOptions {
  std::string mount_from;               // the repository of `from`, where both are of one registry
  std::optional<AttachmentKinds> only;  // these kinds, and the image not
};

// The manifest (an index with all below it), its blobs, cosign's lists and all referrers, from one
// store to another; `tag` names it there ("" by its digest only). Lists are merged with those that
// are there. Blobs and manifests keep their digests, and every byte is checked on the way.
Result<CopyCounts> copy_image(ArtifactStore& from, const StoredManifest& image, ArtifactStore& to,
                              const std::string& tag, const CopyOptions& options);

// Takes away what is attached to an image; gives how many lists and referrers there were.
Result<std::size_t> clean_image(ArtifactStore& store, const std::string& digest,
                                const AttachmentKinds& kinds);

}  // namespace boltseal
