// The advisory database: update from the feeds, look at it, carry it to a machine without network.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include "advisories/store.h"
#include "advisories/update.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "crypto/digest.h"
#include "net/http.h"
#include "seal/tuf_client.h"

namespace boltseal {
namespace {

struct DbCommand {
  std::string directory = default_data_directory();
  std::vector<std::string> feeds, ecosystems;  // KIND=BASE
  std::string file;
  std::string tuf, tuf_root, tuf_target = "advisories.db";
  bool force = false;
  bool insecure_http = false;
  bool offline = false;
  bool facts_only = false;
};

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

std::string described(const DatabaseInfo& info) {
  std::string out = fmt::format(
      "database  {}\ndate      {}{}\n", info.digest, info.date,
      info.starter
          ? "  (the starter that came with the program; `boltseal db update` brings a fresh one)"
          : "");
  for (const FeedInfo& feed : info.feeds) {
    out += fmt::format("  {:<20} {:>8} records  {:<20}  {}\n", printable(feed.name), feed.records,
                       printable(feed.date), printable(feed.address));
  }
  return out;
}

int show(const Result<DatabaseInfo>& info, std::string_view done) {
  if (!info) return complain(info.error());
  print(fmt::format("{}{}", done, described(*info)));
  return Exit::clean;
}

Result<std::vector<FeedSource>> chosen_feeds(const std::vector<std::string>& named) {
  std::vector<FeedSource> feeds;
  for (const auto& item : named) {
    const auto pair = cut(item, "=");
    const auto kind = pair ? feed_kind_of(pair->first) : std::nullopt;
    if (!kind)
      return fail(Fault::unsupported,
                  "write KIND=ADDRESS with KIND osv, alpine, wolfi, kev or rubysec", item);
    for (FeedSource feed : default_feeds()) {
      if (feed.kind != *kind) continue;
      feed.base = pair->second;  // its name stays: it is how older data of the feed is known
      feeds.push_back(std::move(feed));
    }
  }
  return feeds.empty() ? default_feeds() : feeds;
}

int run_update(const DbCommand& command, std::vector<FeedSource> feeds) {
  UpdateOptions options;
  options.feeds = std::move(feeds);
  options.directory = command.directory;
  options.ecosystems = command.ecosystems;
  options.force = command.force;
  options.prose = !command.facts_only;
  options.progress = [](const std::string& line) { log_note(line); };
  const auto result = update_database(options, http_fetch(command.insecure_http));
  if (!result) return complain(result.error());
  for (const FeedOutcome& feed : result->feeds) {
    if (!feed.message.empty()) log_warning(fmt::format("{}: {}", feed.name, feed.message));
    for (const auto& complaint : feed.complaints)
      log_debug(fmt::format("{}: {}", feed.name, complaint));
  }
  if (!result->notice.empty()) log_warning(result->notice);
  print(fmt::format("{} {}\n{}", result->rebuilt ? "wrote" : "nothing new for", result->path,
                    described(result->info)));
  return result->all_well() ? Exit::clean : Exit::could_not;
}

// The database of a publisher who signs it, as a target of a TUF repository: nothing that is older
// than what was seen, held back or signed by others gets in.
Result<std::string> signed_database(const DbCommand& command, const std::string& root) {
  const auto checked = [](auto result) -> Result<typename decltype(result)::value_type> {
    if (result) return std::move(result).value();
    return fail(Fault::corrupt, result.error().message());
  };
  const std::string state = command.directory + "/tuf/" + sha256_hex(root);
  TRY(const auto metadata, tuf_fetch_from(command.tuf + "/metadata", command.insecure_http));
  TRY(const auto targets, tuf_fetch_from(command.tuf + "/targets", command.insecure_http));
  if (const auto trusted = ensure_trust(state, root); !trusted)
    return fail(Fault::corrupt, trusted.error().message(), command.tuf_root);
  TRY(auto client, checked(TufClient::open(state, metadata, unix_now())));
  if (const auto fresh = client.refresh(); !fresh)
    return fail(Fault::corrupt, fresh.error().message(), command.tuf);
  return checked(client.download(command.tuf_target, targets));
}

int run_signed_update(const DbCommand& command) {
  constexpr std::uint64_t root_limit = 512ULL << 10;
  const auto root = read_file(command.tuf_root, root_limit);
  if (!root) return complain(root.error());
  const auto bytes = signed_database(command, *root);
  if (!bytes) return complain(bytes.error());
  if (const auto made = make_directories(command.directory); !made) return complain(made.error());
  const auto file = unnamed_file(command.directory);
  if (!file) return complain(file.error());
  if (const auto written = write_all(file->get(), *bytes, command.directory); !written)
    return complain(written.error());
  return show(import_database(fmt::format("/proc/self/fd/{}", file->get()), command.directory,
                              command.force),
              "verified and installed\n");
}

int run_import(const DbCommand& command) {
  struct stat info{};
  if (::stat(command.file.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    auto feeds = feeds_in(command.file);
    if (feeds.empty()) {
      return complain({Fault::not_found,
                       "the folder holds no feed: osv/, alpine-secdb/, wolfi/security.json, kev/, "
                       "ruby-advisory-db.zip",
                       command.file,
                       {}});
    }
    return run_update(command, std::move(feeds));
  }
  return show(import_database(command.file, command.directory, command.force), "imported\n");
}

int run_starter(const DbCommand& command, const std::string& mirror) {
  const auto bytes = build_starter(mirror);
  if (!bytes) return complain(bytes.error());
  if (const auto written = write_durably(command.file, *bytes); !written)
    return complain(written.error());
  return Exit::clean;
}

int run_status(const DbCommand& command) {
  const auto database = open_best_database(command.directory);
  if (!database) return complain(database.error());
  print(described(database->info()));
  return Exit::clean;
}

void add_update(Command& db, const std::shared_ptr<DbCommand>& state, int& exit) {
  auto* update = db.add_subcommand("update", "Fetch what has changed and build the database anew");
  update
      ->add_option("--feed", state->feeds,
                   "Only these feeds: osv=…, alpine=…, wolfi=…, kev=…, rubysec=…")
      ->type_name("KIND=ADDRESS")
      ->allow_extra_args(false);
  update->add_option("--ecosystem", state->ecosystems, "Only these ecosystems of the OSV feed")
      ->type_name("NAME")
      ->delimiter(',')
      ->allow_extra_args(false);
  update->add_flag("--force", state->force,
                   "Take feeds that are older or much smaller than what is there");
  update->add_flag("--insecure-http", state->insecure_http,
                   "Allow plain HTTP, for a mirror of your own");
  update->add_flag("--offline", state->offline, "Send not one packet: only feeds that are files");
  auto* tuf = update
                  ->add_option("--tuf", state->tuf,
                               "Take a signed database from this TUF repository instead: its "
                               "metadata/ and targets/")
                  ->type_name("URL|DIR");
  auto* root = update->add_option("--tuf-root", state->tuf_root, "The root.json that you trust")
                   ->type_name("FILE")
                   ->needs(tuf);
  tuf->needs(root);
  update->add_option("--tuf-target", state->tuf_target, "Its name there")->capture_default_str();
  add_environment(*update);
  update->callback([state, &exit] {
    if (state->offline) forbid_network();
    if (!state->tuf.empty()) {
      exit = run_signed_update(*state);
      return;
    }
    const auto feeds = chosen_feeds(state->feeds);
    exit = feeds ? run_update(*state, *feeds)
                 : (complain(feeds.error()), static_cast<int>(Exit::usage));
  });
}

}  // namespace

std::string default_database_directory() { return default_data_directory(); }

Result<Database> open_database(const std::string& path) {
  if (!path.empty()) return Database::open(path);
  return open_best_database(default_data_directory());
}

void add_db(Command& program, int& exit) {
  auto* db = program.add_subcommand("db", "The advisory database")->require_subcommand(1);
  const auto state = std::make_shared<DbCommand>();
  db->add_option("--data-dir", state->directory, "Folder of the database")
      ->type_name("DIR")
      ->capture_default_str();
  add_environment(*db);
  add_update(*db, state, exit);
  db->add_subcommand("status", "What the database holds and how old it is")
      ->callback([state, &exit] { exit = run_status(*state); });
  db->add_subcommand("verify", "Check its digest and every record")->callback([state, &exit] {
    exit = show(verify_database(state->directory), "verified\n");
  });
  auto* save =
      db->add_subcommand("export", "Write the database to one file, for a machine without network");
  save->add_option("FILE", state->file, "Where to")->required();
  save->callback([state, &exit] {
    exit = show(export_database(state->directory, state->file), "exported\n");
  });
  auto* load = db->add_subcommand(
      "import", "Install a file that export wrote, or build from a folder that mirrors the feeds");
  load->add_option("FILE|DIR", state->file, "The file or folder")->required();
  load->add_flag("--force", state->force, "Take what is older than what is there");
  load->add_flag("--facts-only", state->facts_only, "Leave out all prose");
  load->callback([state, &exit] { exit = run_import(*state); });
  auto* starter = db->add_subcommand(
      "starter", "Make the database of facts that comes with the program, from a mirror");
  const auto mirror = std::make_shared<std::string>();
  starter->add_option("DIR", *mirror, "The mirror of the feeds")->required();
  starter->add_option("FILE", state->file, "Where to")->required();
  starter->callback([state, mirror, &exit] { exit = run_starter(*state, *mirror); });
}

}  // namespace boltseal
