// The write-ahead log beside rpm's SQLite database. What it holds is not in the database yet, so
// packages may be missing or be older than they are: that is said, not passed over. (rpm empties it
// when it closes the database; an image that was taken while rpm ran has one.)
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {"**/rpmdb.sqlite-wal"};

Result<> read(const FileView& file, Sink&) {
  if (file.content.empty()) return {};
  return fail(Fault::unsupported,
              "the rpm database has changes that are not written back; run `rpm --rebuilddb` when "
              "the image is built");
}

}  // namespace

extern const Reader rpm_wal_reader;
const Reader rpm_wal_reader = {"rpm-wal", 1, globs, {}, 64 << 20, read};

}  // namespace boltseal
