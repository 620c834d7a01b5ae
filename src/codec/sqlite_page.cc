#include "codec/sqlite_page.h"

#include <algorithm>
#include <string>

#include "base/cursor.h"
#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::string_view magic{"SQLite format 3\0", 16};
constexpr std::size_t max_columns = 2'000;  // SQLITE_MAX_COLUMN
constexpr int max_depth = 20;               // as SQLite's own limit for b-tree cursors
constexpr int max_damages = 100;
constexpr std::uint64_t max_payload = 64 << 20;  // of one row, which is joined in memory
constexpr std::uint8_t interior_table = 5, leaf_table = 13;

// A varint of SQLite: big-endian groups of seven bits; the ninth byte gives all its eight.
std::uint64_t varint(Cursor& in) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    const std::uint8_t byte = in.u8();
    value = value << 7 | (byte & 0x7f);
    if (!in.ok() || (byte & 0x80) == 0) return value;
  }
  return value << 8 | in.u8();
}

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = !bytes.empty() && (bytes[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

// A record: a header of serial types, then the values. False when it does not fit its bytes.
bool read_record(std::string_view payload, std::vector<SqliteValue>& row) {
  static constexpr std::uint8_t integer_sizes[] = {0, 1, 2, 3, 4, 6, 8};
  using Kind = SqliteValue::Kind;
  row.clear();
  Cursor size(payload);
  const std::uint64_t header_size = varint(size);
  if (!size.ok() || header_size < size.offset() || header_size > payload.size()) return false;
  Cursor header(payload.substr(0, header_size)), body(payload);
  header.seek(size.offset());
  body.seek(header_size);
  while (header.ok() && !header.at_end() && row.size() < max_columns) {
    const std::uint64_t type = varint(header);
    if (type == 0)
      row.push_back({});
    else if (type <= 6)
      row.push_back({Kind::integer, big_endian(body.bytes(integer_sizes[type])), {}});
    else if (type == 7)
      row.push_back({Kind::real, 0, body.bytes(8)});
    else if (type <= 9)
      row.push_back({Kind::integer, static_cast<std::int64_t>(type - 8), {}});
    else if (type < 12)
      return false;
    else
      row.push_back({type % 2 == 0 ? Kind::blob : Kind::text, 0, body.bytes((type - 12) / 2)});
  }
  return header.ok() && body.ok();
}

class Database {
 public:
  static Result<Database> open(std::string_view file, const SqliteWal& log) {
    if (!log.empty() && file.empty())
      return fail(Fault::corrupt, "an empty SQLite database, whose log does not count", {}, 0);
    Database db(file, log);
    const auto first = log.frame_of(1);
    const std::string_view head = first ? log.page_in(*first) : file;
    Cursor in(head);
    if (!head.starts_with(magic)) return fail(Fault::corrupt, "not an SQLite database", {}, 0);
    in.seek(16);
    const std::uint32_t raw_size = in.u16be();
    db.page_size_ = raw_size == 1 ? 65'536 : raw_size;
    in.seek(20);
    const std::uint32_t reserved = in.u8();
    in.seek(56);
    const std::uint32_t encoding = in.u32be();
    if (!in.ok() || db.page_size_ < 512 || (db.page_size_ & (db.page_size_ - 1)) != 0) {
      return fail(Fault::corrupt, "SQLite page size", {}, 16);
    }
    if (!log.empty() && db.page_size_ != log.page_size())
      return fail(Fault::corrupt, "an SQLite log with pages of another size", {}, 16);
    db.usable_ = db.page_size_ - reserved;
    if (db.usable_ < 480) return fail(Fault::corrupt, "SQLite page without room", {}, 20);
    if (encoding > 1) return fail(Fault::unsupported, "an SQLite database in UTF-16", {}, 56);
    db.in_file_ = file.size() / db.page_size_ + 1;
    db.used_.resize(db.in_file_ + log.committed());
    return db;
  }

  // Walks the table whose tree begins at page `root`, in the order of the row ids.
  void walk(std::uint32_t root, const SqliteScan& scan) {
    damages_ = 0;
    walk(root, 0, scan);
  }

 private:
  Database(std::string_view file, const SqliteWal& log) : file_(file), log_(log) {}

  std::uint64_t offset(std::uint32_t page) const { return (page - 1ULL) * page_size_; }
  // The page's bytes, the first time; empty when it is not there, or was asked for before.
  std::string_view take(std::uint32_t page) {
    if (page == 0 || (!log_.empty() && page > log_.database_size())) return {};
    const auto frame = log_.frame_of(page);
    const std::uint64_t place = frame ? in_file_ + *frame : page;
    if ((!frame && place >= in_file_) || used_[place]) return {};
    used_[place] = true;
    return frame ? log_.page_in(*frame) : file_.substr(offset(page), page_size_);
  }
  void damage(const SqliteScan& scan, std::string what, std::uint32_t page) {
    if (damages_++ < max_damages)
      scan.damage({Fault::corrupt, std::move(what), {}, page == 0 ? 0 : offset(page)});
  }

  void walk(std::uint32_t number, int depth, const SqliteScan& scan) {
    if (damages_ >= max_damages) return;
    if (depth > max_depth) return damage(scan, "SQLite tree too deep", number);
    const auto page = take(number);
    if (page.empty()) return damage(scan, "SQLite page missing or used twice", number);
    Cursor in(page);
    in.seek(number == 1 ? 100 : 0);
    const std::uint8_t type = in.u8();
    if (type != interior_table && type != leaf_table)
      return damage(scan, "SQLite page of no table", number);
    in.skip(2);
    const std::uint32_t cells = in.u16be();
    in.skip(3);
    const std::uint32_t rightmost = type == interior_table ? in.u32be() : 0;
    std::uint64_t room = page_size_;
    for (std::uint32_t i = 0; i < cells && in.ok() && damages_ < max_damages; ++i) {
      Cursor cell(page.substr(0, usable_));
      cell.seek(in.u16be());
      if (!in.ok()) break;
      if (type == interior_table) {
        walk(cell.u32be(), depth + 1, scan);
        continue;
      }
      const std::uint64_t begin = cell.offset();
      leaf(cell, number, scan);
      // Cells may not overlap: together they are no longer than the page.
      const std::uint64_t taken = cell.ok() ? cell.offset() - begin : 0;
      if (taken > room) return damage(scan, "SQLite cells that overlap", number);
      room -= taken;
    }
    if (!in.ok()) damage(scan, "SQLite page with more cells than room", number);
    if (type == interior_table) walk(rightmost, depth + 1, scan);
  }

  void leaf(Cursor& cell, std::uint32_t number, const SqliteScan& scan) {
    const std::uint64_t size = varint(cell);
    const auto rowid = static_cast<std::int64_t>(varint(cell));
    if (!cell.ok() || size > std::min<std::uint64_t>(file_.size() + log_.bytes(), max_payload)) {
      return damage(scan, "SQLite row too long", number);
    }
    // How much of the payload stands in the cell itself (fileformat2, "Cell Payload Overflow
    // Pages").
    const std::uint64_t most = usable_ - 35, least = (usable_ - 12) * 32 / 255 - 23;
    std::string_view payload;
    if (size <= most) {
      payload = cell.bytes(size);
    } else {
      const std::uint64_t fitting = least + (size - least) % (usable_ - 4);
      joined_ = cell.bytes(fitting <= most ? fitting : least);
      for (std::uint32_t next = cell.u32be(); joined_.size() < size && cell.ok();) {
        Cursor part(take(next).substr(0, usable_));
        next = part.u32be();
        if (!part.ok()) return damage(scan, "SQLite overflow page missing or used twice", number);
        joined_ += part.bytes(std::min<std::uint64_t>(part.left(), size - joined_.size()));
      }
      payload = joined_;
    }
    if (!cell.ok() || !read_record(payload, row_)) return damage(scan, "SQLite record", number);
    scan.row(rowid, row_);
  }

  std::string_view file_;
  const SqliteWal& log_;
  std::uint32_t page_size_ = 0;
  std::uint32_t usable_ = 0;
  std::uint64_t in_file_ = 0;  // pages, and the one that has no number
  std::vector<bool> used_;     // pages of the file, then frames of the log
  std::string joined_;
  std::vector<SqliteValue> row_;
  int damages_ = 0;
};

}  // namespace

Result<> scan_sqlite_table(std::string_view file, std::string_view table, const SqliteScan& scan,
                           const SqliteWal& log) {
  TRY(Database db, Database::open(file, log));
  const std::string wanted = lower(table);
  std::uint32_t root = 0;
  // sqlite_schema: type, name, tbl_name, rootpage, sql.
  db.walk(1, {.row =
                  [&](std::int64_t, std::span<const SqliteValue> row) {
                    if (row.size() < 4 || row[0].bytes != "table" || lower(row[1].bytes) != wanted)
                      return;
                    if (row[3].integer > 1 && row[3].integer <= 0xffffffffLL)
                      root = static_cast<std::uint32_t>(row[3].integer);
                  },
              .damage = scan.damage});
  if (root == 0)
    return fail(Fault::not_found, "no table " + std::string(table) + " in the SQLite database");
  db.walk(root, scan);
  return {};
}

}  // namespace boltseal
