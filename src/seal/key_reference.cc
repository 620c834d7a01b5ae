#include "seal/key_reference.h"

#include "base/fd.h"

namespace boltseal {
namespace {

constexpr std::uint64_t key_file_limit = 1 << 20;

template <class T>
Result<T> named(Result<T> result, const std::string& reference) {
  if (!result && result.error().where.empty()) result.error().where = reference;
  return result;
}

}  // namespace

Result<std::unique_ptr<Signer>> open_signer(const std::string& reference,
                                            const PasswordSource& /*password*/) {
  TRY(auto text, read_file(reference, key_file_limit));
  auto key = named(PrivateKey::from_pem(text), reference);
  wipe(text.data(), text.size());
  if (!key) return std::unexpected(key.error());
  return std::make_unique<PrivateKey>(std::move(*key));
}

Result<PublicKey> open_public_key(const std::string& reference) {
  TRY(const auto text, read_file(reference, key_file_limit));
  return named(text.starts_with("-----") ? PublicKey::from_pem(text) : PublicKey::from_der(text),
               reference);
}

}  // namespace boltseal
