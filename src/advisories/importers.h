// One importer per feed: the feed's bytes in, records of a DatabaseInput out. A record that cannot
// be read is left out, counted and named; only a feed that cannot be read at all is an Error.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "advisories/database.h"
#include "base/result.h"
#include "codec/value.h"

namespace boltseal {

struct ImportReport {
  std::uint64_t records = 0;
  std::uint64_t skipped = 0;            // records that could not be read
  std::uint64_t ignored = 0;            // well-formed, but no flaw: bug fixes, enhancements
  std::vector<std::string> complaints;  // about the first few that were skipped
  std::string newest;                   // RFC 3339 of the newest record; empty: feed has no dates

  void skip(std::string_view what, const Error& error);
  void add(const Advisory& advisory);  // counts it and looks at its dates
};

// A zip of OSV records (https://ossf.github.io/osv-schema/); `feed` is the ecosystem's folder.
Result<ImportReport> import_osv(std::string_view zip, const std::string& feed, DatabaseInput& out);
// One secdb file of Alpine (`distroversion` names its ecosystem) or of Wolfi.
Result<ImportReport> import_secdb(std::string_view json, const std::string& where,
                                  DatabaseInput& out);
// CISA's catalogue of known exploited vulnerabilities.
Result<ImportReport> import_kev(std::string_view json, const std::string& where,
                                DatabaseInput& out);
// A zip of ruby-advisory-db's YAML files, with or without a folder around them.
Result<ImportReport> import_rubysec(std::string_view zip, const std::string& where,
                                    DatabaseInput& out);

// One OSV record.
Result<Advisory> read_osv(const Value& record, const std::string& feed);

// The versions of a gem that its advisory leaves affected: all but those that satisfy one of the
// requirements ("~> 1.2.3", ">= 1.0, < 2"). `points` gets "= X" for single versions inside the
// ranges that are not affected.
Result<std::vector<std::vector<Event>>> affected_gems(const std::vector<std::string>& requirements,
                                                      std::vector<std::string>& points);

// Text that becomes a name, version or id: bounded and without control characters.
bool sound_text(std::string_view text);
bool sound_address(std::string_view text);  // http(s)

}  // namespace boltseal
