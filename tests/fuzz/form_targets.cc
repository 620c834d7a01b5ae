// The forms that signed things come in: CBOR, base64, canonical JSON, keys and signatures in DER.
#include <algorithm>

#include "codec/base64.h"
#include "codec/canonical_json.h"
#include "codec/cbor.h"
#include "codec/value.h"
#include "crypto/public_key.h"
#include "targets.h"

namespace boltseal {
namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// False where a value stands that the writer does not have. Bounded by the depth of the parser.
bool write_again(const CborValue& value, CborWriter& out) {
  using enum CborValue::Kind;
  switch (value.kind) {
    case integer:
      out.integer(value.number);
      return true;
    case bytes:
      out.bytes(value.string);
      return true;
    case text:
      out.text(value.string);
      return true;
    case array:
      out.array(value.items.size());
      break;
    case map:
      out.map(value.items.size() / 2);
      break;
    case tag:
      out.tag(static_cast<std::uint64_t>(value.number));
      break;
    case absent:
    case boolean:
    case null:
      return false;
  }
  for (const CborValue& item : value.items)
    if (!write_again(item, out)) return false;
  return true;
}

// There is one form of each value only, so that what is written again is what was read.
void read_cbor(std::string_view bytes) {
  const auto value = parse_cbor(bytes);
  if (!value) return;
  (void)value->at("x");
  (void)value->at(1);
  CborWriter out;
  if (write_again(*value, out)) require(out.take() == bytes);
}

// One value has one text; only the padding of the second alphabet may be there or not.
void read_base64(std::string_view text) {
  if (const auto bytes = unbase64(text)) require(base64(*bytes) == text);
  if (const auto bytes = unbase64(text, Base64::url)) {
    const auto last = text.find_last_not_of('=');
    require(base64(*bytes, Base64::url) == text.substr(0, last == text.npos ? 0 : last + 1));
  }
  if (const auto bytes = unbase64_any(text)) require(*unbase64_any(base64(*bytes)) == *bytes);
}

// Digits without a point or an exponent, more than 64 bits hold: no reader of ours takes them.
bool has_long_integer(std::string_view json) {
  std::size_t digits = 0, longest = 0;
  for (const char c : json) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    longest = std::max(longest, digits);
  }
  return longest >= 19;
}

// A canonical form is its own canonical form.
void write_canonical(std::string_view bytes) {
  const auto document = parse_json(bytes);
  if (!document) return;
  (void)olpc_json(document->root());
  const auto once = canonical_json(document->root());
  if (!once) return;
  const auto again = parse_json(*once);
  if (!again) return require(has_long_integer(*once));
  const auto twice = canonical_json(again->root());
  require(twice && *twice == *once);
}

// A key that is taken has one SPKI; a signature by nobody is none of its; the two forms of ECDSA's
// signatures say the same.
void read_key_der(std::string_view bytes) {
  if (const auto key = PublicKey::from_der(bytes)) {
    const auto again = PublicKey::from_der(key->spki());
    require(again && *again == *key && again->id() == key->id());
    require(PublicKey::from_pem(key->pem()).has_value());
    require(!key->verify("message", bytes, {.hash = key->natural_hash()}));
  }
  for (const auto curve : {KeyKind::ecdsa_p256, KeyKind::ecdsa_p384, KeyKind::ecdsa_p521}) {
    const auto raw = ecdsa_raw_of_der(bytes, curve);
    if (!raw) continue;
    const auto der = ecdsa_der_of_raw(*raw);
    require(der && ecdsa_raw_of_der(*der, curve).value() == *raw);
  }
}

}  // namespace

std::map<std::string, FuzzTarget> form_targets() {
  return {{"cbor", read_cbor},
          {"base64", read_base64},
          {"canonical-json", write_canonical},
          {"public-key", read_key_der}};
}

}  // namespace boltseal
