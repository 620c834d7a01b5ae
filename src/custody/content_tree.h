// The Merkle tree of a content manifest: one leaf per file, so that what one file is can be proved
// to somebody who holds the root alone. doc/formats/seal.md, "Canonical form".
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "inventory/content_manifest.h"

namespace boltseal {

// The bytes of a record that its leaf is the hash of. `diff_id` names the layer that it comes from;
// empty: none (a folder on this machine).
std::string canonical_record(const ContentRecord& record, std::string_view diff_id);
// The same with the diff_id that the record's layer has in `layers`.
std::string canonical_record(const ContentRecord& record, const std::vector<LayerInfo>& layers);

class ContentTree {
 public:
  explicit ContentTree(const ContentManifest& manifest);
  std::uint64_t size() const { return levels_.front().size(); }
  const std::string& root() const { return root_; }  // 32 bytes
  // The hashes from the leaf of record `index` to the root, as RFC 6962 orders them.
  std::vector<std::string> proof(std::uint64_t index) const;

 private:
  std::vector<std::vector<std::string>> levels_;  // leaves first; the last level is one node
  std::string root_;
};

// One pair {from, to}: the records of `part` in `whole`, whose paths begin with `path` and "/".
// Both sorted by path.
std::pair<std::size_t, std::size_t> records_below(const std::vector<ContentRecord>& records,
                                                  std::string_view path);
// The record of a path, or nullptr.
const ContentRecord* record_of(const std::vector<ContentRecord>& records, std::string_view path);

}  // namespace boltseal
