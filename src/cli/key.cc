// `boltseal key`: what its commands have in common, and how keys are shown.
#include "cli/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "codec/json_writer.h"
#include "crypto/pkcs11_uri.h"

namespace boltseal {
namespace {

constexpr std::array<std::pair<std::string_view, KeyType>, 7> types = {{
    {"ecdsa-p256", {KeyKind::ecdsa_p256, 0}},
    {"ecdsa-p384", {KeyKind::ecdsa_p384, 0}},
    {"ecdsa-p521", {KeyKind::ecdsa_p521, 0}},
    {"ed25519", {KeyKind::ed25519, 0}},
    {"rsa-2048", {KeyKind::rsa, 2048}},
    {"rsa-3072", {KeyKind::rsa, 3072}},
    {"rsa-4096", {KeyKind::rsa, 4096}},
}};

std::string table(const std::vector<ShownKey>& keys) {
  const std::array<std::string, 6> head = {"NAME", "TYPE", "ID", "CREATED", "STATE", "PURPOSE"};
  std::vector<std::array<std::string, 6>> rows = {head};
  for (const ShownKey& key : keys)
    rows.push_back({key.reference, key_type_name(key.key), key.key.id().substr(0, 16),
                    key.created.substr(0, 10), key.state, key.purpose});
  std::array<std::size_t, 6> widths{};
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], columns(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - columns(row[i]) + 2, ' ');
    out += std::string(trim_end(line, ' ')) + "\n";
  }
  return out;
}

bool in_token(const ShownKey& key) { return key.file.starts_with(pkcs11_scheme); }

std::string at_length(const ShownKey& key) {
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("{:<10} {}\n", name, printable(value));
  };
  line("key", key.reference);
  line("type", key_type_name(key.key));
  line("id", key.key.id());
  line("created", key.created);
  line("purpose", key.purpose);
  line("state", key.state);
  line("successor", key.successor);
  line("revoked", key.revoked_from.empty() ? "" : "from " + key.revoked_from);
  line("reason", key.reason);
  line(in_token(key) ? "token" : "file", key.file);
  return out;
}

void write(JsonWriter& json, const ShownKey& key) {
  json.object()
      .member("reference", key.reference)
      .member("id", key.key.id())
      .member("type", key_type_name(key.key))
      .text_if("created", key.created)
      .text_if("purpose", key.purpose)
      .text_if("state", key.state)
      .text_if("successor", key.successor)
      .text_if("revokedFrom", key.revoked_from)
      .text_if("reason", key.reason)
      .text_if("file", in_token(key) ? "" : key.file)
      .text_if("token", in_token(key) ? key.file : "")
      .member("publicKey", key.key.pem())
      .end();
}

std::string as_json(const std::vector<ShownKey>& keys, bool one) {
  JsonWriter json;
  if (one) {
    write(json, keys.front());
    return json.take();
  }
  json.array();
  for (const ShownKey& key : keys) write(json, key);
  return json.end().take();
}

}  // namespace

void add_key_options(Command& command, KeyOptions& options, bool with_password) {
  command.add_option("-o,--output", options.outputs, "table or json; to a file with =FILE")
      ->type_name("FORMAT[=FILE]")
      ->allow_extra_args(false);
  command.add_flag("-q,--quiet", options.quiet, "No notes");
  if (with_password) add_password_options(command, options.password);
}

void heed_quiet(const KeyOptions& options) {
  if (options.quiet) set_verbosity(Verbosity::quiet);
}

Result<KeyType> key_type_of(const std::string& name) {
  const auto found = std::ranges::find(types, name, &std::pair<std::string_view, KeyType>::first);
  if (found != types.end()) return found->second;
  std::string known;
  for (const auto& type : types) known += (known.empty() ? "" : ", ") + std::string(type.first);
  return fail(Fault::unsupported, "no such type of key; there are " + known, name);
}

std::string key_type_name(const PublicKey& key) {
  std::string name(name_of(key.kind()));
  return key.kind() == KeyKind::rsa ? name + "-" + std::to_string(key.bits()) : name;
}

void add_type_option(Command& command, std::string& type) {
  command
      .add_option("--type", type,
                  "ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519, rsa-2048, rsa-3072 or rsa-4096")
      ->type_name("TYPE")
      ->capture_default_str();
}

ShownKey shown(const StoredKey& key, const KeyStore& store) {
  ShownKey out{key.name,
               key.key,
               key.created,
               key.purpose,
               std::string(name_of(key.state)),
               key.successor,
               key.token.empty() ? store.private_file(key.name) : key.token,
               {},
               {}};
  if (const auto records = store.records()) {
    if (const KeyRevocation* revocation = records->revocation_of(key.key)) {
      out.revoked_from = rfc3339(revocation->from);
      out.reason = revocation->reason;
    }
  }
  return out;
}

int show_keys(const std::vector<ShownKey>& keys, const KeyOptions& options, bool one) {
  const auto outputs = read_outputs(options.outputs, "table", answer_formats);
  if (!outputs) return complain_of_call(outputs.error());
  for (const Output& output : *outputs) {
    const auto written = write_output(output, output.format == "json" ? as_json(keys, one)
                                              : one                   ? at_length(keys.front())
                                                                      : table(keys));
    if (!written) return complain(written.error());
  }
  return Exit::clean;
}

void add_key(Command& program, int& exit) {
  auto* key = program.add_subcommand("key", "Keys to sign with: make, keep, rotate, revoke")
                  ->require_subcommand(1);
  add_key_making(program, *key, exit);
  add_key_showing(program, *key, exit);
  add_key_records(*key, exit);
}

}  // namespace boltseal
