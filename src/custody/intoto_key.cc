// Keys of in-toto. The id of a key is a hash over a form of it that has changed over the years, so
// that one key goes by several names; a layout may call it anything at all.
#include <array>

#include "base/text.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "custody/intoto_metadata.h"

namespace boltseal {
namespace {

struct Names {
  std::string_view type, scheme;
};

Result<Names> names_of(const PublicKey& key) {
  switch (key.kind()) {
    case KeyKind::ed25519:
      return Names{"ed25519", "ed25519"};
    case KeyKind::ecdsa_p256:
      return Names{"ecdsa", "ecdsa-sha2-nistp256"};
    case KeyKind::ecdsa_p384:
      return Names{"ecdsa", "ecdsa-sha2-nistp384"};
    case KeyKind::ecdsa_p521:
      return Names{"ecdsa", "ecdsa-sha2-nistp521"};
    case KeyKind::rsa:
      return Names{"rsa", "rsassa-pss-sha256"};
  }
  return fail(Fault::unsupported, "in-toto has no scheme for this kind of key");
}

SignatureScheme scheme_of_key(const PublicKey& key) {
  if (key.kind() == KeyKind::ecdsa_p384) return {.hash = HashKind::sha384};
  if (key.kind() == KeyKind::ecdsa_p521) return {.hash = HashKind::sha512};
  if (key.kind() == KeyKind::rsa) return {.hash = HashKind::sha256, .padding = Padding::pss};
  return {};
}

std::string public_part(const PublicKey& key) {
  return key.kind() == KeyKind::ed25519 ? hex(key.raw_ed25519()) : key.pem();
}

}  // namespace

Result<InTotoKey> read_in_toto_key(const Value& value, std::string_view id) {
  if (!repeated_member(value).empty()) return fail(Fault::corrupt, "a key with a member twice");
  if (is_gpg_key(value)) {
    const std::string name(id.empty() ? value["keyid"].text() : id);
    TRY(auto gpg, read_gpg_key(value, name));
    PublicKey own = gpg.at(name).key;
    return InTotoKey{name, std::move(own), {}, std::make_shared<const GpgKey>(std::move(gpg))};
  }
  const auto type = value["keytype"].text(), material = value["keyval"]["public"].text();
  std::optional<Result<PublicKey>> key;
  if (type == "ed25519") {
    const auto raw = unhex(material);
    if (!raw) return fail(Fault::corrupt, "an ed25519 key that is no hex");
    key = PublicKey::from_ed25519(*raw);
  } else if (type == "rsa" || type == "ecdsa" || type == "ecdsa-sha2-nistp256" ||
             type == "ecdsa-sha2-nistp384" || type == "ecdsa-sha2-nistp521") {
    key = PublicKey::from_pem(material);
  } else {
    return fail(Fault::unsupported, "keys of this type are not read: " + printable(type));
  }
  if (!*key) return std::unexpected(key->error());
  TRY(const auto names, names_of(**key));
  if (value["scheme"].text() != names.scheme ||
      lower(names.type) != type.substr(0, names.type.size()))
    return fail(Fault::unsupported,
                "this scheme is not read: " + printable(value["scheme"].text()));
  return InTotoKey{id.empty() ? in_toto_ids(**key).front() : std::string(id), **key,
                   scheme_of_key(**key), nullptr};
}

std::vector<std::string> in_toto_ids(const PublicKey& key) {
  const auto names = names_of(key);
  if (!names) return {};
  std::vector<std::string> out;
  const std::string full = public_part(key);
  for (const bool algorithms : {false, true}) {
    for (const bool trimmed : {false, true}) {
      JsonWriter json(false);
      json.object();
      if (algorithms) json.texts("keyid_hash_algorithms", {"sha256", "sha512"});
      json.member("keytype", names->type).key("keyval").object();
      json.member("public", trimmed ? trim(full) : std::string_view(full)).end();
      json.member("scheme", names->scheme).end();
      const auto document = parse_json(json.take());
      const auto canonical = document ? olpc_json(document->root()) : fail(Fault::corrupt, "");
      if (canonical) out.push_back(sha256_hex(*canonical));
    }
  }
  return out;
}

Result<InTotoKey> in_toto_key_of(const PublicKey& key) {
  TRY_DO(names_of(key));
  return InTotoKey{in_toto_ids(key).front(), key, scheme_of_key(key), nullptr};
}

std::string write_in_toto_key(const InTotoKey& key) {
  const auto names = names_of(key.key).value_or(Names{});
  JsonWriter json(false);
  json.object().member("keyid", key.id).member("keytype", names.type).key("keyval").object();
  return json.member("public", public_part(key.key))
      .end()
      .member("scheme", names.scheme)
      .end()
      .take();
}

}  // namespace boltseal
