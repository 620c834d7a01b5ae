// Answers of responders (RFC 6960). OpenSSL finds the signer and checks the signature; who may
// sign, which certificate is meant and until when the answer holds are looked at here.
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "crypto/openssl.h"
#include "crypto/revocation.h"

namespace boltseal {
namespace {

constexpr std::string_view oid_ocsp_signing = "1.3.6.1.5.5.7.3.9",
                           oid_ocsp_no_check = "1.3.6.1.5.5.7.48.1.5";
constexpr int certificate_limit = 10, answer_limit = 1000;

bool weakly_signed(const OCSP_BASICRESP* basic) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, OCSP_resp_get0_tbs_sigalg(basic));
  return !over_strong_hash(OBJ_obj2nid(object));
}

bool signed_with(OCSP_BASICRESP* basic, const Certificate& signer) {
  const CertificateStack one = stack_of({&signer, 1});
  const bool good =
      one && OCSP_basic_verify(basic, one.get(), nullptr, OCSP_NOVERIFY | OCSP_NOINTERN) > 0;
  ERR_clear_error();
  return good;
}

// Whom the issuer lets answer for it: a certificate of its own making, for this purpose, that was
// not taken back itself.
bool may_answer(const Certificate& signer, const Certificate& issuer,
                const RevocationEvidence& evidence, std::int64_t now) {
  const auto usage = signer.extended_key_usage();
  if (!usage || !*usage || !(*usage)->has(oid_ocsp_signing)) return false;
  if (!signer.issued_by(issuer) || signer.weakly_signed() || !signer.valid_at(now)) return false;
  if (signer.extension(oid_ocsp_no_check)) return true;
  // By lists alone: an answer about who answers would lead in a circle.
  const auto state = revocation_of(signer, issuer, {evidence.lists, {}}, now, std::nullopt).state;
  return state == Revocation::good || state == Revocation::not_asked;
}

bool is_by_issuer(OCSP_BASICRESP* basic, const Certificate& issuer,
                  const RevocationEvidence& evidence, std::int64_t now) {
  if (weakly_signed(basic)) return false;
  if (signed_with(basic, issuer)) return true;
  const STACK_OF(X509)* others = OCSP_resp_get0_certs(basic);
  for (int i = 0; i < sk_X509_num(others) && i < certificate_limit; ++i) {
    const auto other = Certificate::from_der(der_of<i2d_X509>(sk_X509_value(others, i)));
    if (other && may_answer(*other, issuer, evidence, now) && signed_with(basic, *other))
      return true;
  }
  return false;
}

// The issuer may be named by any hash: it only tells which certificate is meant.
bool is_about(OCSP_SINGLERESP* single, const Certificate& certificate, const Certificate& issuer) {
  ASN1_OBJECT* object = nullptr;
  auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
  if (OCSP_id_get0_info(nullptr, &object, nullptr, nullptr, id) != 1) return false;
  const EVP_MD* hash = EVP_get_digestbyobj(object);
  if (!hash) return false;
  const OpenSsl<OCSP_CERTID, OCSP_CERTID_free> wanted(
      OCSP_cert_to_id(hash, certificate.handle(), issuer.handle()));
  return wanted && OCSP_id_cmp(wanted.get(), id) == 0;
}

// Spared by a proof that it was signed before the key was not to be trusted any more.
bool is_spared(OCSP_SINGLERESP* single, std::optional<std::int64_t> signing_time) {
  const OpenSsl<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> date(
      static_cast<ASN1_GENERALIZEDTIME*>(
          OCSP_SINGLERESP_get1_ext_d2i(single, NID_invalidity_date, nullptr, nullptr)));
  ERR_clear_error();
  const auto since = seconds_of(date.get());
  return since && signing_time && *signing_time < *since;
}

RevocationAnswer answer_of(OCSP_SINGLERESP* single, std::int64_t now,
                           std::optional<std::int64_t> signing_time) {
  int reason = OCSP_REVOKED_STATUS_NOSTATUS;
  ASN1_GENERALIZEDTIME *revoked = nullptr, *begin = nullptr, *end = nullptr;
  const int status = OCSP_single_get0_status(single, &reason, &revoked, &begin, &end);
  const auto from = seconds_of(begin), to = seconds_of(end);
  const bool current = from && to && *from <= now && now <= *to;
  const bool hold = reason == OCSP_REVOKED_STATUS_CERTIFICATEHOLD;
  if (status == V_OCSP_CERTSTATUS_REVOKED && !is_spared(single, signing_time) && (current || !hold))
    return {Revocation::revoked, seconds_of(revoked).value_or(0)};
  const bool good = status == V_OCSP_CERTSTATUS_GOOD || status == V_OCSP_CERTSTATUS_REVOKED;
  return {good && current ? Revocation::good : Revocation::undecided, 0};
}

}  // namespace

Result<OcspResponse> OcspResponse::from_der(std::string_view der) {
  if (der.size() > max_ocsp_response)
    return fail(Fault::too_large, "an OCSP response of over 64 KiB");
  const auto response = der_object<d2i_OCSP_RESPONSE, OCSP_RESPONSE_free>(der);
  if (!response) return openssl_error(Fault::corrupt, "not an OCSP response");
  const int status = OCSP_response_status(response.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return fail(Fault::unsupported,
                std::string("the responder gave no answer: ") + OCSP_response_status_str(status));
  OcspResponse out;
  out.basic_ = std::shared_ptr<OCSP_BASICRESP>(OCSP_response_get1_basic(response.get()),
                                               OCSP_BASICRESP_free);
  if (!out.basic_) return openssl_error(Fault::corrupt, "an OCSP response of an unknown kind");
  return out;
}

RevocationAnswer ocsp_answer(const Certificate& certificate, const Certificate& issuer,
                             const RevocationEvidence& evidence, std::int64_t now,
                             std::optional<std::int64_t> signing_time) {
  RevocationAnswer out;
  for (const OcspResponse& response : evidence.responses) {
    OCSP_BASICRESP* basic = response.handle();
    for (int i = 0; i < OCSP_resp_count(basic) && i < answer_limit; ++i) {
      OCSP_SINGLERESP* single = OCSP_resp_get0(basic, i);
      if (!is_about(single, certificate, issuer)) continue;
      if (!is_by_issuer(basic, issuer, evidence, now)) break;
      const auto answer = answer_of(single, now, signing_time);
      if (answer.state == Revocation::revoked) return answer;
      if (answer.state == Revocation::good) out = answer;
    }
  }
  return out;
}

Result<std::string> ocsp_request(const Certificate& certificate, const Certificate& issuer) {
  const OpenSsl<OCSP_REQUEST, OCSP_REQUEST_free> request(OCSP_REQUEST_new());
  OpenSsl<OCSP_CERTID, OCSP_CERTID_free> id(
      OCSP_cert_to_id(EVP_sha1(), certificate.handle(), issuer.handle()));
  if (!request || !id || !OCSP_request_add0_id(request.get(), id.get()))
    return openssl_error(Fault::io, "no OCSP request could be made");
  (void)id.release();  // it is the request's now
  std::string der = der_of<i2d_OCSP_REQUEST>(request.get());
  if (der.empty()) return openssl_error(Fault::io, "no OCSP request could be made");
  return der;
}

}  // namespace boltseal
