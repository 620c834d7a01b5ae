#include "crypto/merkle.h"

#include <algorithm>
#include <bit>

#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t hash_size = 32;

// The largest power of two below n (n > 1): where RFC 6962 splits a tree.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

bool are_hashes(std::span<const std::string> hashes) {
  return std::ranges::all_of(hashes, [](const std::string& h) { return h.size() == hash_size; });
}

void subproof(std::span<const std::string> leaves, std::uint64_t old_size, bool whole,
              std::vector<std::string>& out) {
  if (old_size == leaves.size()) {
    if (!whole) out.push_back(merkle_root(leaves));
    return;
  }
  const std::uint64_t k = split_of(leaves.size());
  if (old_size <= k) {
    subproof(leaves.first(k), old_size, whole, out);
    out.push_back(merkle_root(leaves.subspan(k)));
  } else {
    subproof(leaves.subspan(k), old_size - k, false, out);
    out.push_back(merkle_root(leaves.first(k)));
  }
}

}  // namespace

std::string merkle_leaf(std::string_view record) {
  Hasher hasher;
  hasher.update(std::string_view("\0", 1));
  hasher.update(record);
  return hasher.finish();
}

std::string merkle_node(std::string_view left, std::string_view right) {
  Hasher hasher;
  hasher.update("\1");
  hasher.update(left);
  hasher.update(right);
  return hasher.finish();
}

void MerkleBuilder::add(std::string leaf_hash) {
  // Each trailing one of the old size is a subtree that this leaf completes.
  for (std::uint64_t full = size_; full & 1; full >>= 1) {
    leaf_hash = merkle_node(peaks_.back(), leaf_hash);
    peaks_.pop_back();
  }
  peaks_.push_back(std::move(leaf_hash));
  ++size_;
}

std::string MerkleBuilder::root() const {
  if (peaks_.empty()) return hash(HashKind::sha256, {});
  std::string out = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) out = merkle_node(peaks_[i], out);
  return out;
}

std::string merkle_root(std::span<const std::string> leaves) {
  MerkleBuilder builder;
  for (const std::string& leaf : leaves) builder.add(leaf);
  return builder.root();
}

std::vector<std::string> inclusion_proof(std::span<const std::string> leaves, std::uint64_t index) {
  std::vector<std::string> out;
  while (leaves.size() > 1) {
    const std::uint64_t k = split_of(leaves.size());
    const bool left = index < k;
    out.push_back(merkle_root(left ? leaves.subspan(k) : leaves.first(k)));
    leaves = left ? leaves.first(k) : leaves.subspan(k);
    if (!left) index -= k;
  }
  std::ranges::reverse(out);
  return out;
}

std::vector<std::string> consistency_proof(std::span<const std::string> leaves,
                                           std::uint64_t old_size) {
  std::vector<std::string> out;
  if (old_size > 0 && old_size < leaves.size()) subproof(leaves, old_size, true, out);
  return out;
}

Result<std::string> root_of_inclusion(std::uint64_t index, std::uint64_t size,
                                      std::string_view leaf_hash,
                                      std::span<const std::string> proof) {
  if (index >= size) return fail(Fault::corrupt, "an index that is not in the tree");
  if (leaf_hash.size() != hash_size || !are_hashes(proof))
    return fail(Fault::corrupt, "a hash that is not of 32 bytes");
  // Up to where the path of the last leaf is met there is a sibling at every level; from there on
  // only those to the left.
  const auto inner = static_cast<std::size_t>(std::bit_width(index ^ (size - 1)));
  const auto border = static_cast<std::size_t>(inner < 64 ? std::popcount(index >> inner) : 0);
  if (proof.size() != inner + border)
    return fail(Fault::corrupt, "a proof of another length than its index and size ask for");
  std::string out(leaf_hash);
  for (std::size_t i = 0; i < inner; ++i)
    out = index >> i & 1 ? merkle_node(proof[i], out) : merkle_node(out, proof[i]);
  for (std::size_t i = inner; i < proof.size(); ++i) out = merkle_node(proof[i], out);
  return out;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, std::string_view leaf_hash,
                      std::span<const std::string> proof, std::string_view root) {
  const auto led = root_of_inclusion(index, size, leaf_hash, proof);
  return led && *led == root;
}

// RFC 9162, 2.1.4.2.
bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size, std::string_view old_root,
                        std::string_view new_root, std::span<const std::string> proof) {
  if (old_root.size() != hash_size || new_root.size() != hash_size || !are_hashes(proof))
    return false;
  if (old_size > new_size) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  if (old_size == 0) return proof.empty() && old_root == hash(HashKind::sha256, {});
  std::span<const std::string> rest = proof;
  std::string first(old_root);
  if (!std::has_single_bit(old_size)) {
    if (rest.empty()) return false;
    first = rest.front();
    rest = rest.subspan(1);
  }
  std::uint64_t fn = old_size - 1, sn = new_size - 1;
  while (fn & 1) fn >>= 1, sn >>= 1;
  std::string fr = first, sr = first;
  for (const std::string& c : rest) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      fr = merkle_node(c, fr);
      sr = merkle_node(c, sr);
      while (fn != 0 && !(fn & 1)) fn >>= 1, sn >>= 1;
    } else {
      sr = merkle_node(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == old_root && sr == new_root;
}

}  // namespace boltseal
