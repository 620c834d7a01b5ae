// Merkle trees of RFC 6962 (section 2.1) over SHA-256: transparency logs and the content seal.
//
// A hash is 32 raw bytes. Nothing here is recursive in what an input claims: sizes are 64-bit and
// proofs at most 64 hashes long.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

std::string merkle_leaf(std::string_view record);                        // SHA-256(0x00 || record)
std::string merkle_node(std::string_view left, std::string_view right);  // SHA-256(0x01 || l || r)
std::string merkle_root(std::span<const std::string> leaves);  // of leaf hashes; none: SHA-256("")

// The hashes that lead from leaf `index` to the root, lowest first; index < leaves.size().
std::vector<std::string> inclusion_proof(std::span<const std::string> leaves, std::uint64_t index);
// Those that show that the tree of the first `old_size` leaves is the beginning of the tree of all.
std::vector<std::string> consistency_proof(std::span<const std::string> leaves,
                                           std::uint64_t old_size);

// The root that a proof leads to; corrupt when the proof has not the length that index and size
// ask for. Compare with a root that is trusted: this alone proves nothing.
Result<std::string> root_of_inclusion(std::uint64_t index, std::uint64_t size,
                                      std::string_view leaf_hash,
                                      std::span<const std::string> proof);
[[nodiscard]] bool verify_inclusion(std::uint64_t index, std::uint64_t size,
                                    std::string_view leaf_hash, std::span<const std::string> proof,
                                    std::string_view root);
[[nodiscard]] bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size,
                                      std::string_view old_root, std::string_view new_root,
                                      std::span<const std::string> proof);

// A root that is built leaf by leaf, in memory of a few hashes.
class MerkleBuilder {
 public:
  void add(std::string leaf_hash);
  std::uint64_t size() const { return size_; }
  std::string root() const;

 private:
  std::vector<std::string> peaks_;  // roots of the complete subtrees, largest first
  std::uint64_t size_ = 0;
};

}  // namespace boltseal
