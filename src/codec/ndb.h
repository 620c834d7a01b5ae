// Reads all blobs of rpm's own database format NDB (Packages.db of SUSE), from its bytes alone.
//
// Specified by rpm's lib/backend/ndb/rpmpkg.c alone: little-endian pages of 4 KiB that hold slots
// {magic, package index, block offset, block count}, then blobs in blocks of 16 bytes, each with a
// head (magic, index, generation, length) and a tail (Adler-32 of head and blob, length, magic).
// The checksum is checked: a blob that was being written is not one.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace boltseal {

struct NdbScan {
  std::function<void(std::uint32_t index, std::string_view blob)> blob;
  std::function<void(const Error&)> damage;  // the scan goes on behind it; at most 100 of them come
};

// Blobs come in the order of their slots. The sum of all is bounded by the size of the file.
Result<> scan_ndb(std::string_view file, const NdbScan& scan);

}  // namespace boltseal
