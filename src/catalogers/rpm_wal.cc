// The write-ahead log beside rpm's SQLite database. What it holds may not be in the database yet.
// (rpm empties it when it closes the database; an image that was taken while rpm ran has one.) Its
// pages replace pages of the database, so where that lies in the same layer its reader gets both
// (rpm.cc); where it does not, packages may be missing or be older than they are, and that is said.
#include <fmt/format.h>

#include "codec/sqlite_wal.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {"**/rpmdb.sqlite-wal"};

Result<> read(const FileView& file, Sink&) {
  TRY(const SqliteWal log, SqliteWal::read(file.content));
  if (log.empty()) return {};
  return fail(Fault::unsupported,
              fmt::format("the rpm database has changes ({} pages) that may not be written back; "
                          "run `rpm --rebuilddb` when the image is built",
                          log.committed()));
}

}  // namespace

extern const Reader rpm_wal_reader;
const Reader rpm_wal_reader = {"rpm-wal", 3, globs, {}, 64 << 20, read, "-wal"};

}  // namespace boltseal
