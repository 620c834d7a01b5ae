// Where `seal` and `drift` take sealed content from.
#pragma once
#include <string>

#include "cli/options.h"
#include "custody/content_file.h"

namespace boltseal {

// Makes the seal of an image, or of a folder (dir:PATH).
Result<ReadManifest> seal_of(const std::string& reference, const CommonOptions& common);

// A manifest file, or a reference whose seal is made now.
Result<ReadManifest> sealed_content(const std::string& source, const CommonOptions& common);

// What a seal is taken from, and who must have signed it.
struct SealSource {
  std::string seal;      // a manifest, a reference, or a signed seal (DSSE)
  std::string manifest;  // of a signed seal: its records, where they do not lie beside it
  std::vector<std::string> keys;
  std::size_t require = 1;  // of the keys
};
void add_seal_source(Command& command, SealSource& source);
// Records that can be relied on as far as the source can: of a signed seal only those that its
// signatures vouch for.
Result<ReadManifest> trusted_content(const SealSource& source, const CommonOptions& common);

// Keeps the bytes of a manifest, so that a signed seal finds them by their digest.
void keep_manifest(std::string_view bytes, const CommonOptions& common);

// A path as a person writes it, as the image has it: "/etc/passwd" → "etc/passwd".
std::string image_path(std::string_view path);

Result<std::string> hash_of_file(const std::string& path);  // 32 bytes

}  // namespace boltseal
