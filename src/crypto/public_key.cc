#include "crypto/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <array>

#include "base/text.h"
#include "codec/pem.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

constexpr unsigned least_rsa_bits = 2048, most_rsa_bits = 16384;
constexpr std::size_t key_limit = 64 << 10;

Result<KeyKind> kind_of(EVP_PKEY* key, unsigned bits) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
      return KeyKind::ed25519;
    case EVP_PKEY_RSA:
      if (bits < least_rsa_bits || bits > most_rsa_bits)
        return fail(Fault::unsupported, "an RSA key of " + std::to_string(bits) +
                                            " bits; at least 2048 and at most 16384 are wanted");
      return KeyKind::rsa;
    case EVP_PKEY_EC: {
      std::array<char, 64> group{};
      std::size_t size = 0;
      if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) break;
      const std::string_view name(group.data(), size);
      if (name == "prime256v1" || name == "P-256") return KeyKind::ecdsa_p256;
      if (name == "secp384r1" || name == "P-384") return KeyKind::ecdsa_p384;
      if (name == "secp521r1" || name == "P-521") return KeyKind::ecdsa_p521;
      return fail(Fault::unsupported, "an elliptic curve other than P-256, P-384 and P-521");
    }
    default:
      break;
  }
  return fail(Fault::unsupported, "a key that is neither ECDSA, Ed25519 nor RSA");
}

EVP_PKEY* read_rsa(EVP_PKEY** out, const unsigned char** at, long size) {
  return d2i_PublicKey(EVP_PKEY_RSA, out, at, size);
}

const EVP_MD* algorithm_of(HashKind kind) {
  switch (kind) {
    case HashKind::sha1:
      return nullptr;  // no signature over SHA-1 is good
    case HashKind::sha256:
      return EVP_sha256();
    case HashKind::sha384:
      return EVP_sha384();
    case HashKind::sha512:
      return EVP_sha512();
  }
  return nullptr;
}

std::size_t width_of(KeyKind curve) {
  return curve == KeyKind::ecdsa_p256   ? 32
         : curve == KeyKind::ecdsa_p384 ? 48
         : curve == KeyKind::ecdsa_p521 ? 66
                                        : 0;
}

}  // namespace

std::string_view name_of(KeyKind kind) {
  constexpr std::array<std::string_view, 5> names = {"ecdsa-p256", "ecdsa-p384", "ecdsa-p521",
                                                     "ed25519", "rsa"};
  return names[static_cast<std::size_t>(kind)];
}

Result<PublicKey> PublicKey::adopt(EVP_PKEY* taken) {
  PublicKey out;
  out.key_ = std::shared_ptr<EVP_PKEY>(taken, EVP_PKEY_free);
  if (!taken) return openssl_error(Fault::corrupt, "not a public key");
  out.bits_ = static_cast<unsigned>(std::max(0, EVP_PKEY_get_bits(taken)));
  TRY(out.kind_, kind_of(taken, out.bits_));
  out.spki_ = der_of<i2d_PUBKEY>(taken);
  if (out.spki_.empty()) return openssl_error(Fault::corrupt, "not a public key");
  out.id_ = sha256_hex(out.spki_);
  return out;
}

Result<PublicKey> PublicKey::from_der(std::string_view der) {
  if (der.size() > key_limit) return fail(Fault::too_large, "a key of more than 64 KiB");
  auto key = der_object<d2i_PUBKEY, EVP_PKEY_free>(der);
  if (!key) {
    ERR_clear_error();
    key = der_object<read_rsa, EVP_PKEY_free>(der);
  }
  return adopt(key.release());
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  TRY(const auto blocks, parse_pem(pem));
  const PemBlock& block = blocks.front();
  if (block.label == "PUBLIC KEY" || block.label == "RSA PUBLIC KEY") return from_der(block.bytes);
  if (block.label == "CERTIFICATE") {
    const auto certificate = der_object<d2i_X509, X509_free>(block.bytes);
    if (!certificate) return openssl_error(Fault::corrupt, "not a certificate");
    return adopt(X509_get_pubkey(certificate.get()));
  }
  const bool secret = block.label.ends_with("PRIVATE KEY");
  return fail(Fault::unsupported,
              secret ? "a private key where a public one is wanted"
                     : "a PEM block \"" + printable(block.label) + "\" is no public key");
}

Result<PublicKey> PublicKey::from_ed25519(std::string_view raw) {
  return adopt(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, unsigned_bytes(raw), raw.size()));
}

std::string PublicKey::pem() const { return write_pem("PUBLIC KEY", spki_); }

std::string PublicKey::raw_ed25519() const {
  std::string out(32, '\0');
  std::size_t size = out.size();
  if (kind_ != KeyKind::ed25519 ||
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(out.data()),
                                  &size) != 1)
    return {};
  return out;
}

HashKind PublicKey::natural_hash() const {
  switch (kind_) {
    case KeyKind::ecdsa_p384:
      return HashKind::sha384;
    case KeyKind::ecdsa_p521:
    case KeyKind::ed25519:
      return HashKind::sha512;
    case KeyKind::rsa:
      return bits_ >= 4096 ? HashKind::sha512 : bits_ >= 3072 ? HashKind::sha384 : HashKind::sha256;
    case KeyKind::ecdsa_p256:
      break;
  }
  return HashKind::sha256;
}

bool PublicKey::verify(std::string_view message, std::string_view signature,
                       const SignatureScheme& scheme) const {
  if (kind_ != KeyKind::ed25519)
    return !scheme.prehashed && verify_hash(hash(scheme.hash, message), signature, scheme);
  if (scheme.prehashed) return verify_ed25519ph(message, signature);
  const OpenSsl<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), unsigned_bytes(signature), signature.size(),
                       unsigned_bytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

// OpenSSL has Ed25519ph from 3.2 on only.
bool PublicKey::verify_ed25519ph(std::string_view message, std::string_view signature) const {
  const std::string raw = raw_ed25519();
  if (raw.size() != crypto_sign_ed25519_PUBLICKEYBYTES ||
      signature.size() != crypto_sign_ed25519_BYTES)
    return false;
  crypto_sign_ed25519ph_state state;
  return crypto_sign_ed25519ph_init(&state) == 0 &&
         crypto_sign_ed25519ph_update(&state, unsigned_bytes(message), message.size()) == 0 &&
         crypto_sign_ed25519ph_final_verify(&state, unsigned_bytes(signature),
                                            unsigned_bytes(raw)) == 0;
}

bool PublicKey::verify_hash(std::string_view message_hash, std::string_view signature,
                            const SignatureScheme& scheme) const {
  const EVP_MD* md =
      scheme.prehashed || kind_ == KeyKind::ed25519 ? nullptr : algorithm_of(scheme.hash);
  if (!md || message_hash.size() != static_cast<std::size_t>(EVP_MD_get_size(md))) return false;
  const OpenSsl<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  bool good = context && EVP_PKEY_verify_init(context.get()) == 1 &&
              EVP_PKEY_CTX_set_signature_md(context.get(), md) == 1;
  if (good && kind_ == KeyKind::rsa) {
    const bool pss = scheme.padding == Padding::pss;
    // As long as the modulus (RFC 8017, 8.1.2); OpenSSL takes one of PSS without its zeros too.
    good = signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())) &&
           EVP_PKEY_CTX_set_rsa_padding(context.get(),
                                        pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
           (!pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  good = good && EVP_PKEY_verify(context.get(), unsigned_bytes(signature), signature.size(),
                                 unsigned_bytes(message_hash), message_hash.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<std::string> ecdsa_der_of_raw(std::string_view raw) {
  if (raw.size() != 64 && raw.size() != 96 && raw.size() != 132)
    return fail(Fault::corrupt, "an ECDSA signature of " + std::to_string(raw.size()) + " bytes");
  const int half = static_cast<int>(raw.size() / 2);
  const OpenSsl<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(unsigned_bytes(raw), half, nullptr);
  BIGNUM* s = BN_bin2bn(unsigned_bytes(raw) + half, half, nullptr);
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return openssl_error(Fault::io, "no memory for a signature");
  }
  std::string out = der_of<i2d_ECDSA_SIG>(signature.get());
  if (out.empty()) return openssl_error(Fault::corrupt, "not an ECDSA signature");
  return out;
}

Result<std::string> ecdsa_raw_of_der(std::string_view der, KeyKind curve) {
  const std::size_t width = width_of(curve);
  const auto signature = der_object<d2i_ECDSA_SIG, ECDSA_SIG_free>(der);
  if (!signature || width == 0) return openssl_error(Fault::corrupt, "not an ECDSA signature");
  std::string out(2 * width, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  const int w = static_cast<int>(width);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), to, w) != w ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), to + width, w) != w)
    return openssl_error(Fault::corrupt, "an ECDSA signature of another curve");
  return out;
}

}  // namespace boltseal
