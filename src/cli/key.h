// What the files of `boltseal key` share.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/password.h"
#include "crypto/public_key.h"
#include "seal/key_store.h"

namespace boltseal {

struct KeyOptions {
  PasswordOptions password;
  std::vector<std::string> outputs;
  bool quiet = false;
};

// -o and -q; `with_password`: those of cli/password.h too.
void add_key_options(Command& command, KeyOptions& options, bool with_password);

void heed_quiet(const KeyOptions& options);

// A kind of key as --type names it: "ecdsa-p256", "ed25519", "rsa-3072", …
struct KeyType {
  KeyKind kind = KeyKind::ecdsa_p256;
  unsigned rsa_bits = 0;
};
Result<KeyType> key_type_of(const std::string& name);
std::string key_type_name(const PublicKey& key);
void add_type_option(Command& command, std::string& type);

// A key as it is shown: `reference` is what names it on a command line.
struct ShownKey {
  std::string reference;
  PublicKey key;
  std::string created, purpose, state, successor;  // empty: not known, or none
  std::string file;                                // or the URI of the token that it is in
  std::string revoked_from, reason;
};
ShownKey shown(const StoredKey& key, const KeyStore& store);

// Prints them as -o asks; one key alone is described at length.
int show_keys(const std::vector<ShownKey>& keys, const KeyOptions& options, bool one);

// Each adds its commands below `key`.
void add_key_making(Command& program, Command& key, int& exit);
void add_key_showing(Command& program, Command& key, int& exit);
void add_key_records(Command& key, int& exit);

}  // namespace boltseal
