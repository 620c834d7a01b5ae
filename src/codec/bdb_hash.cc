#include "codec/bdb_hash.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::uint32_t hash_magic = 0x061561;
constexpr std::uint8_t hash_meta_page = 8, hash_page = 13, hash_page_unsorted = 2,
                       overflow_page = 7;
constexpr std::uint8_t key_data = 1, off_page = 3;  // kinds of items
constexpr std::size_t page_header = 26;
constexpr int max_damages = 100;
constexpr std::uint64_t max_value = 64 << 20;  // of one pair, which is joined in memory

class HashFile {
 public:
  HashFile(std::string_view file, const BdbScan& scan) : file_(file), scan_(scan) {}

  Result<> open() {
    Cursor in(file_);
    in.seek(12);
    const std::uint32_t raw = in.u32le();
    if (raw != hash_magic && __builtin_bswap32(raw) != hash_magic) {
      return fail(Fault::corrupt, "not a Berkeley DB hash file", {}, 12);
    }
    big_ = raw != hash_magic;
    version_ = u32(in);
    page_size_ = u32(in);
    const std::uint8_t encrypted = in.u8(), type = in.u8();
    if (!in.ok() || type != hash_meta_page)
      return fail(Fault::corrupt, "no Berkeley DB hash metadata", {}, 25);
    if (encrypted != 0) return fail(Fault::unsupported, "an encrypted Berkeley DB file", {}, 24);
    if (version_ < 7 || version_ > 10)
      return fail(Fault::unsupported, "this version of Berkeley DB hash files", {}, 16);
    if (page_size_ < 512 || page_size_ > 65'536 || (page_size_ & (page_size_ - 1)) != 0) {
      return fail(Fault::corrupt, "Berkeley DB page size", {}, 20);
    }
    used_.resize(file_.size() / page_size_);
    if (file_.size() % page_size_ != 0) damage("Berkeley DB file ends inside a page", file_.size());
    return {};
  }

  void walk() {
    for (std::size_t page = 1; page < used_.size() && damages_ < max_damages; ++page) {
      const auto type = static_cast<std::uint8_t>(file_[page * page_size_ + 25]);
      if (type == hash_page || type == hash_page_unsorted) walk(page);
    }
  }

 private:
  std::uint16_t u16(Cursor& in) const { return big_ ? in.u16be() : in.u16le(); }
  std::uint32_t u32(Cursor& in) const { return big_ ? in.u32be() : in.u32le(); }
  void damage(std::string what, std::uint64_t at) {
    if (damages_++ < max_damages) scan_.damage({Fault::corrupt, std::move(what), {}, at});
  }

  void walk(std::size_t number) {
    const std::uint64_t begin = number * page_size_;
    const auto page = file_.substr(begin, page_size_);
    Cursor in(page);
    in.seek(20);
    const std::uint32_t entries = u16(in);
    in.seek(page_header);
    // Items grow down from the end of the page, so each ends where the one before it begins.
    std::uint32_t end = page_size_;
    for (std::uint32_t i = 0; i + 1 < entries && in.ok() && damages_ < max_damages; i += 2) {
      const std::uint32_t key_at = u16(in), value_at = u16(in);
      if (!in.ok() || key_at >= end || value_at >= key_at || value_at < page_header) {
        return damage("Berkeley DB item outside of its page", begin);
      }
      const auto key = page.substr(key_at, end - key_at),
                 value = page.substr(value_at, key_at - value_at);
      end = value_at;
      if (key[0] == key_data) item(key.substr(1), value, begin);
    }
    if (!in.ok()) damage("Berkeley DB page with more items than room", begin);
  }

  void item(std::string_view key, std::string_view value, std::uint64_t begin) {
    if (value[0] == key_data) return scan_.pair(key, value.substr(1));
    if (value[0] != off_page)
      return damage("Berkeley DB item of a kind that we do not read", begin);
    Cursor in(value);
    in.seek(4);
    std::uint32_t next = u32(in);
    const std::uint32_t size = u32(in);
    if (!in.ok() || size > std::min<std::uint64_t>(file_.size(), max_value))
      return damage("Berkeley DB value too long for its file", begin);
    joined_.clear();
    while (joined_.size() < size) {
      if (next == 0 || next >= used_.size() || used_[next]) {
        return damage("Berkeley DB overflow page missing or used twice", begin);
      }
      used_[next] = true;
      Cursor page(file_.substr(std::uint64_t{next} * page_size_, page_size_));
      page.seek(16);
      next = u32(page);
      page.seek(22);
      const std::uint32_t here = u16(page);
      page.skip(1);
      const bool right = page.u8() == overflow_page;
      const auto part = page.bytes(std::min<std::uint64_t>(here, size - joined_.size()));
      if (!page.ok() || !right || part.empty()) return damage("Berkeley DB overflow page", begin);
      joined_ += part;
    }
    scan_.pair(key, joined_);
  }

  std::string_view file_;
  const BdbScan& scan_;
  bool big_ = false;
  std::uint32_t version_ = 0;
  std::uint32_t page_size_ = 0;
  std::vector<bool> used_;
  std::string joined_;
  int damages_ = 0;
};

}  // namespace

Result<> scan_bdb_hash(std::string_view file, const BdbScan& scan) {
  HashFile hash(file, scan);
  TRY_DO(hash.open());
  hash.walk();
  return {};
}

}  // namespace boltseal
