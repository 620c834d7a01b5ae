// The write-ahead log beside rpm's SQLite database. What it holds may not be in the database yet,
// so packages may be missing or be older than they are: that is said, not passed over. (rpm empties
// it when it closes the database; an image that was taken while rpm ran has one.) Its pages are not
// read: they replace pages of the other file, and a reader sees one.
//
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a header, then frames of a page
// each. Sums run from the header through all frames; those from the first one on whose sum or salt
// is wrong are what an older log left there, and those behind the last commit never happened.
#include <fmt/format.h>

#include "base/cursor.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {"**/rpmdb.sqlite-wal"};

constexpr std::uint32_t magic = 0x377f0682;  // one more: the words are summed as big-endian

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

// How many pages of the log are committed. What is no log has none, as for SQLite.
std::uint64_t committed_pages(std::string_view content) {
  Cursor in(content);
  Sum sum;
  const std::uint32_t kind = in.u32be();
  in.skip(4);  // version
  const std::uint32_t page_size = in.u32be();
  in.skip(4);  // how often it was written back
  const std::uint64_t salt = in.u64be();
  const std::uint32_t first = in.u32be(), second = in.u32be();
  if (!in.ok() || (kind & ~1U) != magic || page_size == 0 || page_size % 8 != 0) return 0;
  sum.big_endian = kind != magic;
  sum.add(content.substr(0, 24));
  if (!sum.is(first, second)) return 0;
  std::uint64_t pages = 0, committed = 0;
  while (in.left() >= 24) {
    const auto head = in.bytes(24);
    const auto page = in.bytes(page_size);
    Cursor frame(head);
    frame.skip(4);  // number of the page
    const bool commit = frame.u32be() != 0;
    const bool same = frame.u64be() == salt;
    const std::uint32_t a = frame.u32be(), b = frame.u32be();
    sum.add(head.substr(0, 8));
    sum.add(page);
    if (!in.ok() || !same || !sum.is(a, b)) break;
    ++pages;
    if (commit) committed = pages;
  }
  return committed;
}

Result<> read(const FileView& file, Sink&) {
  const std::uint64_t pages = committed_pages(file.content);
  if (pages == 0) return {};
  return fail(Fault::unsupported,
              fmt::format("the rpm database has changes ({} pages) that may not be written back; "
                          "run `rpm --rebuilddb` when the image is built",
                          pages));
}

}  // namespace

extern const Reader rpm_wal_reader;
const Reader rpm_wal_reader = {"rpm-wal", 2, globs, {}, 64 << 20, read};

}  // namespace boltseal
