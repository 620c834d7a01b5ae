// Reads all key/value pairs of a Berkeley DB hash file (rpm's Packages up to RHEL 8), from its
// bytes alone.
//
// The format is that of Berkeley DB 4 and 5 (their dbinc/db_page.h describes it): a page of
// metadata, then hash pages whose items stand in the page or in a chain of overflow pages. Both
// byte orders. No encryption, no checksums' check, no duplicates (rpm uses none of them). All hash
// pages are read in page order; the buckets do not matter to a full scan. Each overflow page serves
// once, so the sum of all values is bounded by the size of the file.
#pragma once
#include <functional>
#include <string_view>

#include "base/result.h"

namespace boltseal {

struct BdbScan {
  std::function<void(std::string_view key, std::string_view value)> pair;  // valid during the call
  std::function<void(const Error&)> damage;  // the scan goes on behind it; at most 100 of them come
};

Result<> scan_bdb_hash(std::string_view file, const BdbScan& scan);

}  // namespace boltseal
