// `key new`, `key import`, `key passwd`, and cosign's `generate-key-pair` and `import-key-pair`.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/key.h"
#include "cli/options.h"
#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"
#include "seal/key_reference.h"

namespace boltseal {
namespace {

struct MakingCommand {
  KeyOptions options;
  std::string name, stored_as, file, prefix, type = "ecdsa-p256", purpose, new_password_file;
  bool force = false;
};

bool there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// P.key and P.pub, as cosign writes them: the one for its owner alone, the other for everybody.
Result<ShownKey> written_pair(const MakingCommand& command, const PrivateKey& key,
                              std::string_view password) {
  const std::string secret = command.prefix + ".key", half = command.prefix + ".pub";
  TRY(const auto file, write_key_file(key, password));
  TRY_DO(write_secret_file(secret, file));
  TRY_DO(write_file_atomically(half, key.public_key().pem()));
  log_note("Private key written to " + printable(secret));
  log_note("Public key written to " + printable(half));
  return ShownKey{secret, key.public_key(), {}, {}, {}, {}, secret, {}, {}};
}

// Said before anybody types a password.
Result<> may_write(const std::string& name) {
  if (!is_key_name(name) || !KeyStore().has(name)) return {};
  return fail(Fault::unsupported, "the store has a key of that name; take another name", name);
}

Result<> may_write(const MakingCommand& command) {
  if (command.prefix.empty()) return may_write(command.name);
  for (const char* ending : {".key", ".pub"}) {
    if (!command.force && there(command.prefix + ending))
      return fail(Fault::unsupported, "the file is there already; --force writes over it",
                  command.prefix + ending);
  }
  return {};
}

// Keeps a key where the command says.
Result<ShownKey> kept(const MakingCommand& command, const PrivateKey& key,
                      std::string_view password) {
  if (!command.prefix.empty()) return written_pair(command, key, password);
  const KeyStore store;
  TRY(const auto stored, store.add(command.name, key, password, command.purpose));
  return shown(stored, store);
}

// A name for a key that is, and stays, in a token.
Result<ShownKey> in_token(const std::string& uri, const std::string& name,
                          const std::string& purpose, PublicKey key) {
  const KeyStore store;
  TRY(const auto stored, store.add_token(name, uri, std::move(key), purpose));
  return shown(stored, store);
}

Result<ShownKey> made(const MakingCommand& command) {
  TRY(const auto type, key_type_of(command.type));
  if (!command.stored_as.empty()) {
    if (!command.name.starts_with(pkcs11_scheme))
      return fail(Fault::unsupported, "--name goes with pkcs11:…; the store knows others by NAME");
    TRY_DO(may_write(command.stored_as));
  }
  if (command.name.starts_with(pkcs11_scheme)) {
    TRY(auto key, make_token_key(command.name, type.kind, type.rsa_bits,
                                 password_source(command.options.password)));
    if (!command.stored_as.empty())
      return in_token(command.name, command.stored_as, command.purpose, std::move(key));
    TRY(const auto uri, parse_pkcs11_uri(command.name));
    return ShownKey{write_pkcs11_uri(uri), std::move(key), {}, command.purpose, {}, {}, {}, {}, {}};
  }
  if (command.name.empty() == command.prefix.empty())
    return fail(Fault::unsupported,
                "say where the key goes: a NAME for the store, pkcs11:…, or --output-key-prefix");
  TRY_DO(may_write(command));
  const std::string& what = command.prefix.empty() ? command.name : command.prefix;
  TRY(const auto password, new_password_source(command.options.password)(what));
  TRY(const auto key, PrivateKey::generate(type.kind, type.rsa_bits));
  return kept(command, key, password.view());
}

// A key that comes with a password keeps it; one without gets one.
Result<ShownKey> imported(MakingCommand command) {
  if (command.file.starts_with(pkcs11_scheme)) {
    TRY(const auto uri, parse_pkcs11_uri(command.file));
    if (command.name.empty()) command.name = uri.object.value_or("");
    if (command.name.empty() || !command.prefix.empty())
      return fail(Fault::unsupported, "a key in a token is kept under a NAME of the store");
    TRY_DO(may_write(command));
    TRY(auto key, open_public_key(command.file));
    return in_token(command.file, command.name, command.purpose, std::move(key));
  }
  if (command.name.empty() && command.prefix.empty())
    command.name = std::filesystem::path(command.file).stem().string();
  TRY_DO(may_write(command));
  TRY(const auto bytes, read_secret_file(command.file, max_key_file));
  std::optional<Secret> password;
  const auto source = password_source(command.options.password);
  auto key =
      read_private_key(bytes.view(), command.file, [&](const std::string& what) -> Result<Secret> {
        TRY(auto given, source(what));
        password = Secret(given.view());
        return given;
      });
  if (!key) {
    key.error().where = command.file;
    return std::unexpected(key.error());
  }
  if (!password) {
    const std::string& what = command.prefix.empty() ? command.name : command.prefix;
    TRY(password, new_password_source(command.options.password)(what));
  }
  return kept(command, *key, password->view());
}

Result<Secret> new_password(const MakingCommand& command) {
  PasswordOptions file;
  file.file = command.new_password_file;
  if (!file.file.empty()) return new_password_source(file)(command.name);
  if (const char* value = std::getenv("BOLTSEAL_NEW_PASSWORD"))
    return Secret(std::string_view(value));
  return ask_new_password(command.name,
                          "no new password and no terminal to ask on; give --new-password-file "
                          "FILE, or set BOLTSEAL_NEW_PASSWORD");
}

Result<ShownKey> with_new_password(const MakingCommand& command) {
  const auto source = password_source(command.options.password);
  const KeyStore store;
  const bool prefixed = command.name.starts_with(store_scheme);
  if (prefixed || (!there(command.name) && store.has(command.name))) {
    const std::string name = prefixed ? command.name.substr(store_scheme.size()) : command.name;
    TRY(const auto stored, store.find(name));
    TRY(const auto key, store.private_key(name, source));
    TRY(const auto password, new_password(command));
    TRY_DO(store.set_password(name, key, password.view()));
    return shown(stored, store);
  }
  TRY(const auto bytes, read_secret_file(command.name, max_key_file));
  TRY(const auto key, read_private_key(bytes.view(), command.name, source));
  TRY(const auto password, new_password(command));
  TRY(const auto file, write_key_file(key, password.view()));
  TRY_DO(write_secret_file(command.name, file));
  return ShownKey{command.name, key.public_key(), {}, {}, {}, {}, command.name, {}, {}};
}

int finish(const KeyOptions& options, const Result<ShownKey>& key, bool silent = false) {
  if (!key) return complain_of_call(key.error());
  return silent && options.outputs.empty() ? static_cast<int>(Exit::clean)
                                           : show_keys({*key}, options, true);
}

void add_places(Command& command, MakingCommand& state) {
  command
      .add_option("--output-key-prefix", state.prefix,
                  "Write PREFIX.key and PREFIX.pub, as cosign does, and leave the store alone")
      ->type_name("PREFIX");
  command.add_flag("--force,-y,--yes", state.force, "Write over files that are there");
}

void add_cosign_spellings(Command& program, int& exit) {
  auto* generate =
      program.add_subcommand("generate-key-pair", "cosign's `key new --output-key-prefix`");
  const auto one = std::make_shared<MakingCommand>();
  one->prefix = "cosign";
  add_places(*generate, *one);
  add_type_option(*generate, one->type);
  add_key_options(*generate, one->options, true);
  generate->callback([one, &exit] {
    heed_quiet(one->options);
    exit = finish(one->options, made(*one), true);
  });

  auto* import =
      program.add_subcommand("import-key-pair", "cosign's `key import --output-key-prefix`");
  const auto two = std::make_shared<MakingCommand>();
  two->prefix = "import-cosign";
  import->add_option("--key,-k", two->file, "PEM file of the private key")
      ->type_name("FILE")
      ->required();
  add_places(*import, *two);
  add_key_options(*import, two->options, true);
  import->callback([two, &exit] {
    heed_quiet(two->options);
    exit = finish(two->options, imported(*two), true);
  });
}

}  // namespace

void add_key_making(Command& program, Command& key, int& exit) {
  auto* make = key.add_subcommand("new", "Make a key");
  const auto state = std::make_shared<MakingCommand>();
  make->add_option("NAME", state->name,
                   "Its name in the store, or pkcs11:token=…;object=NAME to make it in a token");
  add_type_option(*make, state->type);
  make->add_option("--name", state->stored_as,
                   "With pkcs11:…: keep it in the store under this name too");
  make->add_option("--purpose", state->purpose, "What it is for, e.g. a phase of the build")
      ->type_name("TEXT");
  add_places(*make, *state);
  add_key_options(*make, state->options, true);
  make->callback([state, &exit] {
    heed_quiet(state->options);
    exit = finish(state->options, made(*state));
  });

  auto* import = key.add_subcommand("import", "Keep a private key that is there already");
  const auto from = std::make_shared<MakingCommand>();
  import
      ->add_option("FILE", from->file,
                   "cosign's key file, PKCS#8, SEC1 or PKCS#1 as PEM; pkcs11:… for a name of a key "
                   "that stays in its token")
      ->required();
  import->add_option("NAME", from->name,
                     "Its name in the store (default: the file's, the object's)");
  import->add_option("--purpose", from->purpose, "What it is for")->type_name("TEXT");
  add_places(*import, *from);
  add_key_options(*import, from->options, true);
  import->callback([from, &exit] {
    heed_quiet(from->options);
    exit = finish(from->options, imported(*from));
  });

  auto* passwd = key.add_subcommand("passwd", "Give a key another password");
  const auto change = std::make_shared<MakingCommand>();
  passwd->add_option("KEY", change->name, "A key of the store, or a file")->required();
  passwd
      ->add_option("--new-password-file", change->new_password_file,
                   "Read the new password from this file (default: BOLTSEAL_NEW_PASSWORD, else a "
                   "prompt)")
      ->type_name("FILE");
  add_key_options(*passwd, change->options, true);
  passwd->callback([change, &exit] {
    heed_quiet(change->options);
    exit = finish(change->options, with_new_password(*change), true);
  });
  add_cosign_spellings(program, exit);
}

}  // namespace boltseal
