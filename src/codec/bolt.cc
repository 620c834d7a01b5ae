#include "codec/bolt.h"

#include <fmt/format.h>

#include <bit>
#include <optional>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::uint32_t magic = 0xed0cdaed, version = 2;
constexpr std::uint64_t page_head = 16, element_size = 16, bucket_head = 16, meta_summed = 56;
constexpr std::uint64_t least_page = 512, most_page = 65'536;
constexpr std::uint16_t branch_page = 1, leaf_page = 2;
constexpr std::uint32_t bucket_element = 1;
constexpr int max_depth = 32;

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return sum;
}

struct Meta {
  std::uint64_t page_size = 0, root = 0, transaction = 0;
};

// The meta page at `offset`, when there is a whole one.
std::optional<Meta> meta_at(std::string_view file, std::uint64_t offset) {
  Cursor in(file);
  const auto summed = in.slice(offset + page_head, meta_summed);
  in.seek(offset + page_head);
  const std::uint32_t found = in.u32le(), of = in.u32le();
  Meta out;
  out.page_size = in.u32le();
  in.skip(4);  // flags
  out.root = in.u64le();
  in.skip(8 + 8 + 8);  // the root's sequence, the list of free pages, the end
  out.transaction = in.u64le();
  const std::uint64_t sum = in.u64le();
  if (!in.ok() || found != magic || of != version || sum != fnv1a(summed)) return std::nullopt;
  if (out.page_size < least_page || out.page_size > most_page ||
      !std::has_single_bit(out.page_size))
    return std::nullopt;
  return out;
}

}  // namespace

Result<BoltFile> BoltFile::over(std::string_view bytes) {
  std::optional<Meta> newest = meta_at(bytes, 0);
  // Where the first is broken, it cannot say where the second is.
  for (std::uint64_t size = least_page; size <= most_page; size *= 2) {
    const auto second = meta_at(bytes, size);
    if (second && second->page_size == size &&
        (!newest || (newest->page_size == size && second->transaction > newest->transaction)))
      newest = second;
  }
  if (!newest) return fail(Fault::corrupt, "not a Bolt database, or one that is damaged", {}, 0);
  BoltFile out;
  out.bytes_ = bytes;
  out.page_size_ = newest->page_size;
  out.transaction_ = newest->transaction;
  out.root_.root = newest->root;
  return out;
}

Result<std::string_view> BoltFile::page(std::uint64_t id) const {
  if (id < 2 || id >= bytes_.size() / page_size_)
    return fail(Fault::corrupt, fmt::format("Bolt page {} is not in the file", id));
  const std::uint64_t offset = id * page_size_;
  Cursor in(bytes_);
  in.seek(offset);
  const std::uint64_t own = in.u64le();
  in.skip(2 + 2);
  const std::uint64_t overflow = in.u32le();
  const auto whole = in.slice(offset, (overflow + 1) * page_size_);
  if (!in.ok() || own != id) return fail(Fault::corrupt, "Bolt page of another number", {}, offset);
  return whole;
}

Result<> BoltFile::walk(std::string_view page, int depth, std::uint64_t& left,
                        std::vector<BoltEntry>& out) const {
  if (depth > max_depth || page.size() > left)
    return fail(Fault::corrupt, "Bolt pages lead in a circle");
  left -= page.size();
  Cursor in(page);
  in.skip(8);
  const std::uint16_t flags = in.u16le(), count = in.u16le();
  in.skip(4);
  if (flags != branch_page && flags != leaf_page)
    return fail(Fault::corrupt, "Bolt page that is neither branch nor leaf");
  for (std::uint64_t i = 0; in.ok() && i < count; ++i) {
    const std::uint64_t begin = page_head + i * element_size;
    in.seek(begin);
    if (flags == branch_page) {
      in.skip(4 + 4);  // where the key is, and its length
      const std::uint64_t child = in.u64le();
      if (!in.ok()) break;
      TRY(const auto below, this->page(child));
      TRY_DO(walk(below, depth + 1, left, out));
      continue;
    }
    const std::uint32_t kind = in.u32le();
    const std::uint64_t at = in.u32le(), key = in.u32le(), value = in.u32le();
    BoltEntry entry;
    entry.key = in.slice(begin + at, key);
    entry.value = in.slice(begin + at + key, value);
    entry.is_bucket = (kind & bucket_element) != 0;
    if (in.ok()) out.push_back(entry);
  }
  if (!in.ok()) return fail(Fault::corrupt, "Bolt page that points outside of itself");
  return {};
}

Result<std::vector<BoltEntry>> BoltFile::entries(const BoltBucket& bucket) const {
  std::vector<BoltEntry> out;
  std::uint64_t left = bytes_.size();
  std::string_view first = bucket.within;
  if (bucket.root != 0) {
    TRY(first, page(bucket.root));
  }
  TRY_DO(walk(first, 0, left, out));
  return out;
}

Result<BoltBucket> BoltFile::bucket(const BoltBucket& in, std::string_view name) const {
  TRY(const auto all, entries(in));
  for (const BoltEntry& entry : all)
    if (entry.is_bucket && entry.key == name) return bucket(entry);
  return fail(Fault::not_found, fmt::format("no Bolt bucket \"{}\"", name));
}

Result<BoltBucket> BoltFile::bucket(const BoltEntry& entry) {
  Cursor in(entry.value);
  BoltBucket out;
  out.root = in.u64le();
  in.skip(bucket_head - 8);  // its sequence
  if (!entry.is_bucket || !in.ok()) return fail(Fault::corrupt, "no Bolt bucket");
  if (out.root == 0) out.within = in.rest();
  return out;
}

}  // namespace boltseal
