// The extensions of a certificate (RFC 5280, 4.2). OpenSSL's getters tell "not there" from "twice"
// and from "broken" by a number; here the latter two are errors, so that no check is passed over.
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

// The decoded extension; null when it is not there.
template <class T, auto Free>
Result<OpenSsl<T, Free>> decoded(X509* x509, int nid, bool* critical) {
  int state = 0;
  OpenSsl<T, Free> out(static_cast<T*>(X509_get_ext_d2i(x509, nid, &state, nullptr)));
  if (!out && state != -1) {
    ERR_clear_error();
    return fail(Fault::corrupt, std::string("the extension ") + OBJ_nid2ln(nid) +
                                    (state == -2 ? " stands twice in a certificate"
                                                 : " of a certificate cannot be read"));
  }
  if (critical) *critical = state == 1;
  return out;
}

bool is_text(int tag) {
  return tag == V_ASN1_UTF8STRING || tag == V_ASN1_IA5STRING || tag == V_ASN1_PRINTABLESTRING;
}

// A name with a NUL or broken UTF-8 inside is another name to a careless reader.
Result<std::string> plain(std::string text) {
  if (text.contains('\0') || !valid_utf8(text))
    return fail(Fault::corrupt, "an alternative name of a certificate that is no text");
  return text;
}

Result<> add_name(const GENERAL_NAME* name, AlternativeNames& out) {
  int type = 0;
  void* value = GENERAL_NAME_get0_value(name, &type);
  if (type == GEN_EMAIL || type == GEN_URI || type == GEN_DNS) {
    TRY(auto text, plain(bytes_of(static_cast<const ASN1_STRING*>(value))));
    (type == GEN_EMAIL ? out.emails : type == GEN_URI ? out.uris : out.dns).push_back(text);
  } else if (type == GEN_OTHERNAME) {
    const auto* other = static_cast<const OTHERNAME*>(value);
    if (!other->value || !is_text(other->value->type)) return {};
    TRY(auto text, plain(bytes_of(other->value->value.asn1_string)));
    out.others.emplace_back(dotted(other->type_id), std::move(text));
  }
  return {};
}

}  // namespace

bool ExtendedKeyUsage::has(std::string_view oid) const {
  return std::ranges::find(oids, oid) != oids.end();
}

Result<std::optional<AlternativeNames>> Certificate::alternative_names() const {
  TRY(const auto names,
      (decoded<GENERAL_NAMES, GENERAL_NAMES_free>(x509_.get(), NID_subject_alt_name, nullptr)));
  if (!names) return std::nullopt;
  AlternativeNames out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
    TRY_DO(add_name(sk_GENERAL_NAME_value(names.get(), i), out));
  return out;
}

Result<std::optional<KeyUsage>> Certificate::key_usage() const {
  KeyUsage out;
  TRY(const auto bits,
      (decoded<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(x509_.get(), NID_key_usage, &out.critical)));
  if (!bits) return std::nullopt;
  const auto bit = [&](int number) { return ASN1_BIT_STRING_get_bit(bits.get(), number) == 1; };
  out.digital_signature = bit(0);
  out.non_repudiation = bit(1);
  out.key_encipherment = bit(2);
  out.data_encipherment = bit(3);
  out.key_agreement = bit(4);
  out.certificate_sign = bit(5);
  out.crl_sign = bit(6);
  out.encipher_only = bit(7);
  out.decipher_only = bit(8);
  return out;
}

Result<std::optional<ExtendedKeyUsage>> Certificate::extended_key_usage() const {
  ExtendedKeyUsage out;
  TRY(const auto list, (decoded<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(
                           x509_.get(), NID_ext_key_usage, &out.critical)));
  if (!list) return std::nullopt;
  for (int i = 0; i < sk_ASN1_OBJECT_num(list.get()); ++i)
    out.oids.push_back(dotted(sk_ASN1_OBJECT_value(list.get(), i)));
  return out;
}

Result<std::optional<BasicConstraints>> Certificate::basic_constraints() const {
  BasicConstraints out;
  TRY(const auto constraints, (decoded<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(
                                  x509_.get(), NID_basic_constraints, &out.critical)));
  if (!constraints) return std::nullopt;
  out.ca = constraints->ca != 0;
  if (constraints->pathlen) {
    std::int64_t length = 0;
    if (ASN1_INTEGER_get_int64(&length, constraints->pathlen) != 1 || length < 0)
      return openssl_error(Fault::corrupt, "a path length of a certificate that is none");
    out.path_length = length;
  }
  return out;
}

std::optional<std::string> Certificate::extension(std::string_view oid) const {
  const OpenSsl<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(std::string(oid).c_str(), 1));
  const int at = object ? X509_get_ext_by_OBJ(x509_.get(), object.get(), -1) : -1;
  X509_EXTENSION* found = at < 0 ? nullptr : X509_get_ext(x509_.get(), at);
  if (!found) return std::nullopt;
  return bytes_of(X509_EXTENSION_get_data(found));
}

Result<std::string> Certificate::tbs_without_extension(std::string_view oid) const {
  const OpenSsl<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(std::string(oid).c_str(), 1));
  const OpenSsl<X509, X509_free> copy(X509_dup(x509_.get()));
  if (!object || !copy) return openssl_error(Fault::io, "no memory for a certificate");
  const int at = X509_get_ext_by_OBJ(copy.get(), object.get(), -1);
  if (at < 0) return fail(Fault::not_found, "a certificate without the extension to take out");
  const OpenSsl<X509_EXTENSION, X509_EXTENSION_free> removed(X509_delete_ext(copy.get(), at));
  std::string tbs = der_of<i2d_re_X509_tbs>(copy.get());
  if (tbs.empty()) return openssl_error(Fault::corrupt, "a certificate that cannot be written");
  return tbs;
}

Result<std::string> text_of_der(std::string_view der) {
  const auto value = der_object<d2i_ASN1_TYPE, ASN1_TYPE_free>(der);
  if (!value || !is_text(value->type)) {
    ERR_clear_error();
    return fail(Fault::corrupt, "a value that is no text of ASN.1");
  }
  return plain(bytes_of(value->value.asn1_string));
}

}  // namespace boltseal
