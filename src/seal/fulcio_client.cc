#include "seal/fulcio_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "seal/authorities.h"
#include "seal/identity.h"
#include "seal/protojson.h"
#include "seal/sct.h"

namespace boltseal {
namespace {

constexpr std::string_view who = "certificate authority";
constexpr const char* code = "service-answer-invalid";

// The proof that the key is ours is a signature over who we are, so that nobody else can have our
// key certified for himself.
Result<std::string> request_body(const Signer& signer, const IdentityToken& token) {
  TRY(const auto proof, signer.sign(token.subject));
  JsonWriter json(false);
  json.object().key("credentials").object().member("oidcIdentityToken", token.text).end();
  json.key("publicKeyRequest").object().key("publicKey").object();
  json.member("algorithm", "ECDSA").member("content", signer.public_key().pem()).end();
  return json.member("proofOfPossession", base64(proof)).end().end().take();
}

Checked<void> check_bearer(const Certificate& leaf, const IdentityToken& token) {
  TRY(const auto identity, identity_of(leaf));
  const auto named = fmt::format("{}", fmt::join(identity.names, ", "));
  if (!token.email.empty() &&
      std::ranges::find(identity.names, token.email) == identity.names.end())
    return refuse("certificate-identity-mismatch", "the certificate was given to somebody else",
                  "certificate.subjectAlternativeName", token.email, named);
  if (std::ranges::find(token.issuers, identity.issuer) == token.issuers.end())
    return refuse("certificate-identity-mismatch", "the certificate names another issuer",
                  "certificate.issuer", fmt::format("{}", fmt::join(token.issuers, " or ")),
                  identity.issuer);
  return {};
}

}  // namespace

Checked<std::vector<Certificate>> parse_fulcio_answer(std::string_view json) {
  const auto document = parse_json(json);
  if (!document) return refuse(code, document.error().what, std::string(who), "JSON");
  TRY_DO(refuse_repeats(document->root(), code));
  const ProtoObject root(document->root(), std::string(who), code);
  const bool detached = root.has("signedCertificateDetachedSct");
  TRY(const auto answer,
      root.object(detached ? "signedCertificateDetachedSct" : "signedCertificateEmbeddedSct"));
  TRY(const auto chain, answer.object("chain"));
  std::vector<Certificate> out;
  for (const Value& pem : chain.at("certificates").items()) {
    auto certificates = Certificate::all_from_pem(pem.text());
    if (!certificates || certificates->size() != 1 || out.size() >= 10)
      return chain.wrong("certificates", certificates ? "not one certificate each, ten at the most"
                                                      : certificates.error().what);
    out.push_back(std::move(certificates->front()));
  }
  if (out.empty()) return chain.wrong("certificates", "no certificate", "at least one", "none");
  return out;
}

Checked<Certificate> request_certificate(const std::string& url, const Signer& signer,
                                         const IdentityToken& token, const TrustedRoot& root,
                                         bool ignore_sct, const ServiceAccess& access) {
  TRY(auto body, readable(request_body(signer, token), "proof of possession"));
  TRY(const auto response, ask_service(who, post_json(url, "/api/v2/signingCert", std::move(body)),
                                       access, 0, token.text));
  TRY(const auto sent, parse_fulcio_answer(response.body));
  const Certificate& leaf = sent.front();
  if (leaf.public_key() != signer.public_key())
    return refuse("certificate-key-mismatch", "the authority certified another key than ours",
                  "certificate.publicKey", "key " + signer.public_key().id(),
                  "key " + leaf.public_key().id());
  // A bundle carries the leaf alone, so that the root must know the way from there. The beginning
  // of its validity is asked about, because this machine's clock may be behind.
  TRY(const auto chain, verify_signing_certificate(leaf, {}, root, leaf.not_before()));
  if (chain.size() < 2)
    return refuse("certificate-invalid", "the certificate has no issuer", "certificate");
  if (!ignore_sct) TRY_DO(verify_scts(leaf, chain[1], root));
  TRY_DO(check_bearer(leaf, token));
  return leaf;
}

}  // namespace boltseal
