// Public keys and the check of a signature, over OpenSSL.
//
// What the field signs with: ECDSA on P-256, P-384 and P-521, Ed25519 (plain, and the pre-hashed
// form that logs want), RSA with PKCS#1 v1.5 and PSS. Weaker keys (RSA under 2048 bits, other
// curves) are refused when they are read.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace boltseal {

enum class KeyKind : std::uint8_t { ecdsa_p256, ecdsa_p384, ecdsa_p521, ed25519, rsa };

enum class Padding : std::uint8_t { pkcs1, pss };  // of RSA; pss: salt as long as the hash

// How a signature is made. `hash` counts for ECDSA and RSA; `prehashed` is Ed25519ph (RFC 8032).
struct SignatureScheme {
  HashKind hash = HashKind::sha256;
  Padding padding = Padding::pkcs1;
  bool prehashed = false;
};

std::string_view name_of(KeyKind kind);  // "ecdsa-p256", …

class PublicKey {
 public:
  // SubjectPublicKeyInfo, or the PKCS#1 that old log keys are in.
  static Result<PublicKey> from_der(std::string_view der);
  // A PEM of either, or of a certificate; the first block counts.
  static Result<PublicKey> from_pem(std::string_view pem);
  static Result<PublicKey> from_ed25519(std::string_view raw);  // 32 bytes
  // Takes over one reference to an OpenSSL key.
  static Result<PublicKey> adopt(evp_pkey_st* key);

  KeyKind kind() const { return kind_; }
  unsigned bits() const { return bits_; }
  const std::string& spki() const { return spki_; }  // DER
  std::string pem() const;
  // SHA-256 of the SPKI, in hex: what this program calls the id of a key.
  const std::string& id() const { return id_; }
  std::string raw_ed25519() const;  // 32 bytes; empty for another kind
  // The hash that goes with the key: that of the curve; SHA-256 for RSA under 3072 bits, SHA-384
  // under 4096, SHA-512 from there on.
  HashKind natural_hash() const;

  // True only when the signature is good. ECDSA signatures are DER.
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature,
                            const SignatureScheme& scheme = {}) const;
  // The same when only the hash of the message is known (scheme.hash says which); Ed25519 has no
  // such form here and gives false.
  [[nodiscard]] bool verify_hash(std::string_view message_hash, std::string_view signature,
                                 const SignatureScheme& scheme = {}) const;

  evp_pkey_st* handle() const { return key_.get(); }
  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.spki_ == b.spki_; }

 private:
  PublicKey() = default;
  bool verify_ed25519ph(std::string_view message, std::string_view signature) const;
  std::shared_ptr<evp_pkey_st> key_;
  std::string spki_, id_;
  KeyKind kind_ = KeyKind::rsa;
  unsigned bits_ = 0;
};

// ECDSA's two forms: DER, and r || s of the curve's width each (JOSE, COSE, PKCS#11).
Result<std::string> ecdsa_der_of_raw(std::string_view raw);
Result<std::string> ecdsa_raw_of_der(std::string_view der, KeyKind curve);

}  // namespace boltseal
