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

// The key of the store that a reference means; empty when it means something else. A file counts
// before a key of the same name.
Result<std::string> stored_name(const std::string& reference, const KeyStore& store) {
  if (reference.starts_with(store_scheme)) {
    auto name = reference.substr(store_scheme.size());
    TRY_DO(store.find(name));
    return name;
  }
  if (!store.has(reference)) return std::string();
  if (::access(reference.c_str(), F_OK) == 0) {
    log_note("key: the file " + reference +
             ", not the key of that name in the store (store:" + reference + ")");
    return std::string();
  }
  log_note("key: " + reference + " of the store " + printable(store.folder()));
  return reference;
}

}  // namespace

Result<std::unique_ptr<Signer>> open_signer(const std::string& reference,
                                            const PasswordSource& password) {
  if (reference.starts_with(pkcs11_scheme))
    return named(open_token_signer(reference, password), shown(reference));
  const KeyStore store;
  TRY(const auto name, stored_name(reference, store));
  if (!name.empty()) {
    TRY(auto key, store.open(name, password));
    return std::make_unique<PrivateKey>(std::move(key));
  }
  TRY(const auto bytes, bytes_of(reference));
  TRY(auto key, named(read_private_key(bytes.view(), reference, password), reference));
  return std::make_unique<PrivateKey>(std::move(key));
}

Result<PublicKey> open_public_key(const std::string& reference) {
  if (reference.starts_with(pkcs11_scheme))
    return named(open_token_public_key(reference), shown(reference));
  const KeyStore store;
  TRY(const auto name, stored_name(reference, store));
  if (!name.empty()) {
    TRY(const auto stored, store.find(name));
    return stored.key;
  }
  TRY(const auto bytes, bytes_of(reference));
  return named(read_public_key(bytes.view()), reference);
}

}  // namespace boltseal
