// Whether a certificate was taken back, as its issuer's lists say (RFC 5280, section 5).
//
// Nothing is fetched: who asks brings the lists.
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

struct X509_crl_st;  // OpenSSL's X509_CRL

namespace boltseal {

class RevocationList {
 public:
  // All lists of a PEM ("X509 CRL"), or one in DER; at most 16 MiB.
  static Result<std::vector<RevocationList>> all_from_file(std::string_view bytes);

  // Whether `issuer` has signed this list.
  [[nodiscard]] bool signed_by(const Certificate& issuer) const;
  // Made at or before the moment, and the next one was not due yet.
  bool current_at(std::int64_t moment) const {
    return this_update_ <= moment && moment <= next_update_;
  }
  // When the certificate was revoked (0: its key was compromised, so at all times); nothing when it
  // is not on the list.
  std::optional<std::int64_t> revoked_at(const Certificate& certificate) const;
  // A list that covers part of the certificates only, or holds changes only, says nothing of the
  // others.
  bool whole() const { return whole_; }

 private:
  RevocationList() = default;
  std::shared_ptr<X509_crl_st> crl_;
  std::int64_t this_update_ = 0, next_update_ = 0;
  bool whole_ = false;
};

enum class Revocation : std::uint8_t {
  not_asked,  // the certificate names no place to ask at: it cannot be revoked
  good,       // a current list of its issuer does not name it
  revoked,
  undecided,  // no current list of its issuer is at hand
};
struct RevocationAnswer {
  Revocation state = Revocation::undecided;
  std::int64_t since = 0;  // of revoked
};

// `signing_time`: a proof that the signature existed then, where there is one: what was revoked
// later is good.
RevocationAnswer revocation_of(const Certificate& certificate, const Certificate& issuer,
                               std::span<const RevocationList> lists, std::int64_t now,
                               std::optional<std::int64_t> signing_time);

}  // namespace boltseal
