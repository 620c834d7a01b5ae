#include "advisories/update.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "advisories/feeds.h"
#include "advisories/format.h"
#include "advisories/store.h"
#include "base/fd.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

using State = FeedOutcome::State;

constexpr std::uint64_t largest_feed = std::uint64_t{4} << 30;

// One run of `db update`.
class Run {
 public:
  Run(const UpdateOptions& options, const Fetch& fetch) : options_(options), fetch_(fetch) {}
  Result<UpdateResult> run();

 private:
  std::string state_path() const { return options_.directory + "/feeds/state.json"; }
  std::string cache_path(const std::string& address) const {
    return options_.directory + "/feeds/" + sha256_hex(address).substr(0, 32);
  }
  // The last good body of an address; nothing when it is not there or not what was written.
  std::optional<std::string> cached(const std::string& address) const;
  Result<FetchResult> get(const std::string& address, bool have) const;
  std::vector<FeedFile> files();
  std::vector<FeedFile> osv_files(const FeedSource& source);
  void miss_ecosystems(const FeedSource& source, const std::vector<FeedFile>& found);
  void take(const FeedFile& file);
  Result<> accept(const FeedFile& file, const FetchResult& fetched, FeedOutcome& outcome);
  Result<> add(const FeedFile& file, std::string_view body, FeedOutcome& outcome, bool fresh);
  void fail_with(const Error& error, bool have_old, FeedOutcome& outcome) const;
  bool refuse(const std::string& feed, const Error& error, bool have_old);
  void report_refused();
  void use(const FeedFile& file, const FeedOutcome& outcome);
  void add_old();
  void report(FeedOutcome outcome);
  std::string built_from() const;
  std::optional<DatabaseInfo> as_built(const std::string& from) const;
  std::vector<std::string> absent(const Database& current) const;
  Result<> build();

  const UpdateOptions& options_;
  const Fetch& fetch_;
  FeedState state_;
  std::string old_built_from_;
  DatabaseInput input_;
  std::vector<std::string> used_;  // address and digest of every body to build from
  std::vector<std::pair<FeedFile, std::size_t>> old_;  // bodies as before, and their outcomes
  std::vector<std::string> refused_;  // feeds that must not be asked: --offline, plain HTTP
  FeedOutcome refusal_;
  UpdateResult result_;
};

std::optional<std::string> Run::cached(const std::string& address) const {
  const auto memory = state_.find(address);
  if (memory == state_.end()) return std::nullopt;
  auto body = read_file(cache_path(address), largest_feed);
  if (!body || sha256_hex(*body) != memory->second.sha256) return std::nullopt;
  return std::move(*body);
}

Result<FetchResult> Run::get(const std::string& address, bool have) const {
  if (const auto path = local_path(address)) {
    FetchResult out;
    TRY(out.body, read_file(*path, largest_feed));
    return out;
  }
  const auto memory = state_.find(address);
  if (!have || memory == state_.end()) return fetch_(address, {}, {});
  return fetch_(address, memory->second.etag, memory->second.last_modified);
}

std::vector<FeedFile> Run::osv_files(const FeedSource& source) {
  const std::string address = ecosystems_address(source);
  const auto old = cached(address);
  auto fetched = get(address, old.has_value());
  if (fetched && !fetched->unchanged && usable_ecosystems(fetched->body, {}).empty())
    fetched = fail(Fault::corrupt, "it names no ecosystem that we know", address);
  FeedOutcome outcome;
  outcome.name = source.name + " ecosystems";
  outcome.address = address;
  std::string list = old.value_or("");
  if (!fetched && refuse(source.name, fetched.error(), old.has_value())) {
    // One line will say it for all of them.
  } else if (!fetched) {
    outcome.state = State::failed;
    outcome.kept = old.has_value();
    outcome.message = fetched.error().message();
    report(std::move(outcome));
  } else if (!fetched->unchanged) {
    // An ecosystem that was there before stays, whatever the list says now: its own address
    // decides.
    list = fetched->body + (options_.force ? std::string() : "\n" + list);
    list = join(usable_ecosystems(list, {}), "\n");
    if (write_durably(cache_path(address), list)) {
      state_[address] = {fetched->etag, fetched->last_modified, sha256_hex(list), {}, 0};
    }
  }
  std::vector<FeedFile> out;
  for (const auto& name : usable_ecosystems(list, options_.ecosystems)) {
    out.push_back(osv_file(source, name));
  }
  if (!list.empty()) miss_ecosystems(source, out);
  return out;
}

// What was asked for by name and is not there: a misspelt name must not look like a small feed.
void Run::miss_ecosystems(const FeedSource& source, const std::vector<FeedFile>& found) {
  for (const auto& name : options_.ecosystems) {
    if (std::ranges::find(found, name, &FeedFile::part) != found.end()) continue;
    FeedOutcome outcome;
    outcome.name = source.name + " " + name;
    outcome.address = ecosystems_address(source);
    outcome.state = State::failed;
    outcome.message = "the feed has no such ecosystem; names are as OSV writes them: PyPI, npm, Go";
    report(std::move(outcome));
  }
}

std::vector<FeedFile> Run::files() {
  std::vector<FeedFile> out;
  for (const auto& source : options_.feeds) {
    if (source.kind == FeedSource::Kind::osv)
      std::ranges::move(osv_files(source), std::back_inserter(out));
    else if (source.kind == FeedSource::Kind::alpine)
      std::ranges::move(alpine_files(source), std::back_inserter(out));
    else
      out.push_back(single_file(source));
  }
  return out;
}

Result<> Run::add(const FeedFile& file, std::string_view body, FeedOutcome& outcome, bool fresh) {
  DatabaseInput part;
  TRY(const auto imported, import_feed(file, body, part));
  auto& memory = state_[file.address];
  if (fresh && !options_.force && imported.newest < memory.newest) {
    return fail(
        Fault::corrupt,
        fmt::format("its newest record is of {}, older than {} that we have; --force takes it",
                    imported.newest.empty() ? "no date" : imported.newest, memory.newest));
  }
  if (fresh && imported.records == 0 && imported.skipped > 0) {
    return fail(Fault::corrupt, "not one of its records can be read");
  }
  if (fresh && !options_.force && imported.records * 2 < memory.records) {
    return fail(Fault::corrupt, fmt::format("it has {} records where it had {}; --force takes it",
                                            imported.records, memory.records));
  }
  std::ranges::move(part.advisories, std::back_inserter(input_.advisories));
  std::ranges::move(part.exploited, std::back_inserter(input_.exploited));
  outcome.records = imported.records;
  outcome.skipped = imported.skipped;
  outcome.ignored = imported.ignored;
  outcome.complaints = imported.complaints;
  memory.newest = imported.newest;
  memory.records = imported.records;
  return {};
}

// A body that came: into the input when it is sound, then into the cache.
Result<> Run::accept(const FeedFile& file, const FetchResult& fetched, FeedOutcome& outcome) {
  TRY_DO(add(file, fetched.body, outcome, true));
  TRY_DO(write_durably(cache_path(file.address), fetched.body));
  auto& memory = state_[file.address];
  memory.etag = fetched.etag;
  memory.last_modified = fetched.last_modified;
  memory.sha256 = sha256_hex(fetched.body);
  return {};
}

void Run::fail_with(const Error& error, bool have_old, FeedOutcome& outcome) const {
  outcome.state = State::failed;
  outcome.kept = have_old;
  outcome.message = error.message();
  if (have_old) outcome.message += "; its data from before stays in use";
}

// Whether the program itself does not want to ask: that holds for every address of the feed, so it
// is said once. What is there of it stays in use.
bool Run::refuse(const std::string& feed, const Error& error, bool have_old) {
  if (error.fault != Fault::unsupported) return false;
  if (refused_.empty()) fail_with(error, have_old, refusal_);
  refusal_.kept |= have_old;
  if (std::ranges::find(refused_, feed) == refused_.end()) refused_.push_back(feed);
  return true;
}

void Run::report_refused() {
  if (refused_.empty()) return;
  refusal_.name = join(refused_, ", ");
  result_.feeds.push_back(std::move(refusal_));
}

void Run::take(const FeedFile& file) {
  const auto old = cached(file.address);
  auto& memory = state_[file.address];
  if (!old) memory = {{}, {}, {}, memory.newest, 0};  // what time it was is still known
  FeedOutcome outcome;
  outcome.name = file.kind == FeedSource::Kind::alpine ? file.feed + " " + file.part : file.feed;
  outcome.address = file.address;
  const auto fetched = get(file.address, old.has_value());
  const bool refused = !fetched && refuse(file.feed, fetched.error(), old.has_value());
  if (refused) {
    if (!old) return;
    outcome.state = State::unchanged;
  } else if (!fetched) {
    if (file.optional && !old && fetched.error().fault == Fault::not_found) return;
    fail_with(fetched.error(), old.has_value(), outcome);
  } else if (old && (fetched->unchanged || fetched->body == *old)) {
    outcome.state = State::unchanged;
  } else if (fetched->unchanged) {
    fail_with({Fault::corrupt, "no answer but \"unchanged\"", file.address, {}}, false, outcome);
  } else if (const auto accepted = accept(file, *fetched, outcome); !accepted) {
    fail_with(accepted.error(), old.has_value(), outcome);
  }
  if (outcome.state == State::unchanged || outcome.kept) {
    outcome.records = memory.records;
    old_.emplace_back(file, result_.feeds.size());
  }
  if (outcome.state != State::failed || outcome.kept) use(file, outcome);
  refused ? result_.feeds.push_back(std::move(outcome)) : report(std::move(outcome));
}

// Counts the body of an address among those to build from.
void Run::use(const FeedFile& file, const FeedOutcome& outcome) {
  const auto& memory = state_[file.address];
  used_.push_back(file.address + " " + memory.sha256);
  std::string date = memory.newest;
  if (date.empty()) date = time_of_http_date(memory.last_modified);
  const auto same = std::ranges::find(input_.feeds, file.feed, &FeedInfo::name);
  if (same == input_.feeds.end()) {
    input_.feeds.push_back({file.feed, file.home, date, outcome.records});
  } else {
    same->date = std::max(same->date, date);
    same->records += outcome.records;
  }
}

// The records of what has not changed: only read once something else has.
void Run::add_old() {
  for (const auto& [file, at] : old_) {
    auto& outcome = result_.feeds[at];
    const auto body = cached(file.address);
    const auto added = body ? add(file, *body, outcome, false)
                            : fail(Fault::io, "its cached data is gone", file.address);
    if (added) continue;
    outcome.state = State::failed;
    outcome.kept = false;
    outcome.message = added.error().message();
  }
}

void Run::report(FeedOutcome outcome) {
  if (options_.progress) {
    const auto what = outcome.state == State::failed      ? "failed: " + outcome.message
                      : outcome.state == State::unchanged ? std::string("unchanged")
                                                          : std::string("fetched");
    options_.progress(fmt::format(
        "{}: {}, {} records{}", outcome.name, what, outcome.records,
        outcome.skipped == 0 ? std::string() : fmt::format(", {} unreadable", outcome.skipped)));
  }
  result_.feeds.push_back(std::move(outcome));
}

std::string Run::built_from() const {
  return sha256_hex(fmt::format("{} {} {}\n{}", layout::format_version, layout::importers_version,
                                options_.prose, join(used_, "\n")));
}

// The database in place, when it is what was built of just this: neither damaged nor another one
// that was imported since.
std::optional<DatabaseInfo> Run::as_built(const std::string& from) const {
  const auto database = Database::open(result_.path);
  if (!database || !database->verify()) return std::nullopt;
  auto info = database->info();
  if (from + " " + info.digest != old_built_from_) return std::nullopt;
  return info;
}

// The feeds of the database in use that this run has nothing of.
std::vector<std::string> Run::absent(const Database& current) const {
  std::vector<std::string> out;
  for (const auto& feed : current.info().feeds) {
    if (std::ranges::find(input_.feeds, feed.name, &FeedInfo::name) == input_.feeds.end())
      out.push_back(feed.name);
  }
  return out;
}

// "a, b, c, d, 7 more"
std::string first_few(std::vector<std::string> names) {
  constexpr std::size_t shown = 4;
  if (names.size() > shown) {
    const auto more = names.size() - shown;
    names.resize(shown);
    names.push_back(fmt::format("{} more", more));
  }
  return join(names, ", ");
}

// The ecosystems that `now` no longer has.
std::vector<std::string> lost_coverage(const Database& before, const Database& now) {
  auto out = before.ecosystems();
  std::erase_if(out, [&](const std::string& name) { return now.covers(name); });
  return out;
}

// A feed that failed and was never fetched before (the starter has it, say) is left out when other
// feeds speak of the same ecosystems; a database that covers less is not put in place of one that
// covers more.
Result<> Run::build() {
  result_.path = database_path(options_.directory);
  const std::string from = built_from();
  if (auto info = as_built(from)) {
    result_.info = std::move(*info);
    return {};
  }
  add_old();
  const auto current = open_best_database(options_.directory);
  const auto missing = current && !options_.force ? absent(*current) : std::vector<std::string>{};
  input_.prose = options_.prose;
  TRY(const auto bytes, build_database(std::move(input_)));
  if (!missing.empty()) {
    TRY(const auto made, Database::over(bytes));
    const auto lost = lost_coverage(*current, made);
    const bool failed = std::ranges::any_of(
        result_.feeds, [](const auto& f) { return f.state == State::failed && !f.kept; });
    if (failed && !lost.empty()) {
      result_.info = current->info();
      result_.notice = fmt::format(
          "the database stays as it is, because without {} it would not cover {}; what came is "
          "kept, so `db update` again asks for the rest only, and --force builds without it",
          first_few(missing), first_few(lost));
      return {};
    }
    result_.notice = fmt::format("the database no longer has {}; {}", first_few(missing),
                                 lost.empty() ? "other feeds cover the same packages"
                                              : "nothing covers " + first_few(lost) + " now");
  }
  TRY_DO(write_durably(result_.path, bytes));
  TRY(const auto database, Database::open(result_.path));
  result_.info = database.info();
  result_.rebuilt = true;
  old_built_from_ = from + " " + result_.info.digest;
  return {};
}

Result<UpdateResult> Run::run() {
  TRY_DO(make_directories(options_.directory + "/feeds"));
  if (const auto json = read_file(state_path(), 64U << 20)) {
    state_ = parse_feed_state(*json, old_built_from_);
  }
  for (const auto& file : files()) take(file);
  report_refused();
  if (used_.empty()) {
    for (const auto& feed : result_.feeds) {
      return fail(Fault::io, "no feed could be read: " + feed.message, feed.address);
    }
    return fail(Fault::not_found, "no feeds to read", options_.directory);
  }
  std::erase_if(state_, [](const auto& row) {
    return row.second.sha256.empty() && row.second.newest.empty();
  });
  TRY_DO(build());
  TRY_DO(write_durably(state_path(), format_feed_state(state_, old_built_from_)));
  return std::move(result_);
}

}  // namespace

bool UpdateResult::all_well() const {
  return std::ranges::none_of(feeds, [](const auto& f) { return f.state == State::failed; });
}

Result<UpdateResult> update_database(const UpdateOptions& options, const Fetch& fetch) {
  return Run(options, fetch).run();
}

}  // namespace boltseal
