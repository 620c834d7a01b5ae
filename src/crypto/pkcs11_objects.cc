// A token has no SubjectPublicKeyInfo but the parts of one: for elliptic curves CKA_EC_PARAMS (DER
// of the curve's name) and CKA_EC_POINT (the point in an OCTET STRING, which some modules leave
// off), for RSA the two numbers.
#include "crypto/pkcs11_objects.h"

#include "base/text.h"
#include "codec/pem.h"

namespace boltseal {
namespace {

constexpr char tag_integer = 0x02, tag_bits = 0x03, tag_octets = 0x04, tag_sequence = 0x30;
constexpr std::string_view ec_public_key("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", 9);

// DER of one element; contents of a key are under 64 KiB.
std::string der(char tag, std::string_view content) {
  std::string out(1, tag);
  const auto byte = [](std::size_t n) { return static_cast<char>(n & 0xff); };
  if (content.size() >= 0x100) {
    out += {byte(0x82), byte(content.size() >> 8), byte(content.size())};
  } else {
    if (content.size() >= 0x80) out += byte(0x81);
    out += byte(content.size());
  }
  return out + std::string(content);
}

std::string der_integer(std::string_view number) {
  while (number.size() > 1 && number.front() == 0) number.remove_prefix(1);
  const bool negative = !number.empty() && (static_cast<unsigned char>(number.front()) & 0x80) != 0;
  return der(tag_integer, (negative ? std::string(1, '\0') : std::string()) + std::string(number));
}

// What is in an OCTET STRING that fills `bytes`, else the bytes.
std::string_view unwrapped(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() > 2 && bytes[0] == tag_octets) {
    if (at(1) < 0x80 && bytes.size() == at(1) + 2U) return bytes.substr(2);
    if (at(1) == 0x81 && bytes.size() == at(2) + 3U) return bytes.substr(3);
  }
  return bytes;
}

ck_key_type_t type_of(const Pkcs11Session& session, ck_object_handle_t object) {
  const std::string bytes = session.attribute(object, CKA_KEY_TYPE);
  ck_key_type_t type = CKK_VENDOR_DEFINED;
  if (bytes.size() == sizeof type) bytes.copy(reinterpret_cast<char*>(&type), sizeof type);
  return type;
}

}  // namespace

Result<PublicKey> key_of_public_object(const Pkcs11Session& session, ck_object_handle_t object) {
  switch (type_of(session, object)) {
    case CKK_RSA:
      return PublicKey::from_der(
          der(tag_sequence, der_integer(session.attribute(object, CKA_MODULUS)) +
                                der_integer(session.attribute(object, CKA_PUBLIC_EXPONENT))));
    case CKK_EC: {
      const std::string point = session.attribute(object, CKA_EC_POINT);
      const std::string algorithm =
          std::string(ec_public_key) + session.attribute(object, CKA_EC_PARAMS);
      return PublicKey::from_der(der(
          tag_sequence, der(tag_sequence, algorithm) +
                            der(tag_bits, std::string(1, '\0') + std::string(unwrapped(point)))));
    }
    case CKK_EC_EDWARDS:
      return PublicKey::from_ed25519(unwrapped(session.attribute(object, CKA_EC_POINT)));
    default:
      return fail(Fault::unsupported, "a key in the token that is neither ECDSA, Ed25519 nor RSA");
  }
}

Result<PublicKey> key_of_certificate_object(const Pkcs11Session& session,
                                            ck_object_handle_t object) {
  return PublicKey::from_pem(write_pem("CERTIFICATE", session.attribute(object, CKA_VALUE)));
}

Result<PublicKey> find_public_key(const Pkcs11Session& session, const Pkcs11Uri& uri) {
  std::string list;
  std::optional<PublicKey> found;
  bool several = false;
  for (const ck_object_class_t kind : {CKO_PUBLIC_KEY, CKO_CERTIFICATE}) {
    if (found || (kind == CKO_PUBLIC_KEY ? uri.type == "cert" : uri.type == "public")) continue;
    TRY(const auto objects, session.find(kind, uri));
    for (const ck_object_handle_t object : objects) {
      TRY(auto key, kind == CKO_PUBLIC_KEY ? key_of_public_object(session, object)
                                           : key_of_certificate_object(session, object));
      list += "\n  " + uri_of_object(session, uri, object);
      several = several || (found && !(*found == key));
      found = std::move(key);
    }
  }
  if (several)
    return fail(Fault::unsupported, "the URI means several keys; name one of them:" + list);
  if (!found)
    return fail(Fault::not_found,
                "no public key and no certificate of that name can be seen in the token " +
                    printable(session.token().label));
  return std::move(*found);
}

std::string uri_of_object(const Pkcs11Session& session, const Pkcs11Uri& found_by,
                          ck_object_handle_t object) {
  Pkcs11Uri uri;
  uri.token = session.token().label;
  if (found_by.serial) uri.serial = found_by.serial;
  if (found_by.slot_id) uri.slot_id = found_by.slot_id;
  if (auto label = session.attribute(object, CKA_LABEL); !label.empty())
    uri.object = std::move(label);
  if (auto id = session.attribute(object, CKA_ID); !id.empty()) uri.id = std::move(id);
  uri.module_path = found_by.module_path;
  uri.module_name = found_by.module_name;
  uri.pin_source = found_by.pin_source;
  return write_pkcs11_uri(uri);
}

}  // namespace boltseal
