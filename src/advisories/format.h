// The layout of the database file, shared by build.cc and database.cc. doc/formats/database.md
// describes it.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "advisories/record.h"
#include "base/result.h"

namespace boltseal::layout {

constexpr std::string_view magic = "BOLTSEAL";
constexpr std::uint32_t format_version = 2;
// Raised when the importers read the same feeds otherwise: an update then builds the database anew
// out of what it has fetched before.
constexpr std::uint32_t importers_version = 5;
constexpr std::uint32_t flag_starter = 1;
constexpr std::uint32_t flag_prose = 2;

enum class Section : std::uint8_t {
  meta,           // feeds
  string_index,   // number of strings, then the offset of each block
  strings,        // blocks of front-coded strings, sorted
  record_index,   // rows of {id, offset}, sorted by id
  records,        // the advisories without what they affect
  packages,       // rows of {ecosystem, name, offset}, sorted
  postings,       // per package: which record, which body
  bodies,         // ranges and judgements, each one once
  alias_index,    // rows of {id, offset}, sorted by id
  alias_classes,  // per class: its ids
  exploited,      // rows of {CVE, added, due, flags}, sorted by CVE
  ecosystems,     // string numbers, sorted
  count
};
constexpr std::size_t section_count = static_cast<std::size_t>(Section::count);

// magic 8, format 4, flags 4, size 8, SHA-256 32, then {offset 4, size 4} for each section. The
// digest is over everything but itself.
constexpr std::size_t digest_at = 24;
constexpr std::size_t table_at = digest_at + 32;
constexpr std::size_t header_size = table_at + 8 * section_count;

constexpr std::size_t max_ecosystems = 65536;
constexpr std::size_t strings_per_block = 4;
constexpr std::size_t index_row = 8;
constexpr std::size_t package_row = 12;
constexpr std::size_t exploited_row = 16;

// The bit of a record's severity byte that says that it was taken back.
constexpr unsigned record_withdrawn = 0x80;

// Bits of the first byte of a body.
constexpr unsigned body_one_fix = 1;  // one range, from the first version to one fix
constexpr unsigned body_versions = 2;
constexpr unsigned body_unaffected = 4;
constexpr unsigned body_where = 8;    // arch and module
constexpr unsigned body_judged = 16;  // severity and fix state

// Bytes that one answer may take, so that a damaged file cannot ask for all memory.
constexpr std::size_t max_answer = std::size_t{64} << 20;

using Sections = std::array<std::string_view, section_count>;

// The raw SHA-256 that the header of `file` should hold; the file is at least a header long.
std::string digest_of(std::string_view file);

}  // namespace boltseal::layout

namespace boltseal {

// A name as its ecosystem compares names: PEP 503 for PyPI; lower case where case says nothing, and
// for what is found by an address of a forge (Go, GitHub Actions, SwiftURL), which purls have in
// lower case while the feeds have it as the project writes it.
std::string normal_name(std::string_view ecosystem, std::string_view name);

// Seconds since 1970 of a time as feeds write it: RFC 3339, also without its zone or with a space
// in the middle, or a bare date; nothing for anything else, and for times before 1970 ("0001-01-01"
// is how Go writes no time).
std::optional<std::int64_t> parse_time(std::string_view text);
std::string format_date(std::int64_t days);  // days since 1970 → "2024-02-29"

}  // namespace boltseal
