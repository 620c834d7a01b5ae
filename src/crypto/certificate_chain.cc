// Path validation (RFC 5280, 6). OpenSSL finds the path and checks names, constraints, signatures
// and times; what a certificate is for is checked here, for each of its members by its own words.
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <iterator>

#include "base/time.h"
#include "crypto/certificate.h"
#include "crypto/openssl.h"

namespace boltseal {
namespace {

constexpr int depth_limit = 16;

using Chain = std::vector<Certificate>;
using ChainResult = std::expected<Chain, ChainError>;

std::unexpected<ChainError> wrong(ChainFault fault, std::string what, const Certificate& about,
                                  std::string wanted = {}, std::string found = {}) {
  return std::unexpected(ChainError{fault, std::move(what), about.subject_text(), std::move(wanted),
                                    std::move(found)});
}

std::unexpected<ChainError> unreadable(const Error& error, const Certificate& about) {
  return wrong(ChainFault::other, error.what, about);
}

ChainFault fault_of(int code) {
  switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:  // a namesake of the issuer, or an altered leaf
      return ChainFault::untrusted;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
      return ChainFault::purpose;
    default:
      return ChainFault::other;
  }
}

std::string validity(const Certificate& certificate) {
  return rfc3339(certificate.not_before()) + " to " + rfc3339(certificate.not_after());
}

// An issuer is a CA by its own words, and says nothing that forbids what the leaf does.
std::expected<void, ChainError> check_issuer(const Certificate& issuer, std::string_view usage) {
  const auto constraints = issuer.basic_constraints();
  if (!constraints) return unreadable(constraints.error(), issuer);
  if (!*constraints || !(*constraints)->ca)
    return wrong(ChainFault::purpose, "an issuer that is no CA", issuer, "basicConstraints CA:TRUE",
                 "none");
  const auto key_usage = issuer.key_usage();
  if (!key_usage) return unreadable(key_usage.error(), issuer);
  if (*key_usage && !(*key_usage)->certificate_sign)
    return wrong(ChainFault::purpose, "an issuer that may not sign certificates", issuer,
                 "keyCertSign", "another key usage");
  const auto extended = issuer.extended_key_usage();
  if (!extended) return unreadable(extended.error(), issuer);
  if (*extended && !usage.empty() && !(*extended)->has(usage) &&
      !(*extended)->has(oid_any_extended_usage))
    return wrong(ChainFault::purpose, "an issuer for other purposes", issuer, std::string(usage),
                 fmt::format("{}", fmt::join((*extended)->oids, ", ")));
  return {};
}

std::expected<void, ChainError> check_leaf(const Certificate& leaf, std::string_view usage,
                                           bool alone) {
  const auto constraints = leaf.basic_constraints();
  if (!constraints) return unreadable(constraints.error(), leaf);
  if (*constraints && (*constraints)->ca)
    return wrong(ChainFault::purpose, "a CA's certificate signs in person", leaf, "CA:FALSE",
                 "CA:TRUE");
  const auto key_usage = leaf.key_usage();
  if (!key_usage) return unreadable(key_usage.error(), leaf);
  if (*key_usage && !(*key_usage)->digital_signature && !(alone && (*key_usage)->non_repudiation))
    return wrong(ChainFault::purpose, "a key that is not for signatures", leaf, "digitalSignature",
                 "another key usage");
  const auto extended = leaf.extended_key_usage();
  if (!extended) return unreadable(extended.error(), leaf);
  if (!*extended || !(*extended)->has(usage))
    return wrong(ChainFault::purpose, "a certificate for other purposes", leaf, std::string(usage),
                 *extended ? fmt::format("{}", fmt::join((*extended)->oids, ", ")) : "none");
  if (alone && ((*extended)->oids.size() != 1 || !(*extended)->critical))
    return wrong(ChainFault::purpose,
                 "a time stamping certificate's extended usage must be critical and no other", leaf,
                 "critical, timeStamping",
                 fmt::format("{}{}", (*extended)->critical ? "critical, " : "",
                             fmt::join((*extended)->oids, ", ")));
  return {};
}

std::expected<void, ChainError> check_members(const Chain& chain, const ChainRequest& request) {
  const bool stamps = request.purpose == CertificatePurpose::time_stamping;
  const std::string_view usage = stamps ? oid_time_stamping
                                 : request.purpose == CertificatePurpose::code_signing
                                     ? oid_code_signing
                                     : "";
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (!chain[i].valid_at(request.moment))
      return wrong(ChainFault::expired, "a certificate of the chain is not valid at the time",
                   chain[i], validity(chain[i]), rfc3339(request.moment));
    // Nobody relies on the signature under an anchor.
    if (i + 1 < chain.size() && chain[i].weakly_signed())
      return wrong(ChainFault::signature, "a certificate signed over a weak hash", chain[i],
                   "SHA-256, SHA-384 or SHA-512", "another");
    if (i > 0) {
      if (auto good = check_issuer(chain[i], usage); !good) return good;
    }
  }
  if (usage.empty()) return {};
  return check_leaf(chain.front(), usage, stamps);
}

// The certificate of `among` that OpenSSL means, or one read anew.
std::optional<Certificate> ours(const X509* x509) {
  auto certificate = Certificate::from_der(der_of<i2d_X509>(x509));
  if (!certificate) return std::nullopt;
  return *std::move(certificate);
}

std::unexpected<ChainError> openssl_refusal(X509_STORE_CTX* context, const Certificate& leaf) {
  const int code = X509_STORE_CTX_get_error(context);
  const X509* current = X509_STORE_CTX_get_current_cert(context);
  const auto about = current ? ours(current) : std::nullopt;
  const Certificate& named = about ? *about : leaf;
  const ChainFault fault = fault_of(code);
  ERR_clear_error();
  if (fault == ChainFault::untrusted)
    return wrong(fault, "the chain does not lead to an authority that is trusted here", named,
                 "a trusted issuer", named.issuer_text());
  return wrong(fault, X509_verify_cert_error_string(code), named);
}

}  // namespace

std::string_view name_of(ChainFault fault) {
  switch (fault) {
    case ChainFault::untrusted:
      return "untrusted";
    case ChainFault::expired:
      return "expired";
    case ChainFault::purpose:
      return "purpose";
    case ChainFault::signature:
      return "signature";
    case ChainFault::other:
      break;
  }
  return "other";
}

namespace {

// The path that OpenSSL finds, its times left to us: OpenSSL takes the last second for over.
ChainResult path_to_anchor(const Certificate& leaf, std::span<const Certificate> anchors,
                           std::span<const Certificate> intermediates) {
  const OpenSsl<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  const OpenSsl<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  const CertificateStack others = stack_of(intermediates);
  bool ready =
      store && context && others && anchors.size() + intermediates.size() <= max_certificates;
  for (const Certificate& anchor : anchors)
    ready = ready && X509_STORE_add_cert(store.get(), anchor.handle()) == 1;
  ready =
      ready && X509_STORE_CTX_init(context.get(), store.get(), leaf.handle(), others.get()) == 1;
  if (!ready) {
    ERR_clear_error();
    return wrong(ChainFault::other, "too many certificates, or no memory for them", leaf);
  }
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_depth(rules, depth_limit);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(context.get()) != 1) return openssl_refusal(context.get(), leaf);
  Chain chain;
  const STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(found); ++i) {
    auto member = ours(sk_X509_value(found, i));
    if (!member) return wrong(ChainFault::other, "a chain with a key that is not taken", leaf);
    chain.push_back(*std::move(member));
  }
  ERR_clear_error();
  if (chain.empty()) return wrong(ChainFault::other, "an empty chain", leaf);
  return chain;
}

Chain valid_ones(std::span<const Certificate> all, std::int64_t moment) {
  Chain out;
  std::ranges::copy_if(all, std::back_inserter(out),
                       [&](const Certificate& one) { return one.valid_at(moment); });
  return out;
}

}  // namespace

ChainResult verify_chain(const Certificate& leaf, const ChainRequest& request) {
  // What is not valid at the moment must not stand in the way of a namesake that is.
  const Chain anchors = valid_ones(request.anchors, request.moment);
  const Chain others = valid_ones(request.intermediates, request.moment);
  auto chain = path_to_anchor(leaf, anchors, others);
  const bool left_out =
      anchors.size() < request.anchors.size() || others.size() < request.intermediates.size();
  if (!chain && left_out) {  // then the path over all of them says what is over
    if (auto whole = path_to_anchor(leaf, request.anchors, request.intermediates))
      chain = std::move(whole);
  }
  if (!chain) return chain;
  if (auto good = check_members(*chain, request); !good) return std::unexpected(good.error());
  return chain;
}

}  // namespace boltseal
