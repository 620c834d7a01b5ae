// Zip archives in memory: the directory, and one entry's bytes at a time. APPNOTE 6.3.9 (PKWARE),
// the part that jar files, wheels and feeds use: stored and deflated entries, Zip64, data in front
// of the archive (self-executing jars), comments.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct ZipLimits {
  std::uint64_t entries = 1'000'000;
  // All that read() may give over the life of the Zip. An archive may not inflate to more than
  // `ratio` times its own size either, but for the first 16 MiB, which a small file may reach
  // honestly.
  std::uint64_t total_bytes = std::uint64_t{1} << 30;
  std::uint64_t ratio = 200;
};

struct ZipEntry {
  std::string_view name;   // as stored: neither cleaned nor decoded; "a/b/" is a folder
  std::uint64_t size = 0;  // inflated
  std::uint64_t packed = 0;
  std::uint64_t offset = 0;  // of the local header, inside the bytes given to open
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  // 0 stored, 8 deflated
  std::uint16_t flags = 0;
  std::uint16_t date = 0;  // as MS-DOS writes it; what made the archive may have made it up

  int year() const { return 1980 + (date >> 9); }
  bool is_folder() const { return name.ends_with('/'); }
  bool is_encrypted() const { return (flags & 0x2041) != 0; }
};

// Entries and views are valid as long as the bytes. read() may be called from several threads.
class Zip {
 public:
  // corrupt when there is no directory, when it does not hold what it claims, or when entries
  // overlap (their packed sizes are more than the file: how small archives become huge); too_large
  // for too many entries. How many there are is told by their headers, not by the count.
  static Result<Zip> open(std::string_view bytes, const ZipLimits& limits = {});

  std::span<const ZipEntry> entries() const { return entries_; }  // in the directory's order
  const ZipEntry* find(std::string_view name) const;  // the first of that name, by walking; nullptr
  std::string_view comment() const { return comment_; }
  // False when something other than entries stands in the directory: there may be more behind it.
  bool is_whole() const { return whole_; }

  // The entry's bytes, CRC checked. too_large over `cap` or when the budget is used up; unsupported
  // for encryption and methods other than stored and deflated.
  Result<std::string> read(const ZipEntry& entry, std::uint64_t cap) const;
  Result<> read(const ZipEntry& entry, std::uint64_t cap,
                std::string& out) const;  // the same into a reused string
  // A stored entry without a copy or a CRC check; unsupported when it is packed.
  Result<std::string_view> stored_view(const ZipEntry& entry) const;
  std::uint64_t budget_left() const { return budget_->load(); }

 private:
  Zip() = default;
  Result<> read_directory(std::uint64_t start, std::uint64_t shift, std::uint64_t stop,
                          std::uint64_t most);
  Result<std::string_view> packed_bytes(const ZipEntry& entry) const;
  bool spend(std::uint64_t bytes) const;

  std::string_view bytes_;
  std::string_view comment_;
  std::vector<ZipEntry> entries_;
  std::uint64_t directory_end_ = 0;
  bool whole_ = true;
  std::unique_ptr<std::atomic<std::uint64_t>> budget_;
};

}  // namespace boltseal
