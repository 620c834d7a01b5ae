// Whoever can make a signature: a key in memory, or one in a token that never gives it out.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/public_key.h"
#include "crypto/secret.h"

namespace boltseal {

class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  // A signature of the message; ECDSA's as DER. unsupported for a scheme that the key cannot do.
  virtual Result<std::string> sign(std::string_view message,
                                   const SignatureScheme& scheme = {}) const = 0;
};

// A private key in memory.
class PrivateKey final : public Signer {
 public:
  // `rsa_bits` counts for RSA only.
  static Result<PrivateKey> generate(KeyKind kind, unsigned rsa_bits = 3072);
  static Result<PrivateKey> from_pkcs8(std::string_view der);
  // "ENCRYPTED PRIVATE KEY" as OpenSSL writes it (PBES2, RFC 8018); corrupt for a wrong password.
  static Result<PrivateKey> from_encrypted_pkcs8(std::string_view der, std::string_view password);
  // An unencrypted PEM: "PRIVATE KEY", "EC PRIVATE KEY" or "RSA PRIVATE KEY".
  static Result<PrivateKey> from_pem(std::string_view pem);

  const PublicKey& public_key() const override { return public_; }
  Result<std::string> sign(std::string_view message,
                           const SignatureScheme& scheme = {}) const override;
  Result<Secret> pkcs8() const;

 private:
  PrivateKey(std::shared_ptr<evp_pkey_st> key, PublicKey public_key)
      : key_(std::move(key)), public_(std::move(public_key)) {}
  static Result<PrivateKey> adopt(evp_pkey_st* key);
  Result<std::string> sign_ed25519ph(std::string_view message) const;
  std::shared_ptr<evp_pkey_st> key_;
  PublicKey public_;
};

}  // namespace boltseal
