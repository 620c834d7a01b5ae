#include "codec/sqlite_wal.h"

#include <utility>
#include <vector>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::uint32_t magic = 0x377f0682;  // one more: the words are summed as big-endian
constexpr std::uint32_t version = 3'007'000;
constexpr std::uint64_t header_size = 32, frame_header_size = 24;

struct Sum {
  std::uint32_t a = 0, b = 0;
  bool big_endian = false;

  void add(std::string_view bytes) {
    Cursor in(bytes);
    while (in.left() >= 8) {
      a += (big_endian ? in.u32be() : in.u32le()) + b;
      b += (big_endian ? in.u32be() : in.u32le()) + a;
    }
  }
  bool is(std::uint32_t first, std::uint32_t second) const { return a == first && b == second; }
};

}  // namespace

Result<SqliteWal> SqliteWal::read(std::string_view content) {
  SqliteWal log;
  Cursor in(content);
  Sum sum;
  const std::uint32_t kind = in.u32be();
  const std::uint32_t its_version = in.u32be();
  const std::uint32_t page_size = in.u32be();
  in.skip(4);  // how often it was written back
  const std::uint64_t salt = in.u64be();
  const std::uint32_t first = in.u32be(), second = in.u32be();
  if (!in.ok() || (kind & ~1U) != magic) return log;
  if (page_size < 512 || page_size > 65'536 || (page_size & (page_size - 1)) != 0) return log;
  sum.big_endian = kind != magic;
  sum.add(content.substr(0, 24));
  if (!sum.is(first, second)) return log;
  if (its_version != version)
    return fail(Fault::unsupported, "an SQLite write-ahead log of another version", {}, 4);
  log.content_ = content;
  log.page_size_ = page_size;
  std::vector<std::uint32_t> pages;  // of the frames since the last commit
  while (in.left() >= frame_header_size + page_size) {
    const auto head = in.bytes(frame_header_size);
    const auto content_of_page = in.bytes(page_size);
    Cursor frame(head);
    const std::uint32_t page = frame.u32be(), size_when_committed = frame.u32be();
    const bool same = frame.u64be() == salt;
    const std::uint32_t a = frame.u32be(), b = frame.u32be();
    if (!same || page == 0) break;
    sum.add(head.substr(0, 8));
    sum.add(content_of_page);
    if (!sum.is(a, b)) break;
    pages.push_back(page);
    if (size_when_committed == 0) continue;
    for (const std::uint32_t number : pages) log.frames_.insert_or_assign(number, log.committed_++);
    log.database_size_ = size_when_committed;
    pages.clear();
  }
  return log;
}

std::optional<std::uint64_t> SqliteWal::frame_of(std::uint32_t page) const {
  const auto at = frames_.find(page);
  return at == frames_.end() ? std::nullopt : std::optional(at->second);
}

std::string_view SqliteWal::page_in(std::uint64_t frame) const {
  const std::uint64_t frame_size = frame_header_size + page_size_;
  return content_.substr(header_size + frame * frame_size + frame_header_size, page_size_);
}

}  // namespace boltseal
