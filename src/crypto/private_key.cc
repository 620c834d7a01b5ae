#include <fmt/format.h>
#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"
#include "codec/pem.h"
#include "crypto/openssl.h"
#include "crypto/signer.h"

namespace boltseal {
namespace {

constexpr std::size_t secret_heap = 1 << 20;       // an RSA-4096 key takes some 3 KiB of it
constexpr std::uint64_t most_rounds = 10'000'000;  // seconds; OpenSSL writes 2,048
// Of scrypt: what OpenSSL takes, in bytes, and seconds of N * r * p; it writes 16 MiB and 2^17.
constexpr std::uint64_t most_memory = 32 << 20, most_work = 1 << 24;

const EVP_MD* algorithm_of(HashKind kind) {
  return kind == HashKind::sha512   ? EVP_sha512()
         : kind == HashKind::sha384 ? EVP_sha384()
                                    : EVP_sha256();
}

// OpenSSL keeps the secret numbers of keys in memory that is locked, out of core dumps and wiped,
// once it has been told to. The pages are taken as they are needed.
void lock_memory() {
  static const int done = CRYPTO_secure_malloc_init(secret_heap, 16);
  (void)done;  // without locked memory keys work all the same
}

EVP_PKEY* generated(KeyKind kind, unsigned rsa_bits) {
  lock_memory();
  switch (kind) {
    case KeyKind::ecdsa_p256:
      return EVP_EC_gen("P-256");
    case KeyKind::ecdsa_p384:
      return EVP_EC_gen("P-384");
    case KeyKind::ecdsa_p521:
      return EVP_EC_gen("P-521");
    case KeyKind::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyKind::rsa:
      return EVP_RSA_gen(rsa_bits);
  }
  return nullptr;
}

// The public half as a key of its own, so that nothing secret hangs on a PublicKey.
Result<PublicKey> public_half(EVP_PKEY* key) {
  const std::string spki = der_of<i2d_PUBKEY>(key);
  if (spki.empty()) return openssl_error(Fault::corrupt, "a private key without a public half");
  return PublicKey::from_der(spki);
}

std::uint64_t number_of(const ASN1_INTEGER* integer) {
  std::uint64_t out = 0;
  return ASN1_INTEGER_get_uint64(&out, integer) == 1 ? out : UINT64_MAX;
}

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

// RFC 7914: 128 * r bytes for each of N blocks, and for each of p mixes as many.
Result<> bearable_scrypt(const X509_ALGOR* function) {
  const OpenSsl<SCRYPT_PARAMS, SCRYPT_PARAMS_free> kdf(static_cast<SCRYPT_PARAMS*>(
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), function->parameter)));
  if (!kdf) return openssl_error(Fault::corrupt, "not an encrypted private key");
  const auto n = number_of(kdf->costParameter), r = number_of(kdf->blockSize),
             p = number_of(kdf->parallelizationParameter);
  const std::string cost = fmt::format("N {}, r {}, p {}", n, r, p);
  if (n < 2 || (n & (n - 1)) != 0 || r == 0 || p == 0)
    return fail(Fault::corrupt, "a private key under a scrypt that there is not: " + cost);
  constexpr std::string_view again =
      "; where it can be read, `openssl pkcs8 -topk8 -scrypt -in KEY` makes a lighter one";
  const auto memory = product(128 * std::min(r, most_memory), n < most_memory ? n + 2 : n);
  const auto mixes = product(128 * std::min(r, most_memory), p);
  if (memory > most_memory || mixes > most_memory - memory)
    return fail(Fault::too_large,
                fmt::format("a private key whose scrypt wants {} MiB of memory, over the limit of "
                            "{} MiB ({}){}",
                            std::max(memory, mixes) >> 20, most_memory >> 20, cost, again));
  if (product(n * r, p) > most_work)
    return fail(Fault::too_large,
                fmt::format("a private key whose scrypt wants {} rounds, over the limit of {} "
                            "({}){}",
                            product(n * r, p), most_work, cost, again));
  return {};
}

// What a file may ask for before it is known to be ours: PBES2 alone (PBES1 is DES and MD5), with
// few enough rounds.
Result<> bearable(const X509_SIG* sealed) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(sealed, &algorithm, nullptr);
  const ASN1_OBJECT* id = nullptr;
  int type = 0;
  const void* value = nullptr;
  X509_ALGOR_get0(&id, &type, &value, algorithm);
  if (OBJ_obj2nid(id) != NID_pbes2 || type != V_ASN1_SEQUENCE)
    return fail(Fault::unsupported,
                "a private key under a cipher that is not to be trusted; `openssl pkcs8 -topk8 -in "
                "KEY` makes one that can be read");
  const OpenSsl<PBE2PARAM, PBE2PARAM_free> scheme(static_cast<PBE2PARAM*>(
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter)));
  if (!scheme) return openssl_error(Fault::corrupt, "not an encrypted private key");
  X509_ALGOR_get0(&id, nullptr, nullptr, scheme->keyfunc);
  if (OBJ_obj2nid(id) == NID_id_scrypt) return bearable_scrypt(scheme->keyfunc);
  if (OBJ_obj2nid(id) != NID_id_pbkdf2)
    return fail(Fault::unsupported,
                "a private key under a password in another way than PBKDF2 and "
                "scrypt");
  const OpenSsl<PBKDF2PARAM, PBKDF2PARAM_free> kdf(static_cast<PBKDF2PARAM*>(
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), scheme->keyfunc->parameter)));
  if (!kdf) return openssl_error(Fault::corrupt, "not an encrypted private key");
  const auto rounds = number_of(kdf->iter);
  if (rounds > most_rounds)
    return fail(Fault::too_large,
                fmt::format("a private key whose PBKDF2 wants {} rounds, over the "
                            "limit of {}",
                            rounds, most_rounds));
  return {};
}

// The next element of DER: all of it, and what is in it. Nothing for another tag, or one that ends
// behind `rest`.
struct Element {
  std::string_view whole, content;
};
std::optional<Element> take_element(std::string_view& rest, int wanted_class, int wanted_tag) {
  const unsigned char* at = unsigned_bytes(rest);
  long size = 0;
  int tag = 0, tag_class = 0;
  const int form = ASN1_get_object(&at, &size, &tag, &tag_class, static_cast<long>(rest.size()));
  if (form & 0x80 || form & 1 || tag != wanted_tag || tag_class != wanted_class) {
    ERR_clear_error();
    return std::nullopt;
  }
  const auto head = static_cast<std::size_t>(at - unsigned_bytes(rest));
  const Element out{rest.substr(0, head + size), rest.substr(head, size)};
  rest.remove_prefix(out.whole.size());
  return out;
}

// PKCS#8 in version 2 (RFC 5958), which has the public key behind the private one. Rust's libraries
// write Ed25519 keys so; OpenSSL 3.0 reads version 1 alone, in which the same key is `first`.
struct SecondVersion {
  Secret first;
  std::string_view public_bits;  // empty where it was left out
};
std::optional<SecondVersion> second_version(std::string_view der) {
  const auto all = take_element(der, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE);
  if (!all || !der.empty()) return std::nullopt;
  std::string_view rest = all->content;
  const auto version = take_element(rest, V_ASN1_UNIVERSAL, V_ASN1_INTEGER);
  if (!version || version->content != "\x01") return std::nullopt;
  const auto algorithm = take_element(rest, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE);
  const auto secret = take_element(rest, V_ASN1_UNIVERSAL, V_ASN1_OCTET_STRING);
  if (!algorithm || !secret) return std::nullopt;
  (void)take_element(rest, V_ASN1_CONTEXT_SPECIFIC, 0);  // attributes
  const auto half = take_element(rest, V_ASN1_CONTEXT_SPECIFIC, 1);
  if (!rest.empty()) return std::nullopt;
  constexpr std::string_view version_one("\x02\x01\x00", 3);
  const std::size_t size = version_one.size() + algorithm->whole.size() + secret->whole.size();
  const int whole = ASN1_object_size(1, static_cast<int>(size), V_ASN1_SEQUENCE);
  if (whole <= 0) return std::nullopt;
  SecondVersion out;
  out.first = Secret(static_cast<std::size_t>(whole));
  auto* at = reinterpret_cast<unsigned char*>(out.first.data());
  ASN1_put_object(&at, 1, static_cast<int>(size), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  for (const std::string_view part : {version_one, algorithm->whole, secret->whole})
    at = std::ranges::copy(part, at).out;
  if (half) out.public_bits = half->content;
  return out;
}

// What was under the password; empty when it is another.
Secret unsealed(const X509_SIG* sealed, std::string_view password) {
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* body = nullptr;
  X509_SIG_get0(sealed, &algorithm, &body);
  unsigned char* bytes = nullptr;
  int size = 0;
  if (!PKCS12_pbe_crypt(algorithm, password.data(), static_cast<int>(password.size()),
                        ASN1_STRING_get0_data(body), ASN1_STRING_length(body), &bytes, &size, 0))
    return {};
  Secret out(std::string_view(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size)));
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));
  return out;
}

}  // namespace

Result<PrivateKey> PrivateKey::adopt(EVP_PKEY* taken) {
  std::shared_ptr<EVP_PKEY> key(taken, EVP_PKEY_free);
  if (!taken) return openssl_error(Fault::corrupt, "not a private key");
  TRY(auto half, public_half(taken));
  return PrivateKey(std::move(key), std::move(half));
}

Result<PrivateKey> PrivateKey::generate(KeyKind kind, unsigned rsa_bits) {
  return adopt(generated(kind, rsa_bits));
}

Result<PrivateKey> PrivateKey::from_pkcs8(std::string_view der) {
  lock_memory();
  const auto later = second_version(der);
  const std::string_view first = later ? later->first.view() : der;
  TRY(auto key, adopt(der_object<d2i_AutoPrivateKey, EVP_PKEY_free>(first).release()));
  // The content of a BIT STRING, as the SPKI ends with it.
  if (later && !key.public_key().spki().ends_with(later->public_bits))
    return fail(Fault::corrupt, "a private key beside the public key of another");
  return key;
}

Result<PrivateKey> PrivateKey::from_encrypted_pkcs8(std::string_view der,
                                                    std::string_view password) {
  lock_memory();
  const auto sealed = der_object<d2i_X509_SIG, X509_SIG_free>(der);
  if (!sealed) return openssl_error(Fault::corrupt, "not an encrypted private key");
  TRY_DO(bearable(sealed.get()));
  const Secret bytes = unsealed(sealed.get(), password);
  const bool first = static_cast<bool>(
      der_object<d2i_PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>(bytes.view()));
  ERR_clear_error();  // OpenSSL says "bad decrypt" and less
  if (!first && !second_version(bytes.view()))
    return fail(Fault::corrupt, "the password is wrong, or the key file was altered");
  return from_pkcs8(bytes.view());
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  TRY(auto blocks, parse_pem(pem));
  for (PemBlock& block : blocks) {
    if (block.label == "EC PARAMETERS") continue;  // openssl ecparam -genkey writes them first
    if (!block.headers.empty())
      return fail(
          Fault::unsupported,
          "the private key is encrypted in OpenSSL's old way; `openssl pkcs8 -topk8 -in KEY` "
          "makes one that can be read");
    if (block.label != "PRIVATE KEY" && block.label != "EC PRIVATE KEY" &&
        block.label != "RSA PRIVATE KEY")
      return fail(Fault::unsupported,
                  "a PEM block \"" + printable(block.label) + "\" is no private key");
    auto key = from_pkcs8(block.bytes);
    wipe(block.bytes.data(), block.bytes.size());
    return key;
  }
  return fail(Fault::not_found, "no private key in the PEM");
}

Result<Secret> PrivateKey::pkcs8() const {
  const OpenSsl<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key_.get()));
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (size <= 0) return openssl_error(Fault::io, "the private key cannot be written");
  Secret out(static_cast<std::size_t>(size));
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at);
  return out;
}

Result<std::string> PrivateKey::sign(std::string_view message,
                                     const SignatureScheme& scheme) const {
  const bool edwards = public_.kind() == KeyKind::ed25519;
  if (scheme.prehashed && edwards) return sign_ed25519ph(message);
  if (scheme.prehashed || scheme.hash == HashKind::sha1)
    return fail(Fault::unsupported, "the key cannot sign in that way");
  const OpenSsl<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  if (!context ||
      EVP_DigestSignInit(context.get(), &key_context, edwards ? nullptr : algorithm_of(scheme.hash),
                         nullptr, key_.get()) != 1)
    return openssl_error(Fault::io, "signing failed");
  if (public_.kind() == KeyKind::rsa && scheme.padding == Padding::pss &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1))
    return openssl_error(Fault::io, "signing failed");
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, unsigned_bytes(message), message.size()) != 1)
    return openssl_error(Fault::io, "signing failed");
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     unsigned_bytes(message), message.size()) != 1)
    return openssl_error(Fault::io, "signing failed");
  out.resize(size);
  return out;
}

// OpenSSL has Ed25519ph from 3.2 on only; libsodium wants seed || public key.
Result<std::string> PrivateKey::sign_ed25519ph(std::string_view message) const {
  Secret key(std::size_t{crypto_sign_ed25519_SECRETKEYBYTES});
  std::size_t size = crypto_sign_ed25519_SEEDBYTES;
  auto* bytes = reinterpret_cast<unsigned char*>(key.data());
  const std::string raw = public_.raw_ed25519();
  std::string out(crypto_sign_ed25519_BYTES, '\0');
  crypto_sign_ed25519ph_state state;
  if (EVP_PKEY_get_raw_private_key(key_.get(), bytes, &size) != 1 || raw.size() != 32)
    return openssl_error(Fault::io, "signing failed");
  raw.copy(key.data() + size, raw.size());
  if (crypto_sign_ed25519ph_init(&state) != 0 ||
      crypto_sign_ed25519ph_update(&state, unsigned_bytes(message), message.size()) != 0 ||
      crypto_sign_ed25519ph_final_create(&state, reinterpret_cast<unsigned char*>(out.data()),
                                         nullptr, bytes) != 0)
    return fail(Fault::io, "signing failed");
  return out;
}

}  // namespace boltseal
