// The single addresses that a FeedSource stands for, and what is remembered about each one.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "advisories/update.h"

namespace boltseal {

// One address, and how its body becomes records.
struct FeedFile {
  FeedSource::Kind kind = FeedSource::Kind::osv;
  std::string feed;  // "OSV Debian", "Alpine": what its records count under
  std::string home;  // the address to show for all of the feed
  std::string address;
  std::string part;       // OSV: the ecosystem; Alpine: "v3.11/main"
  bool optional = false;  // absent at many publishers: no complaint when it is not there
};

struct FeedMemory {
  std::string etag, last_modified;
  std::string sha256;  // of the body in the cache
  std::string newest;
  std::uint64_t records = 0;
};
using FeedState = std::map<std::string, FeedMemory>;  // by address

FeedState parse_feed_state(std::string_view json, std::string& built_from);
std::string format_feed_state(const FeedState& state, const std::string& built_from);

// The ecosystems of an ecosystems.txt that we can use, "Debian:12" not apart from "Debian". Names
// come from outside: only letters, digits, space, "." and "-" pass.
std::vector<std::string> usable_ecosystems(std::string_view list,
                                           const std::vector<std::string>& wanted);
FeedFile osv_file(const FeedSource& source, const std::string& ecosystem);
std::string ecosystems_address(const FeedSource& source);
std::vector<FeedFile> alpine_files(const FeedSource& source);
FeedFile single_file(const FeedSource& source);  // wolfi, kev, rubysec

Result<ImportReport> import_feed(const FeedFile& file, std::string_view body, DatabaseInput& out);

// The path of a file:// address or a plain path; nothing for an address of the network.
std::optional<std::string> local_path(std::string_view address);

// "Tue, 15 Nov 1994 08:12:31 GMT" as RFC 3339; empty for anything else.
std::string time_of_http_date(std::string_view date);

}  // namespace boltseal
