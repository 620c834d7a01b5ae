// `key list`, `key show`, `key public`, and cosign's `public-key`.
#include <unistd.h>

#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/key.h"
#include "cli/options.h"
#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"
#include "seal/key_reference.h"

namespace boltseal {
namespace {

struct ShowingCommand {
  KeyOptions options;
  std::string key, file;
};

Result<std::vector<ShownKey>> listed(const std::string& token) {
  std::vector<ShownKey> out;
  if (!token.empty()) {
    TRY(const auto keys, list_token_keys(token));
    for (const TokenKey& key : keys) out.push_back({key.uri, key.key, {}, {}, {}, {}, {}, {}, {}});
    return out;
  }
  const KeyStore store;
  for (const std::string& name : store.names()) {
    TRY(const auto key, store.find(name));
    out.push_back(shown(key, store));
  }
  return out;
}

// The public half, with the password where there is no other way.
Result<PublicKey> public_half(const ShowingCommand& command) {
  auto key = open_public_key(command.key);
  if (key || key.error().fault != Fault::unsupported) return key;
  TRY(const auto signer, open_signer(command.key, password_source(command.options.password)));
  return signer->public_key();
}

Result<ShownKey> looked_at(const ShowingCommand& command) {
  const KeyStore store;
  const bool prefixed = command.key.starts_with(store_scheme);
  const std::string name = prefixed ? command.key.substr(store_scheme.size()) : command.key;
  if (prefixed || (::access(name.c_str(), F_OK) != 0 && store.has(name))) {
    TRY(const auto stored, store.find(name));
    return shown(stored, store);
  }
  TRY(auto key, public_half(command));
  std::string reference = command.key;
  if (const auto uri = parse_pkcs11_uri(reference)) reference = write_pkcs11_uri(*uri);
  return ShownKey{reference, std::move(key), {}, {}, {}, {}, {}, {}, {}};
}

int print_public(const ShowingCommand& command) {
  const auto key = public_half(command);
  if (!key) return complain_of_call(key.error());
  const auto written = command.file.empty()
                           ? write_all(STDOUT_FILENO, key->pem(), "standard output")
                           : write_file_atomically(command.file, key->pem());
  return written ? static_cast<int>(Exit::clean) : complain(written.error());
}

constexpr const char* any_key =
    "A key of the store, a file, env://VARIABLE or pkcs11:…; a certificate too";

}  // namespace

void add_key_showing(Command& program, Command& key, int& exit) {
  auto* list = key.add_subcommand("list", "The keys of the store, or of tokens");
  const auto all = std::make_shared<ShowingCommand>();
  list->add_option("TOKEN", all->key, "pkcs11:… lists the public keys of these tokens");
  add_key_options(*list, all->options, false);
  list->callback([all, &exit] {
    heed_quiet(all->options);
    const auto keys = listed(all->key);
    exit = keys ? show_keys(*keys, all->options, false) : complain_of_call(keys.error());
  });

  auto* show = key.add_subcommand("show", "What is known of a key");
  const auto one = std::make_shared<ShowingCommand>();
  show->add_option("KEY", one->key, any_key)->required();
  add_key_options(*show, one->options, true);
  show->callback([one, &exit] {
    heed_quiet(one->options);
    const auto found = looked_at(*one);
    exit = found ? show_keys({*found}, one->options, true) : complain_of_call(found.error());
  });

  auto* half = key.add_subcommand("public", "Print the public half of a key as PEM");
  const auto print = std::make_shared<ShowingCommand>();
  half->add_option("KEY", print->key, any_key)->required();
  half->add_option("--outfile", print->file, "Write it there")->type_name("FILE");
  half->add_flag("-q,--quiet", print->options.quiet, "No notes");
  add_password_options(*half, print->options.password);
  half->callback([print, &exit] {
    heed_quiet(print->options);
    exit = print_public(*print);
  });

  auto* cosign = program.add_subcommand("public-key", "cosign's `key public`");
  const auto same = std::make_shared<ShowingCommand>();
  cosign->add_option("--key,-k", same->key, any_key)->type_name("KEY")->required();
  cosign->add_option("--outfile", same->file, "Write it there")->type_name("FILE");
  add_password_options(*cosign, same->options.password);
  cosign->callback([same, &exit] { exit = print_public(*same); });
}

}  // namespace boltseal
