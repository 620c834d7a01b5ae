// The keys of a person or a machine, by name: one folder per key, in $BOLTSEAL_KEYS or
// $XDG_DATA_HOME/boltseal/keys. Folders are 0700, files 0600, private keys in cosign's encrypted
// form.
//   NAME/key.key       the private key; none where that is in a token
//   NAME/key.pub       its public half
//   NAME/record.json   what is known of it (doc/formats/key-records.md)
//   records.jsonl      the signed key records that were made here
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key_file.h"
#include "crypto/public_key.h"
#include "crypto/signer.h"
#include "seal/dsse.h"
#include "seal/key_records.h"

namespace boltseal {

constexpr std::string_view store_scheme = "store:";

enum class KeyState : std::uint8_t { active, superseded, revoked };
std::string_view name_of(KeyState state);

struct StoredKey {
  std::string name;
  PublicKey key;
  std::string created;  // RFC 3339
  std::string purpose;  // for people, and for who chooses keys by phase; may be empty
  KeyState state = KeyState::active;
  std::string successor;  // name of the key that follows, where it is in the store
  std::string token;      // pkcs11:… of the private half that lies in a token
};

// A safe file name of at most 64 letters, digits and "._-" that begins with a letter or digit.
bool is_key_name(std::string_view name);

class KeyStore {
 public:
  static std::string default_folder();
  explicit KeyStore(std::string folder = default_folder()) : folder_(std::move(folder)) {}
  const std::string& folder() const { return folder_; }

  bool has(std::string_view name) const;
  std::vector<std::string> names() const;  // sorted
  Result<StoredKey> find(const std::string& name) const;
  // The key of that id, whatever its name.
  std::optional<StoredKey> find_id(const std::string& id) const;
  std::string private_file(const std::string& name) const;

  // Keeps a key under a new name; never in place of another.
  Result<StoredKey> add(const std::string& name, const PrivateKey& key, std::string_view password,
                        const std::string& purpose) const;
  // The same of a key that stays in a token; its URI is kept without a PIN.
  Result<StoredKey> add_token(const std::string& name, const std::string& uri, PublicKey half,
                              const std::string& purpose) const;
  Result<> update(const StoredKey& key) const;  // record.json alone
  Result<> set_password(const std::string& name, const PrivateKey& key,
                        std::string_view password) const;
  // To sign with; refuses a key that was revoked or superseded.
  Result<std::unique_ptr<Signer>> open(const std::string& name,
                                       const PasswordSource& password) const;
  // The same whatever its state, to sign records about it.
  Result<std::unique_ptr<Signer>> open_any(const std::string& name,
                                           const PasswordSource& password) const;
  // unsupported for one in a token.
  Result<PrivateKey> private_key(const std::string& name, const PasswordSource& password) const;

  std::string records_file() const { return folder_ + "/records.jsonl"; }
  // Adds those that are not there; nothing is written unless the whole set is good with them.
  Result<> add_records(std::span<const DsseEnvelope> records) const;
  Checked<KeyRecords> records() const;  // those made here; none is an empty set

 private:
  Result<> may_add(const std::string& name) const;
  std::string folder_;
};

}  // namespace boltseal
