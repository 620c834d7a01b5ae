#include "crypto/revocation.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "codec/pem.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

constexpr std::size_t list_limit = 16 << 20;
constexpr std::string_view oid_crl_points = "2.5.29.31", oid_access = "1.3.6.1.5.5.7.1.1";
constexpr std::string_view ocsp_der = "\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01";  // its method

bool names_a_place(const Certificate& certificate) {
  return certificate.extension(oid_crl_points) ||
         certificate.extension(oid_access).value_or("").find(ocsp_der) != std::string::npos;
}

// Critical extensions of a list narrow what it says; the two that do are known (RFC 5280, 5.2.4 and
// 5.2.5), and any of them makes it a part.
bool is_whole(const X509_CRL* crl) {
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)) != 0) return false;
  }
  return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) < 0;
}

bool was_compromised(const X509_REVOKED* entry) {
  const OpenSsl<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(static_cast<ASN1_ENUMERATED*>(
      X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  const long value = reason ? ASN1_ENUMERATED_get(reason.get()) : CRL_REASON_UNSPECIFIED;
  return value == CRL_REASON_KEY_COMPROMISE || value == CRL_REASON_CA_COMPROMISE;
}

}  // namespace

Result<std::vector<RevocationList>> RevocationList::all_from_file(std::string_view bytes) {
  if (bytes.size() > list_limit)
    return fail(Fault::too_large, "a revocation list of more than 16 MiB");
  std::vector<std::string> ders;
  if (bytes.find("-----BEGIN ") == std::string_view::npos) {
    ders.emplace_back(bytes);
  } else {
    TRY(auto blocks, parse_pem(bytes));
    for (PemBlock& block : blocks) {
      if (block.label == "X509 CRL") ders.push_back(std::move(block.bytes));
    }
  }
  if (ders.empty()) return fail(Fault::not_found, "no revocation list is in the file");
  std::vector<RevocationList> out;
  for (const std::string& der : ders) {
    RevocationList list;
    list.crl_ = der_object<d2i_X509_CRL, X509_CRL_free>(der);
    if (!list.crl_) return openssl_error(Fault::corrupt, "not a revocation list");
    const auto begin = seconds_of(X509_CRL_get0_lastUpdate(list.crl_.get()));
    const auto end = seconds_of(X509_CRL_get0_nextUpdate(list.crl_.get()));
    if (!begin || !end)
      return fail(Fault::unsupported, "a revocation list that does not say until when it holds");
    list.this_update_ = *begin;
    list.next_update_ = *end;
    list.whole_ = is_whole(list.crl_.get());
    out.push_back(std::move(list));
  }
  return out;
}

bool RevocationList::signed_by(const Certificate& issuer) const {
  const bool good =
      X509_NAME_cmp(X509_CRL_get_issuer(crl_.get()), X509_get_subject_name(issuer.handle())) == 0 &&
      X509_CRL_verify(crl_.get(), issuer.public_key().handle()) == 1;
  ERR_clear_error();
  return good;
}

std::optional<std::int64_t> RevocationList::revoked_at(const Certificate& certificate) const {
  X509_REVOKED* entry = nullptr;
  if (X509_CRL_get0_by_serial(crl_.get(), &entry, X509_get_serialNumber(certificate.handle())) == 0)
    return std::nullopt;
  // A key that somebody else has may have signed at any time.
  if (was_compromised(entry)) return 0;
  return seconds_of(X509_REVOKED_get0_revocationDate(entry)).value_or(0);
}

RevocationAnswer revocation_of(const Certificate& certificate, const Certificate& issuer,
                               std::span<const RevocationList> lists, std::int64_t now,
                               std::optional<std::int64_t> signing_time) {
  bool good = false;
  for (const RevocationList& list : lists) {
    if (!list.signed_by(issuer)) continue;
    // Once revoked stays revoked, however old the list is.
    if (const auto since = list.revoked_at(certificate)) {
      if (!signing_time || *since <= *signing_time) return {Revocation::revoked, *since};
    }
    good = good || (list.whole() && list.current_at(now));
  }
  if (good) return {Revocation::good, 0};
  return {names_a_place(certificate) ? Revocation::undecided : Revocation::not_asked, 0};
}

}  // namespace boltseal
