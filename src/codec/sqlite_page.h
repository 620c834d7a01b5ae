// Reads the rows of one table of an SQLite database file, from its bytes alone.
//
// https://www.sqlite.org/fileformat2.html. Only what a table scan needs: the schema, table b-trees,
// overflow chains, records, and a write-ahead log (codec/sqlite_wal.h). No index, no WITHOUT ROWID
// table, no rollback journal. SQLite itself is not used because it wants a file, and a hostile
// schema can make it compute.
//
// Each page serves once: a page that comes a second time is corruption, so the time and the sum of
// all payloads are bounded by the size of the files.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/sqlite_wal.h"

namespace boltseal {

struct SqliteValue {
  enum class Kind : std::uint8_t { null, integer, real, text, blob };
  Kind kind = Kind::null;
  std::int64_t integer = 0;
  std::string_view bytes;  // of text and blob, valid during the call
};

struct SqliteScan {
  // One row; an INTEGER PRIMARY KEY column is null in `row`, its value is the rowid.
  std::function<void(std::int64_t rowid, std::span<const SqliteValue> row)> row;
  // A part of the table that could not be read; the scan goes on behind it. At most 100 of them
  // come.
  std::function<void(const Error&)> damage;
};

// Of the database in `file`, with what `log` has committed over it. not_found when the database has
// no such table (names are compared without case), corrupt or unsupported when it is no database
// that can be read at all.
Result<> scan_sqlite_table(std::string_view file, std::string_view table, const SqliteScan& scan,
                           const SqliteWal& log = {});

}  // namespace boltseal
