#include "custody/intoto_gpg.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t subkey_limit = 64, number_limit = 4096;  // bytes
constexpr std::uint8_t version_4 = 4, of_binary_data = 0, sha256_id = 8, rsa_id = 1,
                       rsa_sign_id = 3, eddsa_id = 22;

std::string der(char tag, const std::string& content) {
  std::string size;
  for (std::size_t n = content.size(); n > 0; n >>= 8) size.insert(0, 1, static_cast<char>(n));
  if (content.size() < 128)
    return std::string(1, tag) + static_cast<char>(content.size()) + content;
  return std::string(1, tag) + static_cast<char>(0x80 | size.size()) + size + content;
}

// A positive number in hex as an INTEGER.
Result<std::string> der_number(std::string_view digits) {
  const auto bytes = unhex(digits.size() % 2 == 1 ? "0" + std::string(digits) : digits);
  if (!bytes || bytes->empty() || bytes->size() > number_limit)
    return fail(Fault::corrupt, "a number of an OpenPGP key that is none");
  std::string number = bytes->substr(std::min(bytes->find_first_not_of('\0'), bytes->size() - 1));
  if (static_cast<unsigned char>(number[0]) >= 0x80) number.insert(0, 1, '\0');
  return der(2, number);
}

Result<PublicKey> key_of(const Value& value) {
  const Value& numbers = value["keyval"]["public"];
  const auto method = value["method"].text();
  if (!repeated_member(value).empty() || !repeated_member(numbers).empty())
    return fail(Fault::corrupt, "a key with a member twice");
  if (method == "pgp+rsa-pkcsv1.5") {
    TRY(const std::string modulus, der_number(numbers["n"].text()));
    TRY(const std::string exponent, der_number(numbers["e"].text()));
    return PublicKey::from_der(der(0x30, modulus + exponent));  // PKCS#1
  }
  if (method == "pgp+eddsa-ed25519") {
    const auto raw = unhex(numbers["q"].text());
    if (!raw) return fail(Fault::corrupt, "an OpenPGP key that is no hex");
    return PublicKey::from_ed25519(*raw);
  }
  return fail(Fault::unsupported, "OpenPGP keys of this kind are not read: " + printable(method));
}

Result<GpgPart> part_of(const Value& value) {
  TRY(auto key, key_of(value));
  GpgPart out{std::move(key), std::nullopt};
  const auto made = value["creation_time"].integer(), life = value["validity_period"].integer();
  constexpr std::int64_t limit = std::int64_t{1} << 40;
  if (made && life && *made >= 0 && *made < limit && *life > 0 && *life < limit)
    out.expires = *made + *life;
  else if (value["validity_period"])
    return fail(Fault::corrupt, "an OpenPGP key whose time is none");
  return out;
}

// The packet's own words about the signature: of binary data, by this kind of key, over SHA-256.
bool fits(std::string_view headers, const PublicKey& key) {
  Cursor in(headers);
  const auto version = in.u8(), type = in.u8(), algorithm = in.u8(), hash = in.u8();
  const auto size = in.u16be();
  in.skip(size);
  const bool edwards = key.kind() == KeyKind::ed25519;
  const bool by = edwards ? algorithm == eddsa_id : algorithm == rsa_id || algorithm == rsa_sign_id;
  return in.ok() && in.at_end() && version == version_4 && type == of_binary_data &&
         hash == sha256_id && by;
}

}  // namespace

bool is_gpg_key(const Value& value) { return value["method"].text().starts_with("pgp+"); }

Result<GpgKey> read_gpg_key(const Value& value, std::string_view id) {
  GpgKey out;
  TRY(auto own, part_of(value));
  out.emplace(id, std::move(own));
  if (value["subkeys"].members().size() > subkey_limit)
    return fail(Fault::too_large, "an OpenPGP key with more than 64 subkeys");
  for (const auto& [name, subkey] : value["subkeys"].members()) {
    if (name.empty() || !std::ranges::all_of(name, is_alnum))
      return fail(Fault::corrupt, "an OpenPGP key whose name is none");
    auto part = part_of(subkey);
    if (!part && part.error().fault == Fault::unsupported) continue;  // one for encryption, say
    if (!part) return std::unexpected(part.error());
    if (!out.emplace(name, *std::move(part)).second)
      return fail(Fault::corrupt, "two OpenPGP keys of one name");
  }
  return out;
}

bool signed_by_gpg(const GpgKey& key, std::string_view id, std::string_view message,
                   std::string_view headers, std::string_view signature, std::int64_t now) {
  const auto part = key.find(std::string(id));
  if (part == key.end()) return false;
  const PublicKey& own = part->second.key;
  if (part->second.expires && *part->second.expires < now) return false;
  if (!fits(headers, own)) return false;
  Hasher hasher;
  hasher.update(message);
  hasher.update(headers);
  const std::size_t size = headers.size();
  const char trailer[] = {4,
                          static_cast<char>(0xff),
                          static_cast<char>(size >> 24),
                          static_cast<char>(size >> 16),
                          static_cast<char>(size >> 8),
                          static_cast<char>(size)};
  hasher.update({trailer, sizeof trailer});
  const std::string digest = hasher.finish();
  if (own.kind() == KeyKind::ed25519) return own.verify(digest, signature);
  // OpenPGP leaves out the zeros at the beginning of a number.
  const std::size_t width = (own.bits() + 7) / 8;
  if (signature.size() > width) return false;
  return own.verify_hash(digest,
                         std::string(width - signature.size(), '\0') + std::string(signature));
}

}  // namespace boltseal
