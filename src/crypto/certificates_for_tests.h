// Certificates and timestamps made in a test: an authority of one's own for every case.
#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/openssl.h"
#include "crypto/signer.h"
#include "crypto/timestamp.h"

namespace boltseal::test {

constexpr std::int64_t noon = 1'750'000'000;  // the moment at which the tests play
constexpr std::int64_t day = 86'400;

using Key = OpenSsl<EVP_PKEY, EVP_PKEY_free>;

inline void must(bool holds) {
  if (!holds) std::abort();
}

inline Key handle_of(const PrivateKey& key) {
  const auto der = *key.pkcs8();
  const unsigned char* at = unsigned_bytes(der.view());
  return Key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
}

struct CertificateSpec {
  std::string name;  // its CN; "" for a certificate without a subject
  std::int64_t from = noon - 300 * day, to = noon + 300 * day;
  // In the words of OpenSSL's configuration: {"keyUsage", "critical,digitalSignature"}.
  std::vector<std::pair<std::string, std::string>> extensions;
  std::vector<std::pair<std::string, std::string>> raw;  // OID, bytes of the value
  long serial = 0;                                       // 0: one more than the name is long
  std::string hash = "SHA256";                           // "" for Ed25519
};

inline CertificateSpec authority_spec(std::string name) {
  CertificateSpec spec;
  spec.name = std::move(name);
  spec.extensions = {{"basicConstraints", "critical,CA:TRUE"},
                     {"keyUsage", "critical,keyCertSign,cRLSign"}};
  return spec;
}

inline CertificateSpec leaf_spec(std::string name, std::string extended_usage) {
  CertificateSpec spec;
  spec.name = std::move(name);
  spec.extensions = {{"keyUsage", "critical,digitalSignature"},
                     {"extendedKeyUsage", std::move(extended_usage)}};
  return spec;
}

// `issuer` null: signed by itself.
inline Certificate issue(const CertificateSpec& spec, const PrivateKey& subject,
                         const Certificate* issuer, const PrivateKey& issuer_key) {
  const OpenSsl<X509, X509_free> x509(X509_new());
  const Key key = handle_of(subject), signer = handle_of(issuer_key);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()),
                   spec.serial != 0 ? spec.serial : static_cast<long>(spec.name.size()) + 1);
  X509_time_adj_ex(X509_getm_notBefore(x509.get()), 0, spec.from, std::array<time_t, 1>{0}.data());
  X509_time_adj_ex(X509_getm_notAfter(x509.get()), 0, spec.to, std::array<time_t, 1>{0}.data());
  if (!spec.name.empty())
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509.get()), "CN", MBSTRING_UTF8,
                               unsigned_bytes(spec.name), static_cast<int>(spec.name.size()), -1,
                               0);
  X509_set_issuer_name(x509.get(), issuer ? X509_get_subject_name(issuer->handle())
                                          : X509_get_subject_name(x509.get()));
  X509_set_pubkey(x509.get(), key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer ? issuer->handle() : x509.get(), x509.get(), nullptr, nullptr, 0);
  for (const auto& [name, value] : spec.extensions) {
    const OpenSsl<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf(nullptr, &context, name.c_str(), value.c_str()));
    must(extension && X509_add_ext(x509.get(), extension.get(), -1) == 1);
  }
  for (const auto& [oid, bytes] : spec.raw) {
    const OpenSsl<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(oid.c_str(), 1));
    const OpenSsl<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
    ASN1_OCTET_STRING_set(value.get(), unsigned_bytes(bytes), static_cast<int>(bytes.size()));
    const OpenSsl<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, value.get()));
    must(extension && X509_add_ext(x509.get(), extension.get(), -1) == 1);
  }
  must(X509_sign(x509.get(), signer.get(),
                 spec.hash.empty() ? nullptr : EVP_get_digestbyname(spec.hash.c_str())) > 0);
  return *Certificate::from_der(der_of<i2d_X509>(x509.get()));
}

// A timestamp authority: a root, a signer under it, and answers at any time.
class TimestampAuthority {
 public:
  explicit TimestampAuthority(CertificateSpec signer_spec = leaf_spec("stamper",
                                                                      "critical,timeStamping"))
      : root(issue(authority_spec("stamp root"), root_key, nullptr, root_key)),
        signer(issue(signer_spec, signer_key, &root, root_key)) {}

  // The TimeStampResp to a query; with the signer's certificate where `embed`.
  std::string answer(std::string_view query, std::int64_t time, bool embed = true) const {
    const OpenSsl<TS_RESP_CTX, TS_RESP_CTX_free> context(TS_RESP_CTX_new());
    const Key key = handle_of(signer_key);
    const unsigned char* at = unsigned_bytes(query);
    const OpenSsl<TS_REQ, TS_REQ_free> request(
        d2i_TS_REQ(nullptr, &at, static_cast<long>(query.size())));
    TS_REQ_set_cert_req(request.get(), embed ? 1 : 0);
    const std::string asked = der_of<i2d_TS_REQ>(request.get());
    const OpenSsl<BIO, BIO_free> input(
        BIO_new_mem_buf(asked.data(), static_cast<int>(asked.size())));
    const OpenSsl<ASN1_OBJECT, ASN1_OBJECT_free> policy(OBJ_txt2obj("1.2.3.4", 1));
    TS_RESP_CTX_set_serial_cb(context.get(), serial, nullptr);
    TS_RESP_CTX_set_time_cb(context.get(), clock, &time);
    must(TS_RESP_CTX_set_signer_cert(context.get(), signer.handle()) == 1 &&
         TS_RESP_CTX_set_signer_key(context.get(), key.get()) == 1 &&
         TS_RESP_CTX_set_signer_digest(context.get(), EVP_sha256()) == 1 &&
         TS_RESP_CTX_set_ess_cert_id_digest(context.get(), EVP_sha256()) == 1 &&
         TS_RESP_CTX_set_def_policy(context.get(), policy.get()) == 1 &&
         TS_RESP_CTX_add_md(context.get(), EVP_sha256()) == 1);
    const OpenSsl<TS_RESP, TS_RESP_free> response(
        TS_RESP_create_response(context.get(), input.get()));
    must(response != nullptr);
    return der_of<i2d_TS_RESP>(response.get());
  }
  std::string stamp(std::string_view message, std::int64_t time, bool embed = true) const {
    return answer(timestamp_query(message)->der, time, embed);
  }

  PrivateKey root_key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey signer_key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  Certificate root, signer;

 private:
  static ASN1_INTEGER* serial(TS_RESP_CTX*, void*) {
    ASN1_INTEGER* number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, 4711);
    return number;
  }
  static int clock(TS_RESP_CTX*, void* data, long* seconds, long* microseconds) {
    *seconds = *static_cast<std::int64_t*>(data);
    *microseconds = 0;
    return 1;
  }
};

}  // namespace boltseal::test
