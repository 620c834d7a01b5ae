#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "codec/pem.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

Result<std::int64_t> moment_of(const ASN1_TIME* time) {
  if (const auto seconds = seconds_of(time)) return *seconds;
  return openssl_error(Fault::corrupt, "a certificate whose validity is no time");
}

std::string utf8_of(const ASN1_STRING* text) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, text);
  std::string out;
  if (size > 0) out.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  ERR_clear_error();
  return out;
}

std::vector<NameAttribute> attributes_of(const X509_NAME* name) {
  std::vector<NameAttribute> out;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* object = X509_NAME_ENTRY_get_object(entry);
    NameAttribute& attribute = out.emplace_back();
    attribute.oid = dotted(object);
    const int nid = OBJ_obj2nid(object);
    attribute.short_name = nid == NID_undef ? attribute.oid : OBJ_nid2sn(nid);
    attribute.value = utf8_of(X509_NAME_ENTRY_get_data(entry));
  }
  return out;
}

// RFC 4514: the last attribute first, with what has a meaning of its own behind a backslash.
std::string text_of(const std::vector<NameAttribute>& attributes) {
  std::string out;
  for (auto attribute = attributes.rbegin(); attribute != attributes.rend(); ++attribute) {
    if (!out.empty()) out += ',';
    out += attribute->short_name + "=";
    const std::string_view value = attribute->value;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const bool edge = (i == 0 && (value[i] == '#' || value[i] == ' ')) ||
                        (i + 1 == value.size() && value[i] == ' ');
      if (edge || std::string_view(",+\"\\<>;").contains(value[i])) out += '\\';
      out += value[i];
    }
  }
  return out;
}

}  // namespace

Result<Certificate> Certificate::from_der(std::string_view der) {
  if (der.size() > max_certificate)
    return fail(Fault::too_large, "a certificate of more than 64 KiB");
  std::shared_ptr<X509> x509 = der_object<d2i_X509, X509_free>(der);
  if (!x509) return openssl_error(Fault::corrupt, "not a certificate, or bytes behind one");
  TRY(auto key, PublicKey::adopt(X509_get_pubkey(x509.get())));
  Certificate out(std::move(key));
  out.der_ = der;
  out.subject_der_ = der_of<i2d_X509_NAME>(X509_get_subject_name(x509.get()));
  out.issuer_der_ = der_of<i2d_X509_NAME>(X509_get_issuer_name(x509.get()));
  TRY(out.not_before_, moment_of(X509_get0_notBefore(x509.get())));
  TRY(out.not_after_, moment_of(X509_get0_notAfter(x509.get())));
  out.x509_ = std::move(x509);
  return out;
}

Result<std::vector<Certificate>> Certificate::all_from_pem(std::string_view pem) {
  TRY(const auto blocks, parse_pem(pem));
  std::vector<Certificate> out;
  for (const PemBlock& block : blocks) {
    if (block.label != "CERTIFICATE" && block.label != "TRUSTED CERTIFICATE") continue;
    if (out.size() == max_certificates)
      return fail(Fault::too_large, "more than 100 certificates in one PEM");
    TRY(auto certificate, from_der(block.bytes));
    out.push_back(std::move(certificate));
  }
  if (out.empty()) return fail(Fault::not_found, "no certificate in the PEM");
  return out;
}

Result<std::vector<Certificate>> Certificate::all_from_file(std::string_view bytes) {
  if (bytes.contains("-----BEGIN ")) return all_from_pem(bytes);
  TRY(auto certificate, from_der(bytes));
  return std::vector{std::move(certificate)};
}

std::string Certificate::pem() const { return write_pem("CERTIFICATE", der_); }

std::string Certificate::thumbprint() const { return sha256_hex(der_); }

std::string Certificate::serial() const {
  std::string digits = hex_of(X509_get0_serialNumber(x509_.get()));
  if (digits.size() > 1 && digits[0] == '0') digits.erase(0, 1);
  return digits.empty() ? "0" : digits;
}

std::vector<NameAttribute> Certificate::subject() const {
  return attributes_of(X509_get_subject_name(x509_.get()));
}
std::vector<NameAttribute> Certificate::issuer() const {
  return attributes_of(X509_get_issuer_name(x509_.get()));
}
std::string Certificate::subject_text() const { return text_of(subject()); }
std::string Certificate::issuer_text() const { return text_of(issuer()); }

bool Certificate::self_signed() const { return issued_by(*this); }

bool Certificate::issued_by(const Certificate& issuer) const {
  const bool good =
      issuer_der_ == issuer.subject_der_ && X509_verify(x509_.get(), issuer.key_.handle()) == 1;
  ERR_clear_error();
  return good;
}

std::optional<HashKind> Certificate::signature_hash() const {
  int hash_nid = NID_undef;
  if (X509_get_signature_info(x509_.get(), &hash_nid, nullptr, nullptr, nullptr) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  switch (hash_nid) {
    case NID_sha1:
      return HashKind::sha1;
    case NID_sha256:
      return HashKind::sha256;
    case NID_sha384:
      return HashKind::sha384;
    case NID_sha512:
      return HashKind::sha512;
    default:
      return std::nullopt;
  }
}

bool Certificate::weakly_signed() const {
  if (X509_get_signature_nid(x509_.get()) == NID_ED25519) return false;
  const auto kind = signature_hash();
  return !kind || *kind == HashKind::sha1;
}

}  // namespace boltseal
