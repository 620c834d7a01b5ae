// `log`: a transparency log of one's own, in a folder or an OCI repository.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/file_place.h"
#include "cli/options.h"
#include "cli/password.h"
#include "codec/base64.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "net/http.h"
#include "seal/artifact_store.h"
#include "seal/bundle.h"
#include "seal/key_reference.h"
#include "seal/local_log.h"

namespace boltseal {
namespace {

struct LogCommand {
  FilePlace place;
  std::string origin, key, public_key, signer_key, entry, bundle, output, name;
  std::vector<std::string> witnesses;
  std::uint64_t index = 0;
  std::size_t threshold = 0;
  bool whole = false;
  PasswordOptions password;
};

template <class T>
Checked<T> could(Result<T> result) {
  return readable(std::move(result), "");
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

// The origin is what the log calls itself: whose log it is the key tells.
Checked<LogIdentity> identity(const LogCommand& command, FileStore& store, const PublicKey& key) {
  if (!command.origin.empty()) return LogIdentity{command.origin, key};
  return log_identity(store, key);
}

Checked<LogIdentity> trusted_identity(const LogCommand& command, FileStore& store) {
  TRY(const auto key, could(open_public_key(command.public_key)));
  return identity(command, store, key);
}

Checked<LogPolicy> policy_of(const LogCommand& command) {
  LogPolicy out;
  out.threshold = command.threshold;
  for (const std::string& text : command.witnesses) {
    TRY(auto witness, could(parse_witness(text)));
    out.witnesses.push_back(std::move(witness));
  }
  if (out.threshold == 0 && !out.witnesses.empty()) out.threshold = out.witnesses.size();
  return out;
}

Checked<int> init(const LogCommand& command) {
  TRY(const auto signer, could(open_signer(command.key, password_source(command.password))));
  TRY(auto store, could(open_place(command.place, true, true)));
  TRY_DO(create_log(*store, command.origin, *signer));
  print(fmt::format("{} is empty\n", command.origin));
  return Exit::clean;
}

// The body for what a bundle's signature is over.
Checked<std::string> body_of(const Bundle& bundle, const std::string& signer_key) {
  std::string certificate;
  std::optional<PublicKey> key;
  if (!bundle.certificates.empty()) {
    certificate = bundle.certificates.front().der();
    key = bundle.certificates.front().public_key();
  } else {
    if (signer_key.empty())
      return refuse("key-missing", "the bundle does not hold its key: give --signer-key");
    TRY(key, could(open_public_key(signer_key)));
  }
  HashKind kind = HashKind::sha256;
  std::string digest;
  if (bundle.envelope) {
    kind = key->natural_hash();
    digest =
        hash(kind, pre_authentication(bundle.envelope->payload_type, bundle.envelope->payload));
  } else {
    kind = bundle.message->hash.value_or(HashKind::sha256);
    digest = bundle.message->digest;
  }
  return could(hashedrekord_body(kind, digest, bundle.signature(), *key, certificate));
}

// One line of JSON: TransparencyLogEntry.
std::string entry_json(const LogEntry& entry) {
  JsonWriter json(false);
  write_log_entry(json, entry);
  return json.take() + "\n";
}

Checked<int> add(const LogCommand& command) {
  std::optional<Bundle> bundle;
  std::string body;
  if (!command.bundle.empty()) {
    TRY(const auto text, could(read_file(command.bundle, max_bundle)));
    TRY(bundle, parse_bundle(text));
    TRY(body, body_of(*bundle, command.signer_key));
  } else {
    TRY(const auto text, could(read_file(command.entry, 4 * max_log_entry)));
    TRY(const auto document, could(parse_json(text)));
    TRY(body, could(canonical_json(document.root())));
  }
  TRY(const auto signer, could(open_signer(command.key, password_source(command.password))));
  TRY(auto store, could(open_place(command.place, true)));
  TRY(const auto log, identity(command, *store, signer->public_key()));
  TRY(const auto entry, log_append(*store, log.origin, *signer, body));
  if (!bundle) {
    print(entry_json(entry));
    return Exit::clean;
  }
  bundle->entries.push_back(entry);
  const std::string& to = command.output.empty() ? command.bundle : command.output;
  TRY_DO(could(write_file_atomically(to, write_bundle(*bundle))));
  print(fmt::format("entry {}\n", entry.log_index));
  return Exit::clean;
}

Checked<int> verify(const LogCommand& command) {
  TRY(auto store, could(open_place(command.place, false)));
  TRY(const auto log, trusted_identity(command, *store));
  TRY(const auto policy, policy_of(command));
  const std::string state = log_state(log.origin);
  TRY(const auto verified, command.whole ? verify_whole_log(*store, log, policy, state)
                                         : verify_log(*store, log, policy, state));
  if (!command.bundle.empty()) {
    TRY(const auto text, could(read_file(command.bundle, max_bundle)));
    TRY(const auto bundle, parse_bundle(text));
    bool found = false;
    for (const LogEntry& entry : bundle.entries) {
      if (entry.log_id != log_id_of(log)) continue;
      TRY_DO(verify_log_evidence(*store, log, verified, entry));
      found = true;
    }
    if (!found)
      return refuse("log-entry-missing", "the bundle has no entry of this log", "tlogEntries");
  }
  print(fmt::format("{}  {} entries, root {}\n", log.origin, verified.checkpoint.size,
                    hex(verified.checkpoint.root)));
  for (const Cosignature& witness : verified.cosignatures)
    print(fmt::format("witness {} {}\n", printable(witness.witness), rfc3339(witness.time)));
  print(verified.seen == 0 ? "seen for the first time\n"
                           : fmt::format("grown from {} entries\n", verified.seen));
  return Exit::clean;
}

Checked<int> show(const LogCommand& command) {
  TRY(auto store, could(open_place(command.place, false)));
  TRY(const auto log, trusted_identity(command, *store));
  TRY(const auto verified, verify_log(*store, log, {}, log_state(log.origin)));
  LogTree tree(*store, verified.checkpoint.size);
  for (std::uint64_t index = command.index; index < verified.checkpoint.size; ++index) {
    TRY(const auto proved, log_prove(*store, log, index));
    print(fmt::format("{} {}\n", index, printable(proved.body)));
  }
  return Exit::clean;
}

Checked<int> prove(const LogCommand& command) {
  TRY(auto store, could(open_place(command.place, false)));
  TRY(const auto log, trusted_identity(command, *store));
  TRY_DO(verify_log(*store, log, {}, log_state(log.origin)));
  TRY(const auto entry, log_prove(*store, log, command.index));
  print(entry_json(entry));
  return Exit::clean;
}

Checked<int> witness(const LogCommand& command) {
  TRY(const auto signer, could(open_signer(command.key, password_source(command.password))));
  TRY(auto store, could(open_place(command.place, true)));
  TRY(const auto log, trusted_identity(command, *store));
  TRY(const auto text, could(witness_key_text(command.name, signer->public_key())));
  TRY(const auto verified, verify_log(*store, log, {}, log_state(log.origin)));
  TRY_DO(log_witness(*store, verified, command.name, *signer, writing_time()));
  print(fmt::format("witnessed {} entries as {}\n", verified.checkpoint.size, text));
  return Exit::clean;
}

Checked<int> trusted_root(const LogCommand& command) {
  TRY(auto store, could(open_place(command.place, false)));
  TRY(const auto log, trusted_identity(command, *store));
  print(trusted_root_of(log, 0));
  return Exit::clean;
}

using State = std::shared_ptr<LogCommand>;

Command* subcommand(Command& log, const State& state, int& exit, const std::string& name,
                    const std::string& what, Checked<int> (*run)(const LogCommand&)) {
  auto* out = log.add_subcommand(name, what);
  add_file_place(*out, state->place, "LOG");
  out->callback([state, run, &exit] {
    const auto done = run(*state);
    exit = done ? *done : say_no(done.error());
  });
  return out;
}

void add_key(Command& command, const State& state, const std::string& what) {
  command.add_option("--key", state->key, what)->type_name("KEY")->required();
  add_password_options(command, state->password);
}

void add_trust(Command& command, const State& state) {
  command.add_option("--public-key", state->public_key, "The log's public key")
      ->type_name("KEY")
      ->required();
  command.add_option("--origin", state->origin, "The log's name, where another must be refused");
}

}  // namespace

void add_log(Command& program, int& exit) {
  auto* log = program.add_subcommand("log", "A transparency log of your own, without a server");
  log->require_subcommand(1);
  const auto state = std::make_shared<LogCommand>();
  auto* made = subcommand(*log, state, exit, "init", "Make a log", init);
  made->add_option("--origin", state->origin, "Its name, like a host's: log.example")->required();
  add_key(*made, state, "The log's private key");
  auto* added = subcommand(*log, state, exit, "add", "Record a signature, or any JSON", add);
  auto* entry = added->add_option("--entry", state->entry, "JSON to record")->type_name("FILE");
  auto* bundle = added
                     ->add_option("--bundle", state->bundle,
                                  "A Sigstore bundle whose signature is recorded; the proof is put "
                                  "into it")
                     ->type_name("FILE")
                     ->excludes(entry);
  added->add_option("--signer-key", state->signer_key, "The public key of the bundle's signature")
      ->type_name("KEY");
  added->add_option("--output", state->output, "Where the bundle goes (default: where it was)")
      ->type_name("FILE");
  added->require_option(1, 0);
  (void)bundle;
  add_key(*added, state, "The log's private key");
  auto* checked = subcommand(*log, state, exit, "verify",
                             "Check that the log is signed and has only grown", verify);
  add_trust(*checked, state);
  checked->add_option("--witness", state->witnesses, "name+hint+base64 of a witness")
      ->allow_extra_args(false);
  checked->add_option("--witness-threshold", state->threshold, "How many must have signed (all)");
  checked->add_option("--bundle", state->bundle, "Also that this bundle's entry is in it")
      ->type_name("FILE");
  checked->add_flag("--entries", state->whole, "Read every entry too");
  auto* shown = subcommand(*log, state, exit, "show", "The entries", show);
  add_trust(*shown, state);
  shown->add_option("--from", state->index, "The first one to show");
  auto* proved = subcommand(*log, state, exit, "prove",
                            "An entry with its inclusion proof, as bundles carry it", prove);
  proved->add_option("INDEX", state->index, "Which entry, from 0")->required();
  add_trust(*proved, state);
  auto* seen = subcommand(*log, state, exit, "witness",
                          "Sign that the log has only grown since you saw it", witness);
  add_trust(*seen, state);
  seen->add_option("--name", state->name, "The witness's name, like a host's")->required();
  add_key(*seen, state, "The witness's private key (Ed25519)");
  add_trust(*subcommand(*log, state, exit, "trusted-root",
                        "A trusted_root.json with which verifiers know the log", trusted_root),
            state);
}

}  // namespace boltseal
