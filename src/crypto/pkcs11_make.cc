// A new key pair in a token.
#include <sodium.h>

#include <array>
#include <vector>

#include "base/text.h"
#include "crypto/pkcs11.h"
#include "crypto/pkcs11_login.h"
#include "crypto/pkcs11_module.h"
#include "crypto/pkcs11_objects.h"

namespace boltseal {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t id_bytes = 16;

// CKA_EC_PARAMS: the DER of the curve's object identifier.
std::string_view curve_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::ecdsa_p384:
      return "\x06\x05\x2b\x81\x04\x00\x22"sv;
    case KeyKind::ecdsa_p521:
      return "\x06\x05\x2b\x81\x04\x00\x23"sv;
    case KeyKind::ed25519:
      return "\x06\x03\x2b\x65\x70"sv;
    default:
      return "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;
  }
}

ck_attribute bytes(ck_attribute_type_t type, std::string_view value) {
  return {type, const_cast<char*>(value.data()), value.size()};  // the API takes no const
}

Result<> generated(const Pkcs11Session& session, const Pkcs11Uri& uri, KeyKind kind,
                   unsigned long rsa_bits) {
  unsigned char yes = 1, no = 0;
  const auto flag = [](ck_attribute_type_t type, unsigned char& value) {
    return ck_attribute{type, &value, 1};
  };
  std::vector<ck_attribute> half = {flag(CKA_TOKEN, yes), flag(CKA_VERIFY, yes),
                                    bytes(CKA_LABEL, *uri.object), bytes(CKA_ID, *uri.id)};
  if (kind == KeyKind::rsa) {
    half.push_back({CKA_MODULUS_BITS, &rsa_bits, sizeof rsa_bits});
    half.push_back(bytes(CKA_PUBLIC_EXPONENT, "\x01\x00\x01"sv));
  } else {
    half.push_back(bytes(CKA_EC_PARAMS, curve_of(kind)));
  }
  std::vector<ck_attribute> secret = {flag(CKA_TOKEN, yes),      flag(CKA_PRIVATE, yes),
                                      flag(CKA_SIGN, yes),       flag(CKA_SENSITIVE, yes),
                                      flag(CKA_EXTRACTABLE, no), bytes(CKA_LABEL, *uri.object),
                                      bytes(CKA_ID, *uri.id)};
  ck_mechanism mechanism{kind == KeyKind::rsa       ? CKM_RSA_PKCS_KEY_PAIR_GEN
                         : kind == KeyKind::ed25519 ? CKM_EC_EDWARDS_KEY_PAIR_GEN
                                                    : CKM_EC_KEY_PAIR_GEN,
                         nullptr, 0};
  ck_object_handle_t public_handle = 0, private_handle = 0;
  if (const auto code = session.calls().C_GenerateKeyPair(session.handle(), &mechanism, half.data(),
                                                          half.size(), secret.data(), secret.size(),
                                                          &public_handle, &private_handle);
      code != CKR_OK)
    return pkcs11_error("the token makes no such key", code);
  return {};
}

}  // namespace

Result<PublicKey> make_token_key(const std::string& text, KeyKind kind, unsigned rsa_bits,
                                 const PasswordSource& source) {
  TRY(auto open, open_token(text, true));
  Pkcs11Uri& uri = open.uri;
  if (!uri.object || uri.object->empty())
    return fail(Fault::unsupported, "a new key needs a name: pkcs11:token=…;object=NAME",
                write_pkcs11_uri(uri));
  TRY_DO(log_in(open, source));
  for (const ck_object_class_t of : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    TRY(const auto there, open.session.find(of, uri));
    if (!there.empty())
      return fail(Fault::unsupported, "the token has a key of that name already",
                  write_pkcs11_uri(uri));
  }
  if (!uri.id) {
    uri.id = std::string(id_bytes, '\0');
    randombytes_buf(uri.id->data(), id_bytes);
  }
  TRY_DO(generated(open.session, uri, kind, rsa_bits));
  return find_public_key(open.session, uri);
}

}  // namespace boltseal
