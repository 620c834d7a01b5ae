// A certificate authority that tests make: certificates with the extensions that they name.
#pragma once
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/openssl.h"
#include "crypto/signer.h"

namespace boltseal::test {

struct CertificateWish {
  std::string name = "leaf";
  std::vector<std::pair<std::string, std::string>> subject = {
      {"C", "US"}, {"ST", "WA"}, {"O", "Example"}};
  std::int64_t not_before = 1'700'000'000, not_after = 2'000'000'000;
  // As openssl.cnf writes them: {"keyUsage", "critical,digitalSignature"}.
  std::vector<std::pair<std::string, std::string>> extensions{};
  std::int64_t serial = 1;
};

inline EVP_PKEY* openssl_key(const PrivateKey& key) {
  const auto pkcs8 = key.pkcs8();
  const auto* at = reinterpret_cast<const unsigned char*>(pkcs8->view().data());
  return d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8->size()));
}

inline const EVP_MD* digest_for(const PrivateKey& key) {
  return key.public_key().kind() == KeyKind::ed25519 ? nullptr : EVP_sha256();
}

// A certificate for `subject`, signed by `issuer_key` as `issuer`; no issuer: by itself.
inline Certificate make_certificate(const CertificateWish& wish, const PublicKey& subject,
                                    const PrivateKey& issuer_key,
                                    const Certificate* issuer = nullptr) {
  const OpenSsl<X509, X509_free> x509(X509_new());
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(x509.get()), wish.serial);
  X509_NAME* name = X509_get_subject_name(x509.get());
  const auto add = [&](const std::string& key, const std::string& value) {
    X509_NAME_add_entry_by_txt(name, key.c_str(), MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.data()),
                               static_cast<int>(value.size()), -1, 0);
  };
  for (const auto& [key, value] : wish.subject) add(key, value);
  add("CN", wish.name);
  X509_set_issuer_name(x509.get(), issuer ? X509_get_subject_name(issuer->handle()) : name);
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), wish.not_before);
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), wish.not_after);
  X509_set_pubkey(x509.get(), subject.handle());
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer ? issuer->handle() : x509.get(), x509.get(), nullptr, nullptr, 0);
  for (const auto& [key, value] : wish.extensions) {
    const OpenSsl<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_nconf(nullptr, &context, key.c_str(), value.c_str()));
    if (!extension) throw std::runtime_error("no such extension: " + key);
    X509_add_ext(x509.get(), extension.get(), -1);
  }
  const OpenSsl<EVP_PKEY, EVP_PKEY_free> key(openssl_key(issuer_key));
  X509_sign(x509.get(), key.get(), digest_for(issuer_key));
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509.get(), &der);
  const std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return Certificate::from_der(bytes).value();
}

// A root, one below it that issues, and a certificate that signs code.
struct Authority {
  PrivateKey root_key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  PrivateKey issuer_key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  Certificate root =
      make_certificate({.name = "root",
                        .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                       {"keyUsage", "critical,keyCertSign,cRLSign"}}},
                       root_key.public_key(), root_key);
  Certificate issuer =
      make_certificate({.name = "issuer",
                        .extensions = {{"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                                       {"keyUsage", "critical,keyCertSign,cRLSign"}}},
                       issuer_key.public_key(), root_key, &root);

  Certificate issue(const CertificateWish& wish, const PublicKey& subject) const {
    return make_certificate(wish, subject, issuer_key, &issuer);
  }
};

struct ListExtensions {
  std::vector<std::pair<std::string, std::string>> list;  // in the words of OpenSSL's configuration
  std::int64_t number = 0, base = 0;  // of the list; that of the one it changes; 0: not said
  std::int64_t invalid_since = 0;     // of each entry; 0: not said
};

// A list by the issuer that names serial numbers with the moment of their revocation; `reason` as
// in RFC 5280, negative for none.
inline std::string make_revocation_list(
    const Certificate& issuer, const PrivateKey& key,
    const std::vector<std::pair<std::int64_t, std::int64_t>>& revoked, std::int64_t this_update,
    std::int64_t next_update, int reason = -1, const ListExtensions& more = {}) {
  const OpenSsl<X509_CRL, X509_CRL_free> crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.handle()));
  const OpenSsl<ASN1_TIME, ASN1_TIME_free> begin(ASN1_TIME_set(nullptr, this_update));
  const OpenSsl<ASN1_TIME, ASN1_TIME_free> end(ASN1_TIME_set(nullptr, next_update));
  X509_CRL_set1_lastUpdate(crl.get(), begin.get());
  X509_CRL_set1_nextUpdate(crl.get(), end.get());
  for (const auto& [serial, since] : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    const OpenSsl<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set_int64(number.get(), serial);
    X509_REVOKED_set_serialNumber(entry, number.get());
    const OpenSsl<ASN1_TIME, ASN1_TIME_free> when(ASN1_TIME_set(nullptr, since));
    X509_REVOKED_set_revocationDate(entry, when.get());
    if (reason >= 0) {
      const OpenSsl<ASN1_ENUMERATED, ASN1_ENUMERATED_free> code(ASN1_ENUMERATED_new());
      ASN1_ENUMERATED_set(code.get(), reason);
      X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code.get(), 0, 0);
    }
    if (more.invalid_since != 0) {
      const OpenSsl<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> date(
          ASN1_GENERALIZEDTIME_set(nullptr, more.invalid_since));
      X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, date.get(), 0, 0);
    }
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  for (const auto& [nid, value] :
       {std::pair{NID_crl_number, more.number}, std::pair{NID_delta_crl, more.base}}) {
    const OpenSsl<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set_int64(number.get(), value);
    if (value != 0)
      X509_CRL_add1_ext_i2d(crl.get(), nid, number.get(), nid == NID_delta_crl ? 1 : 0, 0);
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer.handle(), nullptr, nullptr, crl.get(), 0);
  for (const auto& [name, value] : more.list) {
    const OpenSsl<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str()));
    if (!extension) throw std::runtime_error("no such extension: " + name);
    X509_CRL_add_ext(crl.get(), extension.get(), -1);
  }
  X509_CRL_sort(crl.get());
  const OpenSsl<EVP_PKEY, EVP_PKEY_free> signing(openssl_key(key));
  X509_CRL_sign(crl.get(), signing.get(), digest_for(key));
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace boltseal::test
