// `key rotate`, `key revoke`, `key recovery`, `key records`: signed records about keys.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/key.h"
#include "cli/options.h"
#include "cli/output.h"
#include "codec/json_writer.h"
#include "seal/key_reference.h"

namespace boltseal {
namespace {

struct RecordCommand {
  KeyOptions options;
  std::string key, other, type, reason, at, purpose, record_file;
};

Error as_error(const Refusal& refusal) { return {Fault::corrupt, refusal.message(), {}, {}}; }

// To sign records with: a key that was revoked may still say so.
Result<std::unique_ptr<Signer>> record_signer(const std::string& reference, const KeyStore& store,
                                              const PasswordSource& password) {
  TRY(const auto stored, stored_key(reference, store));
  if (!stored) return open_signer(reference, password);
  return store.open_any(stored->name, password);
}

// Into the store's records, and into the file that was asked for.
Result<> keep_record(const RecordCommand& command, const KeyStore& store,
                     const DsseEnvelope& record) {
  TRY_DO(store.add_records({&record, 1}));
  if (command.record_file.empty()) return {};
  const Fd fd(::open(command.record_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) return std::unexpected(errno_error("cannot open", command.record_file));
  return write_all(fd.get(), write_dsse(record) + "\n", command.record_file);
}

// "release" → "release-2", "release-2" → "release-3"
std::string next_name(const std::string& name) {
  const auto dash = name.rfind('-');
  const auto number =
      dash == std::string::npos ? std::nullopt : parse_u64(std::string_view(name).substr(dash + 1));
  return number && *number < UINT32_MAX ? name.substr(0, dash + 1) + std::to_string(*number + 1)
                                        : name + "-2";
}

struct Successor {
  std::unique_ptr<Signer> signer;
  std::optional<StoredKey> stored;
};

// The key that --to names where it is there, else a new one of that name in the store.
Result<Successor> successor(const RecordCommand& command, const Signer& old,
                            const std::optional<StoredKey>& stored, const KeyStore& store) {
  std::string name = command.other;
  if (name.empty() && !stored)
    return fail(Fault::unsupported, "the key is not in the store: name its successor with --to");
  if (name.empty()) name = next_name(stored->name);
  TRY(auto found, stored_key(name, store));
  if (found || !is_key_name(name) || ::access(name.c_str(), F_OK) == 0) {
    TRY(auto signer, record_signer(name, store, password_source(command.options.password)));
    return Successor{std::move(signer), std::move(found)};
  }
  TRY(const auto type,
      key_type_of(command.type.empty() ? key_type_name(old.public_key()) : command.type));
  TRY(const auto password, new_password_source(command.options.password)(name));
  TRY(auto key, PrivateKey::generate(type.kind, type.rsa_bits));
  TRY(auto kept, store.add(name, key, password.view(), stored ? stored->purpose : ""));
  return Successor{std::make_unique<PrivateKey>(std::move(key)), std::move(kept)};
}

Result<ShownKey> rotated(const RecordCommand& command) {
  const KeyStore store;
  const auto records = store.records();
  if (!records) return std::unexpected(as_error(records.error()));
  TRY(auto stored, stored_key(command.key, store));
  TRY(const auto old, record_signer(command.key, store, password_source(command.options.password)));
  if (const auto* done = records->succession_of(old->public_key()))
    return fail(Fault::unsupported, "the key has a successor already: " + done->successor.id(),
                command.key);
  if (records->revocation_of(old->public_key()))
    return fail(Fault::unsupported, "the key was revoked; nobody can follow it", command.key);
  TRY(const auto next, successor(command, *old, stored, store));
  TRY(const auto record, sign_succession(*old, *next.signer, writing_time()));
  TRY_DO(keep_record(command, store, record));
  if (stored) {
    stored->state = KeyState::superseded;
    stored->successor = next.stored ? next.stored->name : "";
    TRY_DO(store.update(*stored));
  }
  if (next.stored) return shown(*next.stored, store);
  return ShownKey{command.other, next.signer->public_key(), {}, {}, {}, {}, {}, {}, {}};
}

Result<std::int64_t> moment(const std::string& text, std::int64_t now) {
  if (text.empty()) return now;
  const auto seconds = parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (!seconds)
    return fail(Fault::unsupported, "not a time: write 2026-11-27T10:00:00Z or 2026-11-27", text);
  return *seconds;
}

Result<ShownKey> revoked(const RecordCommand& command) {
  const KeyStore store;
  const auto records = store.records();
  if (!records) return std::unexpected(as_error(records.error()));
  const std::int64_t now = writing_time();
  TRY(const auto from, moment(command.at, now));
  TRY(auto stored, stored_key(command.key, store));
  const std::string& by = command.other.empty() ? command.key : command.other;
  TRY(const auto signer, record_signer(by, store, password_source(command.options.password)));
  PublicKey key = signer->public_key();
  if (!command.other.empty()) {
    TRY(key, stored ? Result<PublicKey>(stored->key) : open_public_key(command.key));
  }
  KeyRevocation revocation{key, signer->public_key(), now, from, command.reason, {}};
  if (const KeySuccession* succession = records->succession_of(key))
    revocation.keeps.push_back(succession->digest);
  TRY(const auto record, sign_revocation(revocation, *signer));
  TRY_DO(keep_record(command, store, record));
  if (!stored)
    return ShownKey{command.key, key, {}, {}, "revoked", {}, {}, rfc3339(from), command.reason};
  stored->state = KeyState::revoked;
  TRY_DO(store.update(*stored));
  return shown(*stored, store);
}

Result<ShownKey> with_recovery(const RecordCommand& command) {
  const KeyStore store;
  const auto source = password_source(command.options.password);
  TRY(const auto key, record_signer(command.key, store, source));
  TRY(const auto recovery, record_signer(command.other, store, source));
  TRY(const auto record, sign_recovery(*key, *recovery, writing_time()));
  TRY_DO(keep_record(command, store, record));
  return ShownKey{command.other, recovery->public_key(), {}, {}, {}, {}, {}, {}, {}};
}

// A set of records, verified: that of a file, else the store's. With --import the former joins the
// latter.
Result<KeyRecords> looked_at(const RecordCommand& command, bool import) {
  const KeyStore store;
  auto records =
      command.record_file.empty() ? store.records() : KeyRecords::read(command.record_file);
  if (!records) return std::unexpected(as_error(records.error()));
  if (import) TRY_DO(store.add_records(records->envelopes()));
  return std::move(*records);
}

std::string table(const KeyRecords& records) {
  std::string out;
  for (const KeyRecordForm& record : records.all()) {
    const std::string_view how = record.kind == KeyRecordKind::succession ? "is followed by"
                                 : record.kind == KeyRecordKind::recovery ? "may be revoked by"
                                                                          : "was revoked by";
    out += fmt::format("{}  {} {} {}", rfc3339(record.time), record.key.id().substr(0, 16), how,
                       record.other.id().substr(0, 16));
    if (record.kind == KeyRecordKind::revocation) {
      out += " from " + rfc3339(record.from);
      if (!record.reason.empty()) out += ": " + printable(record.reason);
    }
    out += "\n";
  }
  return out;
}

std::string as_json(const KeyRecords& records) {
  JsonWriter json;
  json.array();
  for (const KeyRecordForm& record : records.all()) {
    json.object()
        .member("kind", name_of(record.kind))
        .member("time", rfc3339(record.time))
        .member("key", record.key.id())
        .member("other", record.other.id());
    if (record.kind == KeyRecordKind::revocation)
      json.member("from", rfc3339(record.from))
          .text_if("reason", record.reason)
          .texts("keeps", record.keeps);
    json.end();
  }
  return json.end().take();
}

std::string as_lines(const KeyRecords& records) {
  std::string out;
  for (const DsseEnvelope& envelope : records.envelopes()) out += write_dsse(envelope) + "\n";
  return out;
}

int print_records(const RecordCommand& command, bool import) {
  constexpr std::array<std::string_view, 3> formats = {"table", "json", "jsonl"};
  const auto outputs = read_outputs(command.options.outputs, "table", formats);
  if (!outputs) return complain_of_call(outputs.error());
  const auto records = looked_at(command, import);
  if (!records) return complain(records.error());
  for (const Output& output : *outputs) {
    const auto written = write_output(output, output.format == "json"    ? as_json(*records)
                                              : output.format == "jsonl" ? as_lines(*records)
                                                                         : table(*records));
    if (!written) return complain(written.error());
  }
  return Exit::clean;
}

int finish(const KeyOptions& options, const Result<ShownKey>& key) {
  return key ? show_keys({*key}, options, true) : complain_of_call(key.error());
}

std::shared_ptr<RecordCommand> add_common(Command& command) {
  const auto state = std::make_shared<RecordCommand>();
  command.add_option("KEY", state->key, "A key of the store; a file or pkcs11:… too")->required();
  command
      .add_option("--record-file", state->record_file,
                  "Write the signed record behind this file too, to ship it")
      ->type_name("FILE");
  add_key_options(command, state->options, true);
  return state;
}

}  // namespace

void add_key_records(Command& key, int& exit) {
  auto* rotate = key.add_subcommand("rotate", "Let a new key take the place of one");
  const auto rotation = add_common(*rotate);
  rotate
      ->add_option("--to", rotation->other,
                   "The new key; made in the store unless it is there (default: NAME-2, -3, …)")
      ->type_name("KEY");
  rotate->add_option("--type", rotation->type, "Its type (default: that of the old one)")
      ->type_name("TYPE");
  rotate->callback([rotation, &exit] {
    heed_quiet(rotation->options);
    exit = finish(rotation->options, rotated(*rotation));
  });

  auto* revoke = key.add_subcommand("revoke", "Say that a key counts no more");
  const auto revocation = add_common(*revoke);
  revoke->add_option("--reason", revocation->reason, "Why")->type_name("TEXT");
  revoke->add_option("--at", revocation->at, "From when on (default: now)")->type_name("TIME");
  revoke->add_option("--with", revocation->other, "Sign with this recovery key of it")
      ->type_name("KEY");
  revoke->callback([revocation, &exit] {
    heed_quiet(revocation->options);
    exit = finish(revocation->options, revoked(*revocation));
  });

  auto* recovery = key.add_subcommand("recovery", "Name a key that may revoke another");
  const auto naming = add_common(*recovery);
  recovery->add_option("RECOVERY", naming->other, "The recovery key; keep it elsewhere")
      ->required();
  recovery->callback([naming, &exit] {
    heed_quiet(naming->options);
    exit = finish(naming->options, with_recovery(*naming));
  });

  auto* records = key.add_subcommand("records", "Verify and print records about keys");
  const auto print = std::make_shared<RecordCommand>();
  const auto import = std::make_shared<bool>(false);
  records->add_option("FILE", print->record_file,
                      "A file or folder of records (default: those of the store)");
  records->add_flag("--import", *import, "Add those of FILE to the store");
  records
      ->add_option("-o,--output", print->options.outputs,
                   "table, json, or jsonl: the signed records themselves")
      ->type_name("FORMAT[=FILE]")
      ->allow_extra_args(false);
  records->callback([print, import, &exit] { exit = print_records(*print, *import); });
}

}  // namespace boltseal
