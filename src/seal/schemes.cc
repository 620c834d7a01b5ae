#include "seal/schemes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace boltseal {

std::vector<SignatureScheme> accepted_schemes(const PublicKey& key) {
  switch (key.kind()) {
    case KeyKind::ed25519:
      return {SignatureScheme{}, SignatureScheme{.hash = HashKind::sha512, .prehashed = true}};
    case KeyKind::rsa: {
      std::vector<SignatureScheme> out;
      for (const HashKind kind : {HashKind::sha256, HashKind::sha384, HashKind::sha512}) {
        out.push_back({.hash = kind, .padding = Padding::pkcs1});
        out.push_back({.hash = kind, .padding = Padding::pss});
      }
      return out;
    }
    case KeyKind::ecdsa_p256:
      return {SignatureScheme{}};
    case KeyKind::ecdsa_p384:
    case KeyKind::ecdsa_p521:
      break;
  }
  return {SignatureScheme{.hash = key.natural_hash()}, SignatureScheme{}};
}

SignatureScheme usual_scheme(const PublicKey& key) {
  const bool large_curve = key.kind() == KeyKind::ecdsa_p384 || key.kind() == KeyKind::ecdsa_p521;
  return {.hash = large_curve ? key.natural_hash() : HashKind::sha256};
}

std::string key_details_of(const PublicKey& key, bool prehashed) {
  switch (key.kind()) {
    case KeyKind::ecdsa_p256:
      return "PKIX_ECDSA_P256_SHA_256";
    case KeyKind::ecdsa_p384:
      return "PKIX_ECDSA_P384_SHA_384";
    case KeyKind::ecdsa_p521:
      return "PKIX_ECDSA_P521_SHA_512";
    case KeyKind::ed25519:
      return prehashed ? "PKIX_ED25519_PH" : "PKIX_ED25519";
    case KeyKind::rsa:
      break;
  }
  return fmt::format("PKIX_RSA_PKCS1V15_{}_SHA256", key.bits());
}

bool signed_by(const PublicKey& key, std::string_view message, std::string_view signature) {
  return std::ranges::any_of(accepted_schemes(key), [&](const SignatureScheme& scheme) {
    return key.verify(message, signature, scheme);
  });
}

bool signed_hash_by(const PublicKey& key, std::string_view sha256, std::string_view signature) {
  return std::ranges::any_of(accepted_schemes(key), [&](const SignatureScheme& scheme) {
    return scheme.hash == HashKind::sha256 && key.verify_hash(sha256, signature, scheme);
  });
}

}  // namespace boltseal
