// Keeps the advisory database of a data directory fresh: fetches what has changed, builds beside,
// renames. Scans that run meanwhile go on with the file they have mapped.
//
//   <directory>/advisories.db     the database
//   <directory>/feeds/state.json  per address: validators, digest, newest record
//   <directory>/feeds/<hash>      the last good body of each address
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "advisories/database.h"
#include "advisories/importers.h"
#include "base/result.h"

namespace boltseal {

// A publisher of advisories. `base` is an https:// address, a file:// address or a path.
struct FeedSource {
  enum class Kind : std::uint8_t { osv, alpine, wolfi, kev, rubysec };
  std::string name;  // "OSV", as users see it
  Kind kind = Kind::osv;
  std::string base;  // osv, alpine: the folder; the rest: the file
};

std::vector<FeedSource> default_feeds();
// "osv", "alpine", "wolfi", "kev", "rubysec", for configuration files.
std::optional<FeedSource::Kind> feed_kind_of(std::string_view name);
// The feeds that a mirror's directory holds: osv/, alpine-secdb/, wolfi/security.json,
// kev/known_exploited_vulnerabilities.json, ruby-advisory-db.zip, as far as they are there.
std::vector<FeedSource> feeds_in(const std::string& directory);

struct FetchResult {
  bool unchanged = false;  // the validators still hold; no body
  std::string body;
  std::string etag, last_modified;
};
// not_found for an address that is not there.
using Fetch = std::function<Result<FetchResult>(const std::string& address, const std::string& etag,
                                                const std::string& last_modified)>;
Fetch http_fetch(bool allow_http);  // over net/http.h; paths are read by update_database itself

struct UpdateOptions {
  std::vector<FeedSource> feeds = default_feeds();
  std::string directory;                // the data directory; made when it is not there
  std::vector<std::string> ecosystems;  // OSV names; empty: all whose versions we can order
  bool force = false;                   // take feeds that are older than what we have
  bool prose = true;                    // keep the summaries
  std::function<void(const std::string& line)> progress;  // one line per feed as it comes
};

struct FeedOutcome {
  enum class State : std::uint8_t { fetched, unchanged, failed };
  std::string name;  // "OSV Debian", "Alpine"
  std::string address;
  State state = State::fetched;
  std::string message;  // why it failed, and whether older data of it stays in use
  bool kept = false;    // failed, but the data fetched before is still in the database
  std::uint64_t records = 0, skipped = 0, ignored = 0;
  std::vector<std::string> complaints;
};

struct UpdateResult {
  std::vector<FeedOutcome> feeds;  // one per address
  bool rebuilt = false;            // false: nothing had changed
  std::string notice;              // why the database stayed although feeds had changed
  std::string path;                // of the database
  DatabaseInfo info;
  bool all_well() const;
};

// An Error when there is no data at all or the database cannot be written; then the old one stays.
// A feed that fails is in the result, and its old data stays in the database.
Result<UpdateResult> update_database(const UpdateOptions& options, const Fetch& fetch);

}  // namespace boltseal
