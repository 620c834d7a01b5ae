// X.509 certificates over OpenSSL: what is in one, and whether a chain of them leads to an anchor
// at a given time. https://www.rfc-editor.org/rfc/rfc5280
//
// Nothing here looks at the clock, at the system's authorities or at the network: who asks names
// the moment, the anchors and the purpose. Revocation is not looked at.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"

struct x509_st;  // OpenSSL's X509

namespace boltseal {

constexpr std::size_t max_certificate = 64 << 10;  // bytes of DER
constexpr std::size_t max_certificates = 100;      // of one PEM file or one chain

// Object identifiers as dotted numbers.
constexpr std::string_view oid_code_signing = "1.3.6.1.5.5.7.3.3";
constexpr std::string_view oid_time_stamping = "1.3.6.1.5.5.7.3.8";
constexpr std::string_view oid_any_extended_usage = "2.5.29.37.0";
constexpr std::string_view oid_fulcio_user_name = "1.3.6.1.4.1.57264.1.7";  // otherName of a SAN

// One attribute of a name: "2.5.4.10", "O", "Example".
struct NameAttribute {
  std::string oid;
  std::string short_name;  // "CN", "O", "ST", …; the OID where there is none
  std::string value;       // UTF-8
  friend bool operator==(const NameAttribute&, const NameAttribute&) = default;
};

struct AlternativeNames {
  std::vector<std::string> emails, uris, dns;
  std::vector<std::pair<std::string, std::string>> others;  // OID and text of an otherName
};

struct KeyUsage {
  bool critical = false;
  bool digital_signature = false, non_repudiation = false, key_encipherment = false,
       data_encipherment = false, key_agreement = false, certificate_sign = false, crl_sign = false,
       encipher_only = false, decipher_only = false;
};

struct ExtendedKeyUsage {
  bool critical = false;
  std::vector<std::string> oids;
  bool has(std::string_view oid) const;
};

struct BasicConstraints {
  bool critical = false;
  bool ca = false;
  std::optional<std::int64_t> path_length;
};

class Certificate {
 public:
  // One certificate in DER and nothing behind it; corrupt, too_large, or unsupported for a key that
  // PublicKey refuses.
  static Result<Certificate> from_der(std::string_view der);
  // All "CERTIFICATE" blocks of a PEM, in order; other blocks are passed over. not_found for none.
  static Result<std::vector<Certificate>> all_from_pem(std::string_view pem);
  // The certificates of a file that holds a PEM or one DER.
  static Result<std::vector<Certificate>> all_from_file(std::string_view bytes);

  const std::string& der() const { return der_; }
  std::string pem() const;
  std::string thumbprint() const;  // SHA-256 of the DER, in hex
  const PublicKey& public_key() const { return key_; }
  std::int64_t not_before() const { return not_before_; }  // both ends belong to the validity
  std::int64_t not_after() const { return not_after_; }
  bool valid_at(std::int64_t moment) const { return not_before_ <= moment && moment <= not_after_; }
  std::string serial() const;  // hex, no leading zeros
  const std::string& subject_der() const { return subject_der_; }
  const std::string& issuer_der() const { return issuer_der_; }
  std::vector<NameAttribute> subject() const;  // in the order of the certificate
  std::vector<NameAttribute> issuer() const;
  std::string subject_text() const;  // "CN=leaf,O=Example,C=US" (RFC 4514, last attribute first)
  std::string issuer_text() const;
  // True when it names itself as its issuer and its own key has signed it.
  bool self_signed() const;
  // The hash under the issuer's signature; nothing for Ed25519 and for what is unknown.
  std::optional<HashKind> signature_hash() const;
  // True for a signature over MD5, SHA-1 or something unknown.
  bool weakly_signed() const;

  // Nothing when the certificate has no such extension; corrupt when it is there and cannot be read
  // or stands twice.
  Result<std::optional<AlternativeNames>> alternative_names() const;
  Result<std::optional<KeyUsage>> key_usage() const;
  Result<std::optional<ExtendedKeyUsage>> extended_key_usage() const;
  Result<std::optional<BasicConstraints>> basic_constraints() const;
  // The bytes inside the extension's OCTET STRING.
  std::optional<std::string> extension(std::string_view oid) const;
  // What Certificate Transparency signs: the TBSCertificate without the extension `oid`, as DER.
  Result<std::string> tbs_without_extension(std::string_view oid) const;
  // Whether `issuer` is named as the issuer and its key has signed this.
  [[nodiscard]] bool issued_by(const Certificate& issuer) const;

  x509_st* handle() const { return x509_.get(); }
  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der_ == b.der_; }

 private:
  explicit Certificate(PublicKey key) : key_(std::move(key)) {}
  std::shared_ptr<x509_st> x509_;
  PublicKey key_;
  std::string der_, subject_der_, issuer_der_;
  std::int64_t not_before_ = 0, not_after_ = 0;
};

// A text in DER (UTF8String, IA5String, PrintableString), as the extensions of Fulcio hold it.
Result<std::string> text_of_der(std::string_view der);

// What a chain is for; it is checked here, for OpenSSL 3.0 does not know code signing.
//   code_signing    the leaf is no CA, has digitalSignature and the extended usage codeSigning
//   time_stamping   the leaf is no CA, and its extended usage is critical and timeStamping alone
//                   (RFC 3161, 2.3)
//   any             only what holds for every chain; the caller looks at the leaf
// In all of them each issuer is a CA by its basic constraints, may sign certificates, and does not
// narrow its extended usage to something else.
enum class CertificatePurpose : std::uint8_t { any, code_signing, time_stamping };

enum class ChainFault : std::uint8_t {
  untrusted,  // no way to an anchor, or one with a wrong signature on it
  expired,    // a certificate of the chain is not valid at the moment, before or after
  purpose,    // a usage is not allowed, or an issuer is no CA
  signature,  // a signature over a weak hash (SHA-1)
  other,
};
std::string_view name_of(ChainFault fault);  // "untrusted", …

struct ChainError {
  ChainFault fault = ChainFault::other;
  std::string what;         // one sentence
  std::string certificate;  // subject of the certificate that it is about
  std::string wanted, found;
};

struct ChainRequest {
  std::span<const Certificate> anchors;  // trusted as they are; need not be self-signed
  std::span<const Certificate> intermediates;
  std::int64_t moment = 0;
  CertificatePurpose purpose = CertificatePurpose::any;
};

// The chain from the leaf (first) to an anchor (last), every certificate of it valid at the moment.
// A leaf that is an anchor itself is a chain of one.
std::expected<std::vector<Certificate>, ChainError> verify_chain(const Certificate& leaf,
                                                                 const ChainRequest& request);

}  // namespace boltseal
