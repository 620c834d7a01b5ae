// Reads the buckets of a Bolt database (etcd's bbolt; containerd's meta.db), from its bytes alone.
//
// Specified by go.etcd.io/bbolt alone (internal/common/{page,meta,bucket}.go): little-endian pages
// with a head of 16 bytes {id, flags, count, overflow}; the first two are meta pages, of which the
// valid one with the higher transaction counts (its FNV-1a sum is checked); the others branches and
// leaves of B+ trees. A bucket is a tree of its own, or a leaf that stands in its value.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct BoltBucket {
  std::uint64_t root = 0;   // its first page; 0: it stands in `within`
  std::string_view within;  // the page of a bucket that is small
};

struct BoltEntry {
  std::string_view key, value;  // views into the file
  bool is_bucket = false;
};

class BoltFile {
 public:
  // Both meta pages lie within so many bytes; `over` them tells the transaction.
  static constexpr std::size_t meta_bytes = 2 * 65'536;
  // `bytes` are the whole file, which outlives this. corrupt when neither meta page holds.
  static Result<BoltFile> over(std::string_view bytes);

  BoltBucket root() const { return root_; }
  std::uint64_t transaction() const { return transaction_; }  // the last one that was committed

  // What stands in a bucket, in the order of its keys. Pages in a circle, and pages that share
  // their bytes, are corrupt: what is read is never more than the file.
  Result<std::vector<BoltEntry>> entries(const BoltBucket& bucket) const;
  // The bucket of a name in a bucket; not_found when there is none.
  Result<BoltBucket> bucket(const BoltBucket& in, std::string_view name) const;
  // The bucket that an entry is.
  static Result<BoltBucket> bucket(const BoltEntry& entry);

 private:
  Result<> walk(std::string_view page, int depth, std::uint64_t& left,
                std::vector<BoltEntry>& out) const;
  Result<std::string_view> page(std::uint64_t id) const;

  std::string_view bytes_;
  std::uint64_t page_size_ = 0;
  std::uint64_t transaction_ = 0;
  BoltBucket root_;
};

}  // namespace boltseal
