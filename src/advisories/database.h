// The advisory database: one immutable file, mapped into memory, any number of readers, no lock.
// Format: doc/formats/database.md. Every offset read from the file is checked; a damaged file gives
// an Error, not a fault.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisories/record.h"
#include "base/result.h"

namespace boltseal {

// One record that speaks of the package asked for: the advisory without its other packages.
struct Candidate {
  std::uint32_t record = 0;  // number of the advisory in the file
  Affected affected;         // ecosystem and name are left empty: they were asked for
};

// What settling needs of a record. Texts of the file go by their numbers, which order as the texts.
struct RecordHead {
  std::uint32_t id = 0, feed = 0;  // texts
  bool withdrawn = false;
  std::vector<std::uint32_t> flaws;  // what it speaks of: the smallest id of each alias class
};

class Database {
 public:
  // Maps `path`. O(1): the header and the bounds of the sections are checked, the digest is not
  // (see verify()).
  static Result<Database> open(const std::string& path);
  // Over bytes that outlive the Database (the starter, inside the program).
  static Result<Database> over(std::string_view bytes);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Where the records for exactly this ecosystem and name stand, and those, in the order of their
  // ids. Two steps, because most packages are in no record.
  Result<std::optional<std::uint32_t>> place_of(std::string_view ecosystem,
                                                std::string_view name) const;
  Result<std::vector<Candidate>> candidates(std::uint32_t place) const;
  // The whole advisory but for `affected`, and without the references when nobody needs them.
  Result<Advisory> advisory(std::uint32_t record, bool references = true) const;
  Result<RecordHead> head(std::uint32_t record) const;
  Result<std::string> text(std::uint32_t number) const;
  // Every id of the flaw: the alias closure over aliases, sorted; {id} alone when nobody aliases
  // it. `upstream` is not part of it: one record may repackage many flaws.
  Result<std::vector<std::string>> alias_class(std::string_view id) const;
  // The same by numbers, ascending.
  Result<std::vector<std::uint32_t>> alias_class(std::uint32_t id) const;
  // The first record with that id.
  std::optional<std::uint32_t> find_id(std::string_view id) const;
  std::optional<std::uint32_t> find_id(std::uint32_t id) const;
  std::optional<ExploitedFlaw> exploited(std::string_view cve) const;
  std::optional<ExploitedFlaw> exploited(std::uint32_t cve) const;
  // Whether any record has that ecosystem: what no feed covers is reported as not covered.
  bool covers(std::string_view ecosystem) const;
  // The ecosystems of the file, sorted.
  std::vector<std::string> ecosystems() const;

  DatabaseInfo info() const;  // digest as the header says
  std::uint64_t records() const;
  Result<> verify() const;  // recomputes the digest and walks every record

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Builds the bytes of a database. The same records and feeds give the same bytes in whatever order
// they come. Versions that a range holds already are dropped; `prose` false leaves the summaries
// out.
struct DatabaseInput {
  std::vector<Advisory> advisories;
  std::vector<ExploitedFlaw> exploited;
  std::vector<FeedInfo> feeds;
  bool prose = true;
  bool starter = false;
};
Result<std::string> build_database(DatabaseInput input);

}  // namespace boltseal
