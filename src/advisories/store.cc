#include "advisories/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "advisories/feeds.h"
#include "base/fd.h"

namespace boltseal {
namespace {

constexpr std::uint64_t largest_database = std::uint64_t{4} << 30;

Result<std::string> best_bytes(const std::string& directory) {
  auto bytes = read_file(database_path(directory), largest_database);
  if (bytes || bytes.error().fault != Fault::not_found) return bytes;
  if (starter_database().empty())
    return fail(Fault::not_found, "no advisory database; run `db update`");
  return std::string(starter_database());
}

// Like Database::verify, but names the file that is damaged.
Result<> verify(const Database& database, const std::string& file) {
  auto result = database.verify();
  if (!result && result.error().where.empty()) result.error().where = file;
  return result;
}

}  // namespace

std::string default_data_directory() {
  if (const char* own = std::getenv("BOLTSEAL_DATA_DIR"); own != nullptr && own[0] != '\0') {
    return own;
  }
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && data[0] == '/') {
    return std::string(data) + "/boltseal";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') {
    return std::string(home) + "/.local/share/boltseal";
  }
  return "/var/lib/boltseal";
}

std::string database_path(const std::string& directory) { return directory + "/advisories.db"; }

Result<Database> open_best_database(const std::string& directory) {
  auto database = Database::open(database_path(directory));
  if (database || database.error().fault != Fault::not_found) return database;
  if (starter_database().empty())
    return fail(Fault::not_found, "no advisory database; run `db update`");
  return Database::over(starter_database());
}

Result<std::string> build_starter(const std::string& mirror) {
  DatabaseInput input;
  input.prose = false;
  input.starter = true;
  for (const auto& source : feeds_in(mirror)) {
    std::vector<FeedFile> files;
    if (source.kind == FeedSource::Kind::osv) {
      TRY(const auto list, read_file(ecosystems_address(source), 1U << 20));
      for (const auto& name : usable_ecosystems(list, {})) files.push_back(osv_file(source, name));
    } else if (source.kind == FeedSource::Kind::alpine) {
      files = alpine_files(source);
    } else {
      files.push_back(single_file(source));
    }
    for (const auto& file : files) {
      const auto body = read_file(file.address, largest_database);
      if (!body && file.optional && body.error().fault == Fault::not_found) continue;
      if (!body) return std::unexpected(body.error());
      TRY(const auto report, import_feed(file, *body, input));
      // No address: where the mirror lay on the machine that built this is no fact of the feed.
      const auto same = std::ranges::find(input.feeds, file.feed, &FeedInfo::name);
      if (same == input.feeds.end()) {
        input.feeds.push_back({file.feed, {}, report.newest, report.records});
      } else {
        same->date = std::max(same->date, report.newest);
        same->records += report.records;
      }
    }
  }
  if (input.feeds.empty()) return fail(Fault::not_found, "no feeds in it", mirror);
  return build_database(std::move(input));
}

Result<DatabaseInfo> export_database(const std::string& directory, const std::string& file) {
  TRY(const auto bytes, best_bytes(directory));
  TRY(const auto database, Database::over(bytes));
  TRY_DO(verify(database, database_path(directory)));
  TRY_DO(write_durably(file, bytes));
  return database.info();
}

Result<DatabaseInfo> import_database(const std::string& file, const std::string& directory,
                                     bool force) {
  TRY(const auto bytes, read_file(file, largest_database));
  TRY(const auto database, Database::over(bytes));
  TRY_DO(verify(database, file));
  auto info = database.info();
  if (const auto now = Database::open(database_path(directory)); now && !force) {
    const auto date = now->info().date;
    if (info.date < date) {
      return fail(Fault::unsupported,
                  fmt::format("it is of {}, older than the installed one of {}; --force takes it",
                              info.date, date),
                  file);
    }
  }
  TRY_DO(make_directories(directory));
  TRY_DO(write_durably(database_path(directory), bytes));
  return info;
}

Result<DatabaseInfo> verify_database(const std::string& directory) {
  TRY(const auto database, open_best_database(directory));
  TRY_DO(verify(database, database_path(directory)));
  return database.info();
}

}  // namespace boltseal
