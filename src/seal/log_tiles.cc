// The tiles of a log: where a hash is, and proofs out of them.
#include <fmt/format.h>

#include <bit>

#include "base/cursor.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "seal/local_log.h"

namespace boltseal {
namespace {

constexpr unsigned tile_height = 8;
constexpr unsigned tile_width = 1U << tile_height;
constexpr std::size_t hash_size = 32;

// The root over hashes of one level of a complete subtree.
std::string folded(std::string_view hashes) {
  std::vector<std::string> row;
  for (std::size_t at = 0; at + hash_size <= hashes.size(); at += hash_size)
    row.emplace_back(hashes.substr(at, hash_size));
  while (row.size() > 1) {
    for (std::size_t i = 0; i < row.size() / 2; ++i)
      row[i] = merkle_node(row[2 * i], row[2 * i + 1]);
    row.resize(row.size() / 2);
  }
  return row.front();
}

}  // namespace

std::string tile_path(const std::string& level, std::uint64_t index, unsigned width) {
  std::string path = fmt::format("{:03}", index % 1000);
  for (std::uint64_t rest = index / 1000; rest > 0; rest /= 1000)
    path = fmt::format("x{:03}/{}", rest % 1000, path);
  path = "tile/" + level + "/" + path;
  return width == tile_width ? path : fmt::format("{}.p/{}", path, width);
}

Result<std::vector<std::string>> parse_entry_tile(std::string_view bytes, unsigned width) {
  Cursor cursor(bytes);
  std::vector<std::string> out;
  while (cursor.ok() && out.size() < width) out.emplace_back(cursor.bytes(cursor.u16be()));
  if (!cursor.ok()) return cursor.corrupt("a tile of entries that is cut off");
  if (!cursor.at_end()) return cursor.corrupt("a tile of entries with more behind them");
  return out;
}

unsigned LogTree::width_of(unsigned level, std::uint64_t index) const {
  const unsigned shift = level * tile_height;
  const std::uint64_t hashes = shift < 64 ? size_ >> shift : 0;
  const std::uint64_t before = index * tile_width;
  return hashes <= before
             ? 0
             : static_cast<unsigned>(std::min<std::uint64_t>(hashes - before, tile_width));
}

Result<std::string> LogTree::tile(unsigned level, std::uint64_t index) {
  const auto known = tiles_.find({level, index});
  if (known != tiles_.end()) return known->second;
  const unsigned width = width_of(level, index);
  const std::string path = tile_path(fmt::format("{}", level), index, width);
  auto bytes = store_->get(path, tile_width * hash_size);
  // A partial tile may be gone once the whole one is there, of which it is the beginning.
  if (!bytes && bytes.error().fault == Fault::not_found)
    bytes =
        store_->get(tile_path(fmt::format("{}", level), index, tile_width), tile_width * hash_size);
  if (!bytes) return bytes;
  if (bytes->size() < width * hash_size)
    return fail(Fault::corrupt, "a tile of the log is too short", path);
  bytes->resize(width * hash_size);
  return tiles_[{level, index}] = std::move(*bytes);
}

// The root of the complete subtree of 2^level leaves that is the index-th of its kind.
Result<std::string> LogTree::node(unsigned level, std::uint64_t index) {
  const unsigned inside = level % tile_height;
  const std::uint64_t first = index << inside;
  TRY(const auto bytes, tile(level / tile_height, first / tile_width));
  const std::size_t at = first % tile_width * hash_size, size = hash_size << inside;
  if (at + size > bytes.size()) return fail(Fault::corrupt, "a hash beyond the tree of the log");
  return folded(std::string_view(bytes).substr(at, size));
}

// The root over the leaves begin…end, a subtree as RFC 6962 splits the tree.
Result<std::string> LogTree::range(std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t count = end - begin;
  if (count == 0) return merkle_root({});
  if (std::has_single_bit(count))
    return node(static_cast<unsigned>(std::countr_zero(count)), begin / count);
  const std::uint64_t split = std::bit_floor(count);
  TRY(const auto left, range(begin, begin + split));
  TRY(const auto right, range(begin + split, end));
  return merkle_node(left, right);
}

Result<std::string> LogTree::root() { return range(0, size_); }

Result<std::string> LogTree::leaf(std::uint64_t index) {
  if (index >= size_) return fail(Fault::not_found, "the log has no entry of this number");
  return node(0, index);
}

Result<std::string> LogTree::entry(std::uint64_t index) {
  if (index >= size_) return fail(Fault::not_found, "the log has no entry of this number");
  const std::uint64_t number = index / tile_width;
  unsigned width = width_of(0, number);
  constexpr std::uint64_t cap = std::uint64_t{tile_width} * (max_log_entry + 2);
  auto bytes = store_->get(tile_path("entries", number, width), cap);
  if (!bytes && bytes.error().fault == Fault::not_found) {
    width = tile_width;
    bytes = store_->get(tile_path("entries", number, width), cap);
  }
  if (!bytes) return bytes;
  TRY(auto entries, parse_entry_tile(*bytes, width));
  return std::move(entries[index % tile_width]);
}

Result<std::vector<std::string>> LogTree::inclusion(std::uint64_t index) {
  if (index >= size_) return fail(Fault::not_found, "the log has no entry of this number");
  std::vector<std::string> out;
  std::uint64_t begin = 0, end = size_;
  while (end - begin > 1) {
    const std::uint64_t split = begin + std::bit_floor(end - begin - 1);
    const bool left = index < split;
    TRY(auto other, left ? range(split, end) : range(begin, split));
    out.insert(out.begin(), std::move(other));
    (left ? end : begin) = split;
  }
  return out;
}

Result<std::vector<std::string>> LogTree::consistency(std::uint64_t old_size) {
  std::vector<std::string> out;
  if (old_size == 0 || old_size >= size_) return out;
  std::uint64_t begin = 0, end = size_;
  bool whole = true;
  while (begin + old_size != end) {
    const std::uint64_t split = begin + std::bit_floor(end - begin - 1);
    const bool left = begin + old_size <= split;
    TRY(auto other, left ? range(split, end) : range(begin, split));
    out.insert(out.begin(), std::move(other));
    if (left) {
      end = split;
    } else {
      old_size -= split - begin;
      begin = split;
      whole = false;
    }
  }
  if (!whole) {
    TRY(auto own, range(begin, end));
    out.insert(out.begin(), std::move(own));
  }
  return out;
}

}  // namespace boltseal
