// Whether a certificate was taken back, as its issuer's lists (RFC 5280, section 5) and responders
// (RFC 6960) say. Nothing is fetched here: who asks brings them.
//
// What the Notary Project asks for is held (trust-store-trust-policy.md, "Certificate Revocation
// Evaluation"): an answer counts only while it is current and only by the issuer's word; a proof of
// the time of signing spares a signature only where the issuer says since when the key was not to
// be trusted (the invalidity date).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"

struct X509_crl_st;             // OpenSSL's X509_CRL
struct ocsp_basic_response_st;  // OpenSSL's OCSP_BASICRESP

namespace boltseal {

constexpr std::size_t max_revocation_list = 32 << 20;  // bytes
constexpr std::size_t max_ocsp_response = 64 << 10;

class RevocationList {
 public:
  struct Entry {
    std::int64_t since = 0;
    std::optional<std::int64_t> invalid_since;
    bool held = false;     // on hold, may be taken off again
    bool removed = false;  // a change that takes it off
  };

  // All lists of a PEM ("X509 CRL"), or one in DER.
  static Result<std::vector<RevocationList>> all_from_file(std::string_view bytes);

  // Whether `issuer` has signed this list.
  [[nodiscard]] bool signed_by(const Certificate& issuer) const;
  // Made at or before the moment, and the next one was not due yet.
  bool current_at(std::int64_t moment) const {
    return this_update_ <= moment && moment <= next_update_;
  }
  // Nothing when the certificate is not on the list.
  std::optional<Entry> entry_of(const Certificate& certificate) const;
  // Whether the certificate would be here if it were revoked: not of a list for others only, for
  // some reasons only, or of changes.
  bool covers(const Certificate& certificate) const;
  // Whether this is a list of the changes to `base`.
  bool changes(const RevocationList& base) const;
  // Where the changes to this list are to be had; it says nothing without them.
  const std::vector<std::string>& change_urls() const { return change_urls_; }

 private:
  RevocationList() = default;
  static Result<RevocationList> from_der(std::string_view der);
  Result<> read_extensions();
  struct Scope;

  std::shared_ptr<X509_crl_st> crl_;
  std::shared_ptr<const Scope> scope_;
  std::int64_t this_update_ = 0, next_update_ = 0;
  std::optional<std::string> number_, base_number_;  // hex
  std::vector<std::string> change_urls_;
};

class OcspResponse {
 public:
  // unsupported when the responder gave no answer ("try later").
  static Result<OcspResponse> from_der(std::string_view der);
  ocsp_basic_response_st* handle() const { return basic_.get(); }

 private:
  OcspResponse() = default;
  std::shared_ptr<ocsp_basic_response_st> basic_;
};

// What is at hand to judge by; a part that the issuer did not sign does no harm.
struct RevocationEvidence {
  std::vector<RevocationList> lists;
  std::vector<OcspResponse> responses;
};

enum class Revocation : std::uint8_t {
  not_asked,  // the certificate names no place to ask at: it cannot be revoked
  good,       // a current list of its issuer does not name it, or a responder says so
  revoked,
  undecided,  // nothing current of its issuer is at hand
};
struct RevocationAnswer {
  Revocation state = Revocation::undecided;
  std::int64_t since = 0;  // of revoked
};

// `signing_time`: a proof that the signature existed then, where there is one.
RevocationAnswer revocation_of(const Certificate& certificate, const Certificate& issuer,
                               const RevocationEvidence& evidence, std::int64_t now,
                               std::optional<std::int64_t> signing_time);

// What responders alone say; undecided where none does.
RevocationAnswer ocsp_answer(const Certificate& certificate, const Certificate& issuer,
                             const RevocationEvidence& evidence, std::int64_t now,
                             std::optional<std::int64_t> signing_time);

// Where a certificate says that its issuer's lists and its responder are; http alone, as the Notary
// Project has it.
std::vector<std::string> revocation_list_urls(const Certificate& certificate);
std::vector<std::string> ocsp_urls(const Certificate& certificate);

// An OCSPRequest in DER. The issuer is named by SHA-1, which is all that some responders know.
Result<std::string> ocsp_request(const Certificate& certificate, const Certificate& issuer);

}  // namespace boltseal
