// The files that an image is stored in: a folder, or the members of a tar. Both openers of local
// images read through this.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/manifest.h"
#include "source/source.h"

namespace boltseal {

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // A regular file of the store, by its path inside ("blobs/sha256/…"); never anything outside of
  // it. not_found when there is none. The length is always set. May be called from several threads.
  virtual Result<LayerBytes> open(const std::string& path) const = 0;
  // Where the store lies, for messages.
  virtual const std::string& where() const = 0;
  bool has(const std::string& path) const { return open(path).has_value(); }
};

// A folder; no symlink below it is followed (security-record rows 2 and 4).
Result<std::shared_ptr<const BlobStore>> folder_store(const std::string& path);

// Whole content of a file of the store; too_large over `cap` bytes.
Result<std::string> read_blob(const BlobStore& store, const std::string& path, std::uint64_t cap);

// "blobs/sha256/<hex>"; corrupt when the text is no digest.
Result<std::string> blob_path(const std::string& digest);

// read_blob of a digest, and the bytes are those that it names.
Result<std::string> read_checked_blob(const BlobStore& store, const std::string& digest,
                                      std::uint64_t cap);

// oci_layout.cc: whether an entry of index.json is the one that a user calls `name` (tag, name:tag
// or digest).
bool layout_entry_is(const Descriptor& entry, const std::string& name);

// oci_layout.cc: the image called `name` (tag, name:tag or digest; "" for the only one) of an OCI
// image layout.
Result<Opened> open_oci_layout(std::shared_ptr<const BlobStore> store, const std::string& name,
                               const std::string& reference, const SourceOptions& options);
// The same for an image whose descriptor is known: the manifest, or the index that leads to it.
Result<Opened> open_stored_image(std::shared_ptr<const BlobStore> store, const Descriptor& entry,
                                 const std::string& reference, const SourceOptions& options);

}  // namespace boltseal
