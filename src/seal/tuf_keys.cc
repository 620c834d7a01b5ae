// Keys of TUF metadata: securesystemslib's forms, and the point in hex that the first roots of
// Sigstore have.
#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "seal/tuf_metadata.h"

namespace boltseal {
namespace {

struct KnownScheme {
  std::string_view name;
  KeyKind kind;
  SignatureScheme how;
};
constexpr KnownScheme known_schemes[] = {
    {"ed25519", KeyKind::ed25519, {}},
    {"ecdsa-sha2-nistp256", KeyKind::ecdsa_p256, {.hash = HashKind::sha256}},
    {"ecdsa-sha2-nistp384", KeyKind::ecdsa_p384, {.hash = HashKind::sha384}},
    {"ecdsa-sha2-nistp521", KeyKind::ecdsa_p521, {.hash = HashKind::sha512}},
    {"rsassa-pss-sha256", KeyKind::rsa, {.hash = HashKind::sha256, .padding = Padding::pss}},
    {"rsassa-pss-sha384", KeyKind::rsa, {.hash = HashKind::sha384, .padding = Padding::pss}},
    {"rsassa-pss-sha512", KeyKind::rsa, {.hash = HashKind::sha512, .padding = Padding::pss}},
    {"rsa-pkcs1v15-sha256", KeyKind::rsa, {.hash = HashKind::sha256}},
    {"rsa-pkcs1v15-sha384", KeyKind::rsa, {.hash = HashKind::sha384}},
    {"rsa-pkcs1v15-sha512", KeyKind::rsa, {.hash = HashKind::sha512}},
};

const KnownScheme* known(std::string_view name) {
  for (const KnownScheme& scheme : known_schemes) {
    if (scheme.name == name) return &scheme;
  }
  return nullptr;
}

// The SubjectPublicKeyInfo of an uncompressed point of P-256: everything before it is constant.
Result<PublicKey> from_point(std::string_view hex_text) {
  constexpr std::string_view head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
  const auto der = unhex(std::string(head) + std::string(hex_text));
  if (!der || der->size() != 91) return fail(Fault::corrupt, "not a point of P-256");
  return PublicKey::from_der(*der);
}

Result<PublicKey> read_key(const KnownScheme& scheme, std::string_view type,
                           std::string_view value) {
  if (scheme.kind == KeyKind::ed25519) {
    const auto raw = type == "ed25519" ? unhex(value) : std::nullopt;
    if (!raw) return fail(Fault::corrupt, "not an Ed25519 key in hex");
    return PublicKey::from_ed25519(*raw);
  }
  if (scheme.kind == KeyKind::rsa ? type != "rsa" : type != "ecdsa" && type != scheme.name)
    return fail(Fault::corrupt, "the scheme is not of this kind of key");
  if (scheme.kind == KeyKind::ecdsa_p256 && value.starts_with("04")) return from_point(value);
  return PublicKey::from_pem(value);
}

}  // namespace

TufKey make_tuf_key(std::string type, std::string scheme, std::string value) {
  TufKey out{std::move(type), std::move(scheme), std::move(value), {}, {}};
  const KnownScheme* const found = known(out.scheme);
  if (found == nullptr) return out;
  auto key = read_key(*found, out.type, out.value);
  if (!key || key->kind() != found->kind) return out;
  out.key = std::move(*key);
  out.how = found->how;
  return out;
}

TufKey tuf_key_of(const PublicKey& key) {
  switch (key.kind()) {
    case KeyKind::ed25519:
      return make_tuf_key("ed25519", "ed25519", hex(key.raw_ed25519()));
    case KeyKind::rsa:
      return make_tuf_key("rsa", "rsassa-pss-sha256", key.pem());
    case KeyKind::ecdsa_p256:
      return make_tuf_key("ecdsa", "ecdsa-sha2-nistp256", key.pem());
    case KeyKind::ecdsa_p384:
      return make_tuf_key("ecdsa", "ecdsa-sha2-nistp384", key.pem());
    case KeyKind::ecdsa_p521:
      break;
  }
  return make_tuf_key("ecdsa", "ecdsa-sha2-nistp521", key.pem());
}

std::string tuf_key_id(const TufKey& key) {
  // The members in the order of canonical JSON, whose escapes differ from JSON's: a line end stays.
  const auto quoted = [](std::string_view text) {
    return '"' + replace_all(replace_all(text, "\\", "\\\\"), "\"", "\\\"") + '"';
  };
  return sha256_hex(fmt::format(R"({{"keytype":{},"keyval":{{"public":{}}},"scheme":{}}})",
                                quoted(key.type), quoted(key.value), quoted(key.scheme)));
}

Checked<void> tuf_signed_by(const TufSigned& metadata, const TufKeys& keys, const TufRing& ring,
                            const std::string& role) {
  if (ring.threshold == 0)
    return refuse("threshold-invalid", "a threshold of none would trust everybody",
                  role + ".threshold", "at least 1", "0");
  std::set<std::string> good;
  for (const std::string& id : ring.key_ids) {
    const auto key = keys.find(id);
    if (key == keys.end() || !key->second.key) continue;
    for (const TufSignature& signature : metadata.signatures) {
      if (signature.key_id == id &&
          key->second.key->verify(metadata.bytes, signature.signature, key->second.how))
        good.insert(key->second.key->id());
    }
  }
  if (good.size() < ring.threshold)
    return refuse("threshold-not-met",
                  fmt::format("too few of the keys for \"{}\" have signed it", role),
                  role + ".signatures", fmt::format("{} different keys", ring.threshold),
                  fmt::format("{}", good.size()));
  return {};
}

Checked<void> tuf_hashes_match(std::string_view bytes, const TufHashes& hashes,
                               const std::string& field) {
  bool any = false;
  for (const auto& [name, wanted] : hashes) {
    const auto kind = name == "sha256"   ? std::optional(HashKind::sha256)
                      : name == "sha384" ? std::optional(HashKind::sha384)
                      : name == "sha512" ? std::optional(HashKind::sha512)
                                         : std::nullopt;
    if (!kind) continue;
    const std::string found = hex(hash(*kind, bytes));
    if (found != wanted)
      return refuse("hash-mismatch", "these are other bytes than the signed metadata says",
                    field + ".hashes." + name, wanted, found);
    any = true;
  }
  if (!any)
    return refuse("hash-unknown", "no hash of a kind that counts here is given", field + ".hashes",
                  "sha256, sha384 or sha512");
  return {};
}

}  // namespace boltseal
