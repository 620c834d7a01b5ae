#include "seal/key_reference.h"

#include <unistd.h>

#include <cstdlib>

#include "base/log.h"
#include "base/text.h"
#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"
#include "seal/key_store.h"

namespace boltseal {
namespace {

constexpr std::string_view environment = "env://";

template <class T>
Result<T> named(Result<T> result, const std::string& reference) {
  if (!result && result.error().where.empty()) result.error().where = reference;
  return result;
}

// A token's URI without the PIN that may stand in it.
std::string shown(const std::string& uri) {
  const auto parsed = parse_pkcs11_uri(uri);
  return parsed ? write_pkcs11_uri(*parsed) : std::string(pkcs11_scheme);
}

// The bytes that a reference leads to.
Result<Secret> bytes_of(const std::string& reference) {
  if (reference.starts_with(environment)) {
    const std::string name = reference.substr(environment.size());
    const char* value = std::getenv(name.c_str());
    if (!value || !*value)
      return fail(Fault::not_found, "the environment has no such variable", reference);
    return Secret(std::string_view(value));
  }
  if (const auto scheme = cut(reference, "://"))
    return fail(Fault::unsupported,
                "keys of \"" + printable(scheme->first) +
                    "://\" are not read; name a file, env://VARIABLE or pkcs11:…",
                reference);
  return read_secret_file(reference, max_key_file);
}

}  // namespace

// A file counts before a key of the same name.
Result<std::optional<StoredKey>> stored_key(const std::string& reference, const KeyStore& store) {
  const bool prefixed = reference.starts_with(store_scheme);
  const std::string name = prefixed ? reference.substr(store_scheme.size()) : reference;
  if (!prefixed && (!store.has(name) || ::access(name.c_str(), F_OK) == 0)) return std::nullopt;
  TRY(auto key, store.find(name));
  return key;
}

namespace {

// The same, and says which of two it is where a person could mean either.
Result<std::optional<StoredKey>> chosen_key(const std::string& reference, const KeyStore& store) {
  TRY(auto key, stored_key(reference, store));
  if (reference.starts_with(store_scheme)) return key;
  if (key)
    log_note("key: " + reference + " of the store " + printable(store.folder()));
  else if (store.has(reference))
    log_note("key: the file " + reference +
             ", not the key of that name in the store (store:" + reference + ")");
  return key;
}

}  // namespace

Result<std::unique_ptr<Signer>> open_signer(const std::string& reference,
                                            const PasswordSource& password) {
  if (reference.starts_with(pkcs11_scheme))
    return named(open_token_signer(reference, password), shown(reference));
  const KeyStore store;
  TRY(const auto stored, chosen_key(reference, store));
  if (stored) return store.open(stored->name, password);
  TRY(const auto bytes, bytes_of(reference));
  TRY(auto key, named(read_private_key(bytes.view(), reference, password), reference));
  return std::make_unique<PrivateKey>(std::move(key));
}

Result<PublicKey> open_public_key(const std::string& reference) {
  if (reference.starts_with(pkcs11_scheme))
    return named(open_token_public_key(reference), shown(reference));
  const KeyStore store;
  TRY(auto stored, chosen_key(reference, store));
  if (stored) return std::move(stored->key);
  TRY(const auto bytes, bytes_of(reference));
  return named(read_public_key(bytes.view()), reference);
}

}  // namespace boltseal
