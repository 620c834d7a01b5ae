#include "crypto/revocation.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "codec/pem.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

constexpr std::string_view oid_crl_points = "2.5.29.31", oid_access = "1.3.6.1.5.5.7.1.1";
constexpr std::string_view ocsp_der = "\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01";  // its method
constexpr std::size_t url_limit = 16;

using Points = OpenSsl<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;

bool names_a_place(const Certificate& certificate) {
  return certificate.extension(oid_crl_points) ||
         certificate.extension(oid_access).value_or("").find(ocsp_der) != std::string::npos;
}

void add_urls(const DIST_POINT_NAME* name, std::vector<std::string>& out) {
  if (!name || name->type != 0) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(name->name.fullname) && out.size() < url_limit; ++i) {
    int type = 0;
    const void* value =
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(name->name.fullname, i), &type);
    if (type == GEN_URI) out.push_back(bytes_of(static_cast<const ASN1_STRING*>(value)));
  }
}

std::vector<std::string> urls_of(const CRL_DIST_POINTS* points) {
  std::vector<std::string> out;
  for (int i = 0; points && i < sk_DIST_POINT_num(points); ++i)
    add_urls(sk_DIST_POINT_value(points, i)->distpoint, out);
  return out;
}

bool is_http(std::string_view url) {
  return url.starts_with("http://") && std::ranges::all_of(url, [](char c) {
           return c > ' ' && c < 0x7f;  // what is no part of a URL ends the line of a request
         });
}

// Numbers as hex of the same width compare as they are.
bool at_most(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a <= b;
}

Result<std::optional<std::string>> number_of(const X509_CRL* crl, int nid) {
  int state = 0;
  const OpenSsl<ASN1_INTEGER, ASN1_INTEGER_free> number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, nid, &state, nullptr)));
  if (!number && state == -1) return std::nullopt;
  if (!number) return openssl_error(Fault::corrupt, "a revocation list whose number is none");
  return hex_of(number.get());
}

// Permanent, unless the signature is proved to be older than the distrust.
bool still_counts(const RevocationList::Entry& entry, std::optional<std::int64_t> signing_time) {
  return !(signing_time && entry.invalid_since && *signing_time < *entry.invalid_since);
}

}  // namespace

// What a list is of (RFC 5280, 5.2.5).
struct RevocationList::Scope {
  bool known = true;                        // nothing critical that is not read here
  bool users = false, authorities = false;  // of them only
  std::vector<std::string> urls;            // empty: wherever it lies
};

Result<std::vector<RevocationList>> RevocationList::all_from_file(std::string_view bytes) {
  if (bytes.size() > max_revocation_list)
    return fail(Fault::too_large, "a revocation list of more than 32 MiB");
  std::vector<RevocationList> out;
  if (bytes.find("-----BEGIN ") == std::string_view::npos) {
    TRY(auto list, from_der(bytes));
    out.push_back(std::move(list));
    return out;
  }
  TRY(const auto blocks, parse_pem(bytes));
  for (const PemBlock& block : blocks) {
    if (block.label != "X509 CRL") continue;
    TRY(auto list, from_der(block.bytes));
    out.push_back(std::move(list));
  }
  if (out.empty()) return fail(Fault::not_found, "no revocation list is in the file");
  return out;
}

Result<RevocationList> RevocationList::from_der(std::string_view der) {
  RevocationList out;
  out.crl_ = der_object<d2i_X509_CRL, X509_CRL_free>(der);
  if (!out.crl_) return openssl_error(Fault::corrupt, "not a revocation list");
  const auto begin = seconds_of(X509_CRL_get0_lastUpdate(out.crl_.get()));
  const auto end = seconds_of(X509_CRL_get0_nextUpdate(out.crl_.get()));
  if (!begin || !end)
    return fail(Fault::unsupported, "a revocation list that does not say until when it holds");
  out.this_update_ = *begin;
  out.next_update_ = *end;
  TRY_DO(out.read_extensions());
  return out;
}

Result<> RevocationList::read_extensions() {
  TRY(number_, number_of(crl_.get(), NID_crl_number));
  TRY(base_number_, number_of(crl_.get(), NID_delta_crl));
  const Points changes(static_cast<CRL_DIST_POINTS*>(
      X509_CRL_get_ext_d2i(crl_.get(), NID_freshest_crl, nullptr, nullptr)));
  change_urls_ = urls_of(changes.get());
  auto scope = std::make_shared<Scope>();
  for (int i = 0; i < X509_CRL_get_ext_count(crl_.get()); ++i) {
    X509_EXTENSION* extension = X509_CRL_get_ext(crl_.get(), i);
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (X509_EXTENSION_get_critical(extension) != 0 && nid != NID_delta_crl &&
        nid != NID_issuing_distribution_point)
      scope->known = false;
  }
  int state = 0;
  const OpenSsl<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free> part(static_cast<ISSUING_DIST_POINT*>(
      X509_CRL_get_ext_d2i(crl_.get(), NID_issuing_distribution_point, &state, nullptr)));
  if (!part && state != -1) return openssl_error(Fault::corrupt, "a revocation list of no scope");
  if (part) {
    scope->users = part->onlyuser > 0;
    scope->authorities = part->onlyCA > 0;
    add_urls(part->distpoint, scope->urls);
    const bool odd = part->indirectCRL > 0 || part->onlyattr > 0 || part->onlysomereasons ||
                     (part->distpoint && scope->urls.empty());
    scope->known = scope->known && !odd;
  }
  scope_ = std::move(scope);
  ERR_clear_error();
  return {};
}

bool RevocationList::signed_by(const Certificate& issuer) const {
  const auto usage = issuer.key_usage();
  const bool may = usage && (!*usage || (*usage)->crl_sign) &&
                   over_strong_hash(X509_CRL_get_signature_nid(crl_.get()));
  const bool good =
      may &&
      X509_NAME_cmp(X509_CRL_get_issuer(crl_.get()), X509_get_subject_name(issuer.handle())) == 0 &&
      X509_CRL_verify(crl_.get(), issuer.public_key().handle()) == 1;
  ERR_clear_error();
  return good;
}

std::optional<RevocationList::Entry> RevocationList::entry_of(
    const Certificate& certificate) const {
  X509_REVOKED* entry = nullptr;
  if (X509_CRL_get0_by_serial(crl_.get(), &entry, X509_get_serialNumber(certificate.handle())) == 0)
    return std::nullopt;
  Entry out;
  out.since = seconds_of(X509_REVOKED_get0_revocationDate(entry)).value_or(0);
  const OpenSsl<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> since(
      static_cast<ASN1_GENERALIZEDTIME*>(
          X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, nullptr, nullptr)));
  out.invalid_since = seconds_of(since.get());
  const OpenSsl<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(static_cast<ASN1_ENUMERATED*>(
      X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  const long why = reason ? ASN1_ENUMERATED_get(reason.get()) : CRL_REASON_UNSPECIFIED;
  out.held = why == CRL_REASON_CERTIFICATE_HOLD;
  out.removed = why == CRL_REASON_REMOVE_FROM_CRL;
  ERR_clear_error();
  return out;
}

bool RevocationList::covers(const Certificate& certificate) const {
  if (!scope_->known || base_number_) return false;
  const auto constraints = certificate.basic_constraints();
  const bool authority = constraints && *constraints && (*constraints)->ca;
  if (authority ? scope_->users : scope_->authorities) return false;
  if (scope_->urls.empty()) return true;
  const auto named = revocation_list_urls(certificate);
  return std::ranges::find_first_of(scope_->urls, named) != scope_->urls.end();
}

// RFC 5280, 5.2.4.
bool RevocationList::changes(const RevocationList& base) const {
  return base_number_ && number_ && base.number_ && !base.base_number_ &&
         at_most(*base_number_, *base.number_) && !at_most(*number_, *base.number_);
}

namespace {

using Lists = std::vector<const RevocationList*>;

// What the lists of the issuer say together; old ones count for what cannot be taken back.
RevocationAnswer list_answer(const Certificate& certificate, const Lists& lists, std::int64_t now,
                             std::optional<std::int64_t> signing_time) {
  for (const RevocationList* list : lists) {
    const auto entry = list->entry_of(certificate);
    if (entry && !entry->held && !entry->removed && still_counts(*entry, signing_time))
      return {Revocation::revoked, entry->since};
  }
  for (const RevocationList* base : lists) {
    if (!base->covers(certificate) || !base->current_at(now)) continue;
    auto entry = base->entry_of(certificate);
    bool fresh = base->change_urls().empty();
    for (const RevocationList* changes : lists) {
      if (!changes->changes(*base) || !changes->current_at(now)) continue;
      fresh = true;
      const auto change = changes->entry_of(certificate);
      if (change && change->removed) entry.reset();
      if (change && change->held) entry = change;
    }
    if (entry && entry->held) return {Revocation::revoked, entry->since};
    if (fresh) return {Revocation::good, 0};
  }
  return {};
}

}  // namespace

RevocationAnswer revocation_of(const Certificate& certificate, const Certificate& issuer,
                               const RevocationEvidence& evidence, std::int64_t now,
                               std::optional<std::int64_t> signing_time) {
  Lists lists;
  for (const RevocationList& list : evidence.lists)
    if (list.signed_by(issuer)) lists.push_back(&list);
  const auto listed = list_answer(certificate, lists, now, signing_time);
  if (listed.state == Revocation::revoked) return listed;
  const auto answered = ocsp_answer(certificate, issuer, evidence, now, signing_time);
  if (answered.state != Revocation::undecided) return answered;
  if (listed.state == Revocation::good) return listed;
  return {names_a_place(certificate) ? Revocation::undecided : Revocation::not_asked, 0};
}

std::vector<std::string> revocation_list_urls(const Certificate& certificate) {
  const Points points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate.handle(), NID_crl_distribution_points, nullptr, nullptr)));
  ERR_clear_error();
  auto out = urls_of(points.get());
  std::erase_if(out, [](const std::string& url) { return !is_http(url); });
  return out;
}

std::vector<std::string> ocsp_urls(const Certificate& certificate) {
  std::vector<std::string> out;
  const OpenSsl<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> places(
      static_cast<AUTHORITY_INFO_ACCESS*>(
          X509_get_ext_d2i(certificate.handle(), NID_info_access, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(places.get()) && out.size() < url_limit; ++i) {
    const ACCESS_DESCRIPTION* place = sk_ACCESS_DESCRIPTION_value(places.get(), i);
    if (OBJ_obj2nid(place->method) != NID_ad_OCSP || place->location->type != GEN_URI) continue;
    std::string url = bytes_of(place->location->d.uniformResourceIdentifier);
    if (is_http(url)) out.push_back(std::move(url));
  }
  return out;
}

}  // namespace boltseal
