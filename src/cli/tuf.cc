// `tuf`: a client of repositories of The Update Framework.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/file_place.h"
#include "cli/options.h"
#include "net/http.h"
#include "seal/tuf_client.h"

namespace boltseal {
namespace {

constexpr std::uint64_t root_file_limit = 512ULL << 10;

struct TufCommand {
  std::string metadata_directory, metadata_url, target_url, target_directory;
  std::vector<std::string> targets;
  std::string root;
  bool insecure_http = false;
  bool offline = false;
};

Result<std::string> needed(const std::string& value, std::string_view option) {
  if (value.empty()) return fail(Fault::unsupported, fmt::format("{} is missing", option));
  return value;
}

int run_init(const TufCommand& command) {
  const auto directory = needed(command.metadata_directory, "--metadata-dir");
  if (!directory) return complain_of_call(directory.error());
  const auto root = read_file(command.root, root_file_limit);
  if (!root) return complain(root.error());
  const auto done = tuf_init(*directory, *root);
  return done ? static_cast<int>(Exit::clean) : say_no(done.error());
}

// A client that has been brought up to date; else `exit` says what to end with.
std::optional<TufClient> refreshed(const TufCommand& command, int& exit) {
  if (command.offline) forbid_network();
  for (const auto& given : {needed(command.metadata_directory, "--metadata-dir"),
                            needed(command.metadata_url, "--metadata-url")}) {
    if (given) continue;
    exit = complain_of_call(given.error());
    return std::nullopt;
  }
  auto fetch = tuf_fetch_from(command.metadata_url, command.insecure_http);
  if (!fetch) {
    exit = complain_of_call(fetch.error());
    return std::nullopt;
  }
  auto client = TufClient::open(command.metadata_directory, std::move(*fetch), unix_now());
  const auto done = client ? client->refresh() : std::unexpected(client.error());
  if (!done) {
    exit = say_no(done.error());
    return std::nullopt;
  }
  return std::move(*client);
}

int run_refresh(const TufCommand& command) {
  int exit = Exit::clean;
  const auto client = refreshed(command, exit);
  if (!client) return exit;
  log_note(fmt::format("root {}, timestamp {}, snapshot {}, targets {}", client->root().version,
                       client->timestamp().version, client->snapshot().version,
                       client->targets().version));
  return Exit::clean;
}

// The file is written again only when it is not there with the right bytes.
Checked<std::string> bring(TufClient& client, const std::string& target, const TufFetch& fetch,
                           const std::string& directory) {
  TRY(const auto wanted, client.find(target));
  const std::string path = directory + "/" + tuf_file_name(target);
  const auto present = read_file(path, wanted.length);
  if (present && present->size() == wanted.length &&
      tuf_hashes_match(*present, wanted.hashes, target))
    return path;
  TRY(const auto bytes, client.download(target, fetch));
  TRY_DO(readable(make_directories(directory), "target directory"));
  TRY_DO(readable(write_durably(path, bytes), path));
  return path;
}

int run_download(const TufCommand& command) {
  for (const auto& given : {needed(command.target_url, "--target-base-url"),
                            needed(command.target_directory, "--target-dir")}) {
    if (!given) return complain_of_call(given.error());
  }
  const auto fetch = tuf_fetch_from(command.target_url, command.insecure_http);
  if (!fetch) return complain_of_call(fetch.error());
  int exit = Exit::clean;
  auto client = refreshed(command, exit);
  if (!client) return exit;
  for (const std::string& target : command.targets) {
    const auto path = bring(*client, target, *fetch, command.target_directory);
    if (!path) return say_no(path.error());
    std::fputs((printable(*path) + "\n").c_str(), stdout);
  }
  return Exit::clean;
}

}  // namespace

void add_tuf(Command& program, int& exit) {
  auto* tuf = program.add_subcommand("tuf", "Read repositories of The Update Framework");
  tuf->require_subcommand(1)->fallthrough();
  const auto state = std::make_shared<TufCommand>();
  tuf->add_option("--metadata-dir", state->metadata_directory,
                  "Folder of the metadata that was verified here")
      ->type_name("DIR");
  tuf->add_option("--metadata-url", state->metadata_url, "The repository's metadata")
      ->type_name("URL|DIR");
  tuf->add_option("--target-base-url", state->target_url, "The repository's targets")
      ->type_name("URL|DIR");
  tuf->add_option("--target-dir", state->target_directory, "Where targets are put")
      ->type_name("DIR");
  tuf->add_option("--target-name", state->targets, "A target to bring; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  tuf->add_flag("--insecure-http", state->insecure_http, "Allow plain HTTP");
  tuf->add_flag("--offline", state->offline, "Send not one packet: only repositories in folders");
  add_environment(*tuf);
  auto* init = tuf->add_subcommand("init", "Trust a root; the folder must trust no other");
  init->add_option("ROOT", state->root, "The root.json that you trust")->required();
  init->callback([state, &exit] { exit = run_init(*state); });
  tuf->add_subcommand("refresh", "Bring the metadata up to date, or say why not")
      ->callback([state, &exit] { exit = run_refresh(*state); });
  tuf->add_subcommand("download", "Bring targets, verified; prints where they are")
      ->callback([state, &exit] { exit = run_download(*state); });
}

}  // namespace boltseal
