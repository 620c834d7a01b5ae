// The entries of a layer with all that a content seal keeps of them, as short as can be: one record
// per tar entry in the order of the archive, of whose path only what differs from the path before
// is kept. A hundred thousand files take about ten megabytes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "inventory/content_manifest.h"

namespace boltseal {

class ContentList {
 public:
  void add(const ContentEntry& entry);
  std::uint64_t count() const { return count_; }
  std::uint64_t size() const { return bytes_.size(); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  std::string last_;
  std::uint64_t count_ = 0;
};

// Walks the bytes of a ContentList: while (next()) … entry(). The layer of a record is not set.
class ContentWalk {
 public:
  explicit ContentWalk(std::string_view bytes) : bytes_(bytes) {}
  bool next();
  const ContentEntry& entry() const { return entry_; }
  bool damaged() const { return damaged_; }  // after next() gave false

 private:
  std::string_view bytes_;
  ContentEntry entry_;
  bool damaged_ = false;
};

}  // namespace boltseal
