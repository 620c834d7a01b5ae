// Image archives: the tars that `docker save`, `podman save`, skopeo and buildah write, plain or
// compressed.
#pragma once
#include <memory>
#include <string>

#include "base/fd.h"
#include "source/blob_store.h"
#include "source/source.h"

namespace boltseal {

// The members of a seekable tar as a store. A compressed one is inflated once into an unnamed file
// of `spool_directory` (see make_spool). unsupported when the file is no tar at all.
Result<std::shared_ptr<const BlobStore>> tar_store(Fd archive, const std::string& where,
                                                   const std::string& spool_directory);

// Opens either kind; `scheme` is "oci-archive" or "docker-archive" and wins when the file is both,
// as that of a recent `docker save` is; "" takes docker-archive then, and refuses a file whose two
// sides name different images. What it was is left in `scheme`.
Result<Opened> open_archive(Fd archive, std::string& scheme, const std::string& name,
                            const std::string& reference, const SourceOptions& options);

}  // namespace boltseal
