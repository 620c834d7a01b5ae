// Timestamps over OpenSSL's ts.h. Its one-call verification says only "no"; so imprint, signer and
// chain are looked at here, each with its reason, and OpenSSL's check of the token (the one signer,
// the attributes under the signature, the ESS certificate identifier, the signature) comes last.
#include "crypto/timestamp.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

using Pkcs7 = OpenSsl<PKCS7, PKCS7_free>;
using TstInfo = OpenSsl<TS_TST_INFO, TS_TST_INFO_free>;

void free_borrowed(STACK_OF(X509) * stack) { sk_X509_free(stack); }

struct Token {
  Pkcs7 cms;
  TstInfo info;
};

std::unexpected<TimestampError> wrong(TimestampFault fault, std::string what,
                                      std::string wanted = {}, std::string found = {}) {
  ERR_clear_error();
  return std::unexpected(
      TimestampError{fault, std::move(what), std::move(wanted), std::move(found)});
}

// The answer's token, or the token that the bytes are.
Result<Pkcs7> cms_of(std::string_view der) {
  if (der.size() > max_timestamp) return fail(Fault::too_large, "a timestamp of over 256 KiB");
  const auto response = der_object<d2i_TS_RESP, TS_RESP_free>(der);
  Pkcs7 cms;
  if (response) {
    const auto* status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response.get()));
    const long code = ASN1_INTEGER_get(status);
    if (code != TS_STATUS_GRANTED && code != TS_STATUS_GRANTED_WITH_MODS)
      return fail(Fault::corrupt,
                  "a timestamp that was not granted: PKIStatus " + std::to_string(code));
    PKCS7* token = TS_RESP_get_token(response.get());
    cms.reset(token ? PKCS7_dup(token) : nullptr);
  } else {
    ERR_clear_error();
    cms = der_object<d2i_PKCS7, PKCS7_free>(der);
  }
  if (!cms) return openssl_error(Fault::corrupt, "not a timestamp (RFC 3161)");
  return cms;
}

Result<Token> token_of(std::string_view der) {
  Token out;
  TRY(out.cms, cms_of(der));
  if (PKCS7_type_is_signed(out.cms.get()) && !PKCS7_get_detached(out.cms.get()))
    out.info.reset(PKCS7_to_TS_TST_INFO(out.cms.get()));
  if (!out.info) return openssl_error(Fault::corrupt, "a timestamp without its TSTInfo");
  if (TS_TST_INFO_get_version(out.info.get()) != 1)
    return fail(Fault::unsupported, "a timestamp of another version than 1");
  return out;
}

Result<std::int64_t> time_of(const TS_TST_INFO* info) {
  if (const auto seconds = seconds_of(TS_TST_INFO_get_time(info))) return *seconds;
  return openssl_error(Fault::corrupt, "a timestamp whose time is none");
}

std::optional<HashKind> hash_of(TS_MSG_IMPRINT* imprint) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, TS_MSG_IMPRINT_get_algo(imprint));
  switch (OBJ_obj2nid(object)) {
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

std::expected<HashKind, TimestampError> check_imprint(TS_TST_INFO* info, std::string_view message) {
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info);
  const auto kind = hash_of(imprint);
  if (!kind)
    return wrong(TimestampFault::mismatch, "a timestamp over a hash that is not taken",
                 "SHA-256, SHA-384 or SHA-512", "another");
  const std::string found = bytes_of(TS_MSG_IMPRINT_get_msg(imprint));
  const std::string wanted = hash(*kind, message);
  if (found != wanted)
    return wrong(TimestampFault::mismatch, "the timestamp is over something else", hex(wanted),
                 hex(found));
  return *kind;
}

// What came with the token helps to find a way; a certificate that we cannot read does not.
std::vector<Certificate> intermediates_of(PKCS7* cms, const TimestampTrust& trust) {
  std::vector<Certificate> out(trust.others.begin(), trust.others.end());
  const STACK_OF(X509)* embedded = cms->d.sign ? cms->d.sign->cert : nullptr;
  for (int i = 0; i < sk_X509_num(embedded) && i < 20; ++i) {
    auto certificate = Certificate::from_der(der_of<i2d_X509>(sk_X509_value(embedded, i)));
    if (certificate) out.push_back(*std::move(certificate));
  }
  return out;
}

// The chain has been judged at its time already.
bool token_holds(PKCS7* cms, STACK_OF(X509) * known, std::span<const Certificate> anchors) {
  const OpenSsl<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  if (!store) return false;
  for (const Certificate& anchor : anchors)
    if (X509_STORE_add_cert(store.get(), anchor.handle()) != 1) return false;
  X509_VERIFY_PARAM* rules = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  return TS_RESP_verify_signature(cms, known, store.get(), nullptr) == 1;
}

}  // namespace

std::string_view name_of(TimestampFault fault) {
  switch (fault) {
    case TimestampFault::mismatch:
      return "mismatch";
    case TimestampFault::signer:
      return "signer";
    case TimestampFault::chain:
      return "chain";
    case TimestampFault::signature:
      return "signature";
    case TimestampFault::unreadable:
      break;
  }
  return "unreadable";
}

std::expected<Timestamp, TimestampError> verify_timestamp(std::string_view der,
                                                          std::string_view message,
                                                          const TimestampTrust& trust) {
  const auto token = token_of(der);
  if (!token) return wrong(TimestampFault::unreadable, token.error().what);
  const auto time = time_of(token->info.get());
  if (!time) return wrong(TimestampFault::unreadable, time.error().what);
  const auto kind = check_imprint(token->info.get(), message);
  if (!kind) return std::unexpected(kind.error());
  PKCS7* cms = token->cms.get();
  const CertificateStack known = stack_of(trust.anchors, trust.others);
  const OpenSsl<STACK_OF(X509), free_borrowed> signers(
      known ? PKCS7_get0_signers(cms, known.get(), 0) : nullptr);
  if (!signers || sk_X509_num(signers.get()) != 1)
    return wrong(TimestampFault::signer,
                 "the certificate of the timestamp's signer is neither in the timestamp nor among "
                 "the authorities that are trusted here");
  const auto signer = Certificate::from_der(der_of<i2d_X509>(sk_X509_value(signers.get(), 0)));
  if (!signer) return wrong(TimestampFault::signer, signer.error().what);
  const auto intermediates = intermediates_of(cms, trust);
  auto chain = verify_chain(*signer, {.anchors = trust.anchors,
                                      .intermediates = intermediates,
                                      .moment = *time,
                                      .purpose = CertificatePurpose::time_stamping});
  if (!chain) {
    auto error =
        wrong(TimestampFault::chain, chain.error().what, chain.error().wanted, chain.error().found);
    error.error().chain = chain.error().fault;
    return error;
  }
  if (!token_holds(cms, known.get(), trust.anchors))
    return wrong(TimestampFault::signature, "the timestamp's signature is not good");
  return Timestamp{*time, *kind, dotted(TS_TST_INFO_get_policy_id(token->info.get())),
                   hex_of(TS_TST_INFO_get_serial(token->info.get())), *std::move(chain)};
}

Result<std::vector<Certificate>> timestamp_certificates(std::string_view der) {
  TRY(const auto token, token_of(der));
  return intermediates_of(token.cms.get(), {});
}

Result<std::string> timestamp_token(std::string_view der) {
  TRY(const auto cms, cms_of(der));
  std::string out = der_of<i2d_PKCS7>(cms.get());
  if (out.empty()) return openssl_error(Fault::corrupt, "a timestamp that cannot be written");
  return out;
}

Result<std::int64_t> unverified_time(std::string_view der) {
  TRY(const auto token, token_of(der));
  return time_of(token.info.get());
}

Result<TimestampQuery> timestamp_query(std::string_view message) {
  std::array<unsigned char, 8> random{};
  const OpenSsl<TS_REQ, TS_REQ_free> request(TS_REQ_new());
  const OpenSsl<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free> imprint(TS_MSG_IMPRINT_new());
  const OpenSsl<X509_ALGOR, X509_ALGOR_free> algorithm(X509_ALGOR_new());
  std::string digest = hash(HashKind::sha256, message);
  if (!request || !imprint || !algorithm || RAND_bytes(random.data(), random.size()) != 1)
    return openssl_error(Fault::io, "no timestamp request could be made");
  random[0] |= 0x40;  // never a leading zero, which DER would leave out
  random[0] &= 0x7f;  // nor a sign
  const OpenSsl<BIGNUM, BN_free> number(BN_bin2bn(random.data(), random.size(), nullptr));
  const OpenSsl<ASN1_INTEGER, ASN1_INTEGER_free> nonce(
      number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
  X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr);
  const bool made =
      nonce && TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
      TS_MSG_IMPRINT_set_msg(imprint.get(), reinterpret_cast<unsigned char*>(digest.data()),
                             static_cast<int>(digest.size())) == 1 &&
      TS_REQ_set_version(request.get(), 1) == 1 &&
      TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
      TS_REQ_set_nonce(request.get(), nonce.get()) == 1 &&
      TS_REQ_set_cert_req(request.get(), 1) == 1;
  TimestampQuery out{made ? der_of<i2d_TS_REQ>(request.get()) : std::string{},
                     std::string(reinterpret_cast<char*>(random.data()), random.size())};
  if (out.der.empty()) return openssl_error(Fault::io, "no timestamp request could be made");
  return out;
}

Result<> check_answer(std::string_view der, const TimestampQuery& query, std::string_view message) {
  TRY(const auto token, token_of(der));
  if (const auto good = check_imprint(token.info.get(), message); !good)
    return fail(Fault::corrupt, good.error().what);
  if (query.nonce.empty() || hex_of(TS_TST_INFO_get_nonce(token.info.get())) != hex(query.nonce))
    return fail(Fault::corrupt, "the timestamp is an answer to another question (its nonce)");
  return {};
}

}  // namespace boltseal
