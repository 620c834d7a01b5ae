// cosign's key file: a PEM block whose body is JSON,
//   {"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"…"},
//    "cipher":{"name":"nacl/secretbox","nonce":"…"},"ciphertext":"…"}
// as go-tuf's `encrypted` package lays it out. The ciphertext is PKCS#8 under XSalsa20-Poly1305,
// tag first, with the key scrypt(password, salt). cosign knows three costs and refuses others; so
// do we, because N is memory that the file asks for. Go takes the last of two members of one name,
// so a file that has any twice is refused. Until 1.13 the label was "ENCRYPTED COSIGN PRIVATE KEY".
#include "crypto/key_file.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/pem.h"
#include "codec/value.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

constexpr std::string_view label_now = "ENCRYPTED SIGSTORE PRIVATE KEY",
                           label_once = "ENCRYPTED COSIGN PRIVATE KEY";
constexpr std::array<std::int64_t, 3> costs = {32768, 65536, 131072};
constexpr std::int64_t usual_cost = 65536;
constexpr std::uint32_t block_size = 8, parallel = 1;
constexpr std::size_t salt_size = 32;

struct Sealed {
  std::int64_t cost = usual_cost;
  std::string salt, nonce, ciphertext;
};

std::unexpected<Error> odd(std::string_view what) {
  return fail(Fault::corrupt, "an encrypted key file " + std::string(what));
}

Result<std::string> decoded(const Value& object, std::string_view name, std::size_t size) {
  const Value& text = object[name];
  if (!text.is_text()) return odd("without \"" + std::string(name) + "\"");
  TRY(auto bytes, unbase64(text.text()));
  if (size != 0 && bytes.size() != size)
    return odd("whose \"" + std::string(name) + "\" has not " + std::to_string(size) + " bytes");
  return bytes;
}

Result<Sealed> parsed(std::string_view json) {
  TRY(const auto document, parse_json(json));
  const Value& root = document.root();
  const Value &kdf = root["kdf"], &params = kdf["params"], &cipher = root["cipher"];
  for (const Value* object : {&root, &kdf, &params, &cipher}) {
    if (!object->is_object()) return odd("without the members that cosign writes");
    if (!repeated_member(*object).empty()) return odd("that has a member twice");
  }
  if (kdf["name"].text() != "scrypt" || cipher["name"].text() != "nacl/secretbox")
    return fail(Fault::unsupported, "an encrypted key file by other means than scrypt, secretbox");
  const auto cost = params["N"].integer();
  if (!cost || std::ranges::find(costs, *cost) == costs.end() ||
      params["r"].integer() != block_size || params["p"].integer() != parallel)
    return fail(Fault::unsupported,
                "scrypt parameters that cosign does not know: N must be 32768, 65536 or 131072, "
                "r 8, p 1");
  Sealed out;
  out.cost = *cost;
  TRY(out.salt, decoded(kdf, "salt", salt_size));
  TRY(out.nonce, decoded(cipher, "nonce", crypto_secretbox_NONCEBYTES));
  TRY(out.ciphertext, decoded(root, "ciphertext", 0));
  if (out.ciphertext.size() <= crypto_secretbox_MACBYTES) return odd("without a key");
  return out;
}

Result<Secret> stretched(std::string_view password, const Sealed& sealed) {
  Secret key(std::size_t{crypto_secretbox_KEYBYTES});
  if (sodium_init() < 0 ||
      crypto_pwhash_scryptsalsa208sha256_ll(
          unsigned_bytes(password), password.size(), unsigned_bytes(sealed.salt),
          sealed.salt.size(), static_cast<std::uint64_t>(sealed.cost), block_size, parallel,
          reinterpret_cast<unsigned char*>(key.data()), key.size()) != 0)
    return fail(Fault::io, "no memory for scrypt");
  return key;
}

Result<PrivateKey> opened(const Sealed& sealed, std::string_view password) {
  TRY(const auto key, stretched(password, sealed));
  Secret plain(sealed.ciphertext.size() - crypto_secretbox_MACBYTES);
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(plain.data()),
                                 unsigned_bytes(sealed.ciphertext), sealed.ciphertext.size(),
                                 unsigned_bytes(sealed.nonce), unsigned_bytes(key.view())) != 0)
    return fail(Fault::corrupt, "the password is wrong, or the key file was altered");
  return PrivateKey::from_pkcs8(plain.view());
}

bool is_ours(std::string_view label) { return label == label_now || label == label_once; }

}  // namespace

Result<PrivateKey> read_private_key(std::string_view pem, const std::string& name,
                                    const PasswordSource& password) {
  if (pem.size() > max_key_file) return fail(Fault::too_large, "a key file of more than 64 KiB");
  TRY(auto blocks, parse_pem(pem));
  const PemBlock& first = blocks.front();
  if (is_ours(first.label)) {
    TRY(const auto sealed, parsed(first.bytes));  // before anybody is asked
    TRY(const auto word, password(name));
    return opened(sealed, word.view());
  }
  if (first.label != "ENCRYPTED PRIVATE KEY") {
    for (PemBlock& block : blocks) wipe(block.bytes.data(), block.bytes.size());
    return PrivateKey::from_pem(pem);
  }
  TRY(const auto word, password(name));
  return PrivateKey::from_encrypted_pkcs8(first.bytes, word.view());
}

Result<PublicKey> read_public_key(std::string_view bytes) {
  if (bytes.find("-----BEGIN ") == std::string_view::npos) return PublicKey::from_der(bytes);
  TRY(const auto blocks, parse_pem(bytes));
  const std::string& label = blocks.front().label;
  if (is_ours(label) || label == "ENCRYPTED PRIVATE KEY")
    return fail(Fault::unsupported,
                "an encrypted private key where a public one is wanted; `boltseal key public KEY` "
                "prints its public half");
  if (!label.ends_with("PRIVATE KEY") && label != "EC PARAMETERS")
    return PublicKey::from_pem(bytes);
  TRY(const auto key, PrivateKey::from_pem(bytes));
  return key.public_key();
}

Result<std::string> write_key_file(const PrivateKey& key, std::string_view password) {
  Sealed sealed{
      usual_cost, std::string(salt_size, '\0'), std::string(crypto_secretbox_NONCEBYTES, '\0'), {}};
  randombytes_buf(sealed.salt.data(), sealed.salt.size());
  randombytes_buf(sealed.nonce.data(), sealed.nonce.size());
  TRY(const auto plain, key.pkcs8());
  TRY(const auto stretched_key, stretched(password, sealed));
  sealed.ciphertext.resize(plain.size() + crypto_secretbox_MACBYTES);
  if (crypto_secretbox_easy(
          reinterpret_cast<unsigned char*>(sealed.ciphertext.data()), unsigned_bytes(plain.view()),
          plain.size(), unsigned_bytes(sealed.nonce), unsigned_bytes(stretched_key.view())) != 0)
    return fail(Fault::io, "the private key cannot be encrypted");
  JsonWriter json(false);
  json.object().key("kdf").object().member("name", "scrypt").key("params").object();
  json.member("N", sealed.cost).member("r", block_size).member("p", parallel).end();
  json.member("salt", base64(sealed.salt)).end();
  json.key("cipher").object().member("name", "nacl/secretbox");
  json.member("nonce", base64(sealed.nonce)).end();
  json.member("ciphertext", base64(sealed.ciphertext)).end();
  return write_pem(label_now, json.take());
}

}  // namespace boltseal
