// `channel`: which digest a tag means, for publishers and for those who trust them.
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
#include "cli/signing.h"
#include "codec/json_writer.h"
#include "net/http.h"
#include "seal/artifact_store.h"
#include "seal/channel.h"
#include "seal/key_reference.h"
#include "seal/tuf_write.h"

namespace boltseal {
namespace {

constexpr std::uint64_t root_file_limit = 512ULL << 10;
constexpr std::int64_t day = 86400;

struct ChannelCommand {
  FilePlace place;
  std::string name, role = "targets", root, format = "table";
  std::vector<std::string> tags, patterns, public_keys, key_ids;
  std::vector<std::string> root_keys, keys, timestamp_keys;
  std::uint64_t threshold = 0;
  std::int64_t days = 0;
  bool terminating = false;
  PasswordOptions password;
};

void tell(const ChannelStep& step) {
  if (step.missing > 0)
    std::fputs(fmt::format("{} {} waits for {} more signatures: `channel sign`\n",
                           printable(step.role), step.version, step.missing)
                   .c_str(),
               stdout);
  else
    std::fputs(fmt::format("{} {}\n", printable(step.role), step.version).c_str(), stdout);
}

ChannelLifetimes lifetimes_of(const ChannelCommand& command, bool of_timestamp) {
  ChannelLifetimes out;
  if (command.days <= 0) return out;
  if (of_timestamp)
    out.timestamp = command.days * day;
  else
    out.root = out.targets = command.days * day;
  return out;
}

// Runs a step on the opened channel; with timestamp keys at hand, publishes it too.
template <class F>
int with_channel(const ChannelCommand& command, F&& step) {
  auto store = open_place(command.place, true);
  if (!store) return complain(store.error());
  const auto keys = open_signers(command.keys, command.password);
  if (!keys) return complain(keys.error());
  const auto stamp = open_signers(command.timestamp_keys, command.password);
  if (!stamp) return complain(stamp.error());
  auto channel = Channel::open(**store, writing_time(), lifetimes_of(command, false));
  if (!channel) return say_no(channel.error());
  const Checked<ChannelStep> done = step(*channel, keys->list());
  if (!done) return say_no(done.error());
  tell(*done);
  if (stamp->list().empty() || done->missing > 0) return Exit::clean;
  const auto published = channel->publish(stamp->list());
  if (!published) return say_no(published.error());
  tell(*published);
  return Exit::clean;
}

int run_init(const ChannelCommand& command) {
  const auto root = open_signers(command.root_keys, command.password);
  if (!root) return complain(root.error());
  const auto targets = open_signers(command.keys, command.password);
  if (!targets) return complain(targets.error());
  const auto stamp = open_signers(command.timestamp_keys, command.password);
  if (!stamp) return complain(stamp.error());
  auto store = open_place(command.place, true, true);
  if (!store) return complain(store.error());
  const auto made = Channel::create(**store, root->list(), targets->list(), stamp->list(),
                                    writing_time(), lifetimes_of(command, false));
  if (!made) return say_no(made.error());
  if (!command.root.empty()) {
    const auto bytes = (*store)->get("1.root.json", root_file_limit);
    if (!bytes) return complain(bytes.error());
    if (const auto done = write_durably(command.root, *bytes); !done) return complain(done.error());
  }
  std::fputs("root 1\ntargets 1\ntimestamp 1\n", stdout);
  return Exit::clean;
}

// "sha256:…", or an image whose digest is looked up.
Result<TufTarget> record_of(const std::string& value, bool insecure_http) {
  TufTarget out;
  std::string digest = value;
  if (!is_digest(value)) {
    StoreOptions options;
    options.insecure_http = insecure_http;
    TRY(const auto image, open_artifact(value, {}, options));
    TRY(const auto manifest, image.images->manifest(image.reference));
    digest = manifest.digest;
    out.length = manifest.body.size();
  }
  const auto parts = cut(digest, ":");
  out.hashes.emplace(parts->first, parts->second);
  return out;
}

Result<std::map<std::string, TufTarget>> records_of(const ChannelCommand& command, bool remove) {
  std::map<std::string, TufTarget> out;
  for (const std::string& item : command.tags) {
    const auto pair = cut(item, "=");
    if (!remove && !pair) return fail(Fault::unsupported, "write TAG=DIGEST or TAG=IMAGE", item);
    const std::string tag(remove ? std::string_view(item) : pair->first);
    TRY(const auto full, parse_channel_tag(command.name + ":" + tag));
    if (remove) {
      out[full.target()] = {};
    } else {
      TRY(out[full.target()], record_of(std::string(pair->second), command.place.insecure_http));
    }
  }
  return out;
}

int run_set(const ChannelCommand& command, bool remove) {
  if (command.place.offline) forbid_network();
  const auto records = records_of(command, remove);
  if (!records) return complain_of_call(records.error());
  return with_channel(command, [&](Channel& channel, const SignerList& keys) {
    return channel.set(command.role, *records, keys);
  });
}

int run_delegate(const ChannelCommand& command) {
  const auto keys = open_public_keys(command.public_keys);
  if (!keys) return complain(keys.error());
  return with_channel(command, [&](Channel& channel, const SignerList& signers) {
    return channel.delegate(command.role, *keys, std::max<std::uint64_t>(command.threshold, 1),
                            command.patterns, command.terminating, signers);
  });
}

int run_keys(const ChannelCommand& command) {
  const auto keys = open_public_keys(command.public_keys);
  if (!keys) return complain(keys.error());
  return with_channel(command, [&](Channel& channel, const SignerList& signers) {
    return channel.change_keys(command.role, *keys, command.key_ids, command.threshold, signers);
  });
}

int run_refresh(const ChannelCommand& command) {
  auto store = open_place(command.place, true);
  if (!store) return complain(store.error());
  const auto stamp = open_signers(command.timestamp_keys, command.password);
  if (!stamp) return complain(stamp.error());
  auto channel = Channel::open(**store, writing_time(), lifetimes_of(command, true));
  if (!channel) return say_no(channel.error());
  const auto done = channel->publish(stamp->list());
  if (!done) return say_no(done.error());
  tell(*done);
  return Exit::clean;
}

int run_resolve(const ChannelCommand& command) {
  const auto root = read_file(command.root, root_file_limit);
  if (!root) return complain(root.error());
  const auto tag = parse_channel_tag(command.name);
  if (!tag) return complain_of_call(tag.error());
  auto store = open_place(command.place, false);
  if (!store) return complain(store.error());
  const auto found = resolve_channel(**store, *root, channel_state(*root), *tag, unix_now());
  if (!found) return say_no(found.error());
  if (command.format == "json") {
    JsonWriter json;
    json.object()
        .member("name", found->tag.name)
        .member("tag", found->tag.tag)
        .member("digest", found->digest)
        .member("timestampVersion", found->version)
        .member("validUntil", rfc3339(found->expires))
        .end();
    std::fputs(json.take().c_str(), stdout);
  } else {
    std::fputs(fmt::format("{}@{}\n", found->tag.name, found->digest).c_str(), stdout);
  }
  return Exit::clean;
}

void show_ring(std::string_view name, const TufRing& ring) {
  std::fputs(
      fmt::format("{}  {} of {} keys\n", printable(name), ring.threshold, ring.key_ids.size())
          .c_str(),
      stdout);
  for (const std::string& id : ring.key_ids)
    std::fputs(fmt::format("  key {}\n", printable(id)).c_str(), stdout);
}

void show_records(const TufTargets& role) {
  std::fputs(fmt::format("  version {}, until {}\n", role.version, rfc3339(role.expires)).c_str(),
             stdout);
  for (const auto& [name, target] : role.targets) {
    for (const auto& [kind, value] : target.hashes)
      std::fputs(
          fmt::format("  {}  {}:{}\n", printable(name), printable(kind), printable(value)).c_str(),
          stdout);
  }
}

int run_show(const ChannelCommand& command) {
  auto store = open_place(command.place, false);
  if (!store) return complain(store.error());
  const auto channel = Channel::open(**store, unix_now(), {});
  if (!channel) return say_no(channel.error());
  for (const char* name : {"root", "timestamp", "targets"})
    show_ring(name, channel->root().roles.at(name));
  const TufTargets* targets = channel->role("targets");
  if (targets == nullptr) return Exit::clean;
  show_records(*targets);
  for (const TufDelegation& delegation : targets->delegations) {
    show_ring(delegation.name, delegation.ring);
    for (const std::string& path : delegation.paths)
      std::fputs(fmt::format("  may {}\n", printable(path)).c_str(), stdout);
    if (const TufTargets* role = channel->role(delegation.name)) show_records(*role);
  }
  return Exit::clean;
}

using State = std::shared_ptr<ChannelCommand>;

Command* subcommand(Command& channel, const State& state, const std::string& name,
                    const std::string& what) {
  auto* out = channel.add_subcommand(name, what);
  add_file_place(*out, state->place, "CHANNEL");
  return out;
}

void list_option(Command& command, const std::string& name, std::vector<std::string>& to,
                 const std::string& what, bool required = false) {
  command.add_option(name, to, what)->allow_extra_args(false)->required(required);
}

void add_writing(Command& command, const State& state, const std::string& key_option) {
  list_option(command, key_option, state->keys, "A private key that signs; may be repeated", true);
  list_option(command, "--timestamp-key", state->timestamp_keys,
              "With it the change is current at once");
  command.add_option("--valid-for", state->days, "Days until what is signed runs out (365)");
  add_password_options(command, state->password);
  add_environment(command);
}

void add_records(Command& channel, const State& state, int& exit) {
  for (const bool remove : {false, true}) {
    auto* set = subcommand(channel, state, remove ? "unset" : "set",
                           remove ? "Take tags away" : "Say which digest a tag means");
    set->add_option("NAME", state->name, "The image without its tag")->required();
    set->add_option(remove ? "TAG" : "TAG=DIGEST", state->tags,
                    remove ? "Tags" : "A digest, or an image whose digest is looked up")
        ->required();
    set->add_option("--role", state->role, "A delegated role that speaks")->capture_default_str();
    add_writing(*set, state, "--targets-key,--key");
    set->callback([state, remove, &exit] { exit = run_set(*state, remove); });
  }
  auto* renew = subcommand(channel, state, "renew", "Sign the records of a role anew, unchanged");
  renew->add_option("ROLE", state->role, "targets, or a delegated role")->capture_default_str();
  add_writing(*renew, state, "--targets-key,--key");
  renew->callback([state, &exit] {
    exit = with_channel(
        *state, [&](Channel& c, const SignerList& keys) { return c.set(state->role, {}, keys); });
  });
  auto* sign = subcommand(channel, state, "sign", "Add a signature to a change that waits for it");
  sign->add_option("ROLE", state->role, "root, targets, or a delegated role")->required();
  add_writing(*sign, state, "--key");
  sign->callback([state, &exit] {
    exit = with_channel(
        *state, [&](Channel& c, const SignerList& keys) { return c.sign(state->role, keys); });
  });
}

void add_roles(Command& channel, const State& state, int& exit) {
  auto* add = subcommand(channel, state, "add-key", "Let a key more sign a top-level role");
  auto* drop = subcommand(channel, state, "remove-key", "Take a key away from a top-level role");
  for (auto* command : {add, drop})
    command->add_option("ROLE", state->role, "root, targets or timestamp")->required();
  add->add_option("KEY", state->public_keys, "Public keys")->required();
  drop->add_option("KEYID", state->key_ids, "Ids of keys, as `channel show` has them")->required();
  auto* delegate =
      subcommand(channel, state, "delegate", "Let others speak for the names of a pattern");
  delegate->add_option("ROLE", state->role, "A name for the role")->required();
  list_option(*delegate, "--public-key", state->public_keys, "A key of the role", true);
  list_option(*delegate, "--pattern", state->patterns,
              "Names that it may speak for: * and ? end at /", true);
  delegate->add_flag("--terminating", state->terminating, "Nobody behind it may speak for them");
  for (auto* command : {add, drop, delegate}) {
    command->add_option("--threshold", state->threshold, "How many of the keys must sign");
    add_writing(*command, state, command == delegate ? "--targets-key,--key" : "--root-key");
  }
  add->callback([state, &exit] { exit = run_keys(*state); });
  drop->callback([state, &exit] { exit = run_keys(*state); });
  delegate->callback([state, &exit] { exit = run_delegate(*state); });
  auto* undelegate = subcommand(channel, state, "undelegate", "Take a delegation back");
  undelegate->add_option("ROLE", state->role, "The role")->required();
  add_writing(*undelegate, state, "--targets-key,--key");
  undelegate->callback([state, &exit] {
    exit = with_channel(*state, [&](Channel& c, const SignerList& keys) {
      return c.undelegate(state->role, keys);
    });
  });
}

}  // namespace

void add_channel(Command& program, int& exit) {
  auto* channel =
      program.add_subcommand("channel", "Signed, fresh answers to which digest a tag is");
  channel->require_subcommand(1);
  const auto state = std::make_shared<ChannelCommand>();
  auto* init = subcommand(*channel, state, "init", "Make a channel");
  list_option(*init, "--root-key", state->root_keys, "Says who may sign; keep it offline", true);
  list_option(*init, "--targets-key", state->keys, "Signs the records", true);
  list_option(*init, "--timestamp-key", state->timestamp_keys, "Says what is current", true);
  init->add_option("--root", state->root, "Write the root, which readers must trust, here too")
      ->type_name("FILE");
  init->add_option("--valid-for", state->days, "Days until root and records run out (365)");
  add_password_options(*init, state->password);
  init->callback([state, &exit] { exit = run_init(*state); });
  add_records(*channel, state, exit);
  add_roles(*channel, state, exit);
  auto* refresh =
      subcommand(*channel, state, "refresh-timestamp",
                 "Say that what is there is current; run it more often than it runs out");
  list_option(*refresh, "--timestamp-key", state->timestamp_keys, "The key", true);
  refresh->add_option("--valid-for", state->days, "Days until it must be said again (7)");
  add_password_options(*refresh, state->password);
  refresh->callback([state, &exit] { exit = run_refresh(*state); });
  auto* resolve = subcommand(*channel, state, "resolve", "Print which digest a tag means now");
  resolve->add_option("REF", state->name, "NAME:TAG")->required();
  resolve->add_option("--root", state->root, "The root that you trust")
      ->type_name("FILE")
      ->required();
  resolve->add_option("-o,--output", state->format, "table or json")->capture_default_str();
  add_environment(*resolve);
  resolve->callback([state, &exit] { exit = run_resolve(*state); });
  subcommand(*channel, state, "show", "Roles, keys and records")->callback([state, &exit] {
    exit = run_show(*state);
  });
}

}  // namespace boltseal
