// The write-ahead log beside an SQLite database: pages that are newer than the file's.
//
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a header, then frames of a page
// each. Sums run from the header through all frames; those from the first one on whose sum or salt
// is wrong are what an older log left there, and those behind the last commit never happened.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

namespace boltseal {

class SqliteWal {
 public:
  SqliteWal() = default;  // no log

  // `content` must outlive it. What is no log has no pages, as for SQLite; unsupported when it is
  // one of another version, with which SQLite does not open the database either.
  static Result<SqliteWal> read(std::string_view content);

  bool empty() const { return committed_ == 0; }
  std::uint64_t committed() const { return committed_; }  // frames
  std::uint64_t bytes() const { return content_.size(); }
  std::uint32_t page_size() const { return page_size_; }
  // Of the database after the last commit, in pages.
  std::uint32_t database_size() const { return database_size_; }

  // The number of the frame, from 0 on and below committed(), that has the page.
  std::optional<std::uint64_t> frame_of(std::uint32_t page) const;
  std::string_view page_in(std::uint64_t frame) const;

 private:
  std::string_view content_;
  std::uint32_t page_size_ = 0, database_size_ = 0;
  std::uint64_t committed_ = 0;
  std::unordered_map<std::uint32_t, std::uint64_t> frames_;  // by page
};

}  // namespace boltseal
