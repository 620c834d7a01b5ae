// Which chains of certificates may sign (signature-specification.md, "Certificate Requirements").
#include <fmt/format.h>

#include <array>

#include "seal/notation_verify.h"

namespace boltseal {
namespace {

constexpr std::string_view oid_server = "1.3.6.1.5.5.7.3.1", oid_client = "1.3.6.1.5.5.7.3.2",
                           oid_email = "1.3.6.1.5.5.7.3.4", oid_ocsp = "1.3.6.1.5.5.7.3.9";
constexpr std::string_view code = "certificate-not-allowed";

std::unexpected<Refusal> not_allowed(const Certificate& certificate, std::string what,
                                     std::string field, std::string wanted = {},
                                     std::string found = {}) {
  return refuse(std::string(code), fmt::format("{}: {}", certificate.subject_text(), what),
                std::move(field), std::move(wanted), std::move(found));
}

Checked<std::monostate> check_key(const Certificate& certificate) {
  const PublicKey& key = certificate.public_key();
  if (key.kind() == KeyKind::ed25519)
    return not_allowed(certificate, "the key must be ECDSA or RSA", "subjectPublicKeyInfo",
                       "ECDSA or RSA", "Ed25519");
  if (certificate.weakly_signed())
    return not_allowed(certificate, "signed over a hash that is too weak", "signatureAlgorithm",
                       "SHA-256, SHA-384 or SHA-512", "another");
  return {};
}

Checked<std::monostate> check_leaf_usage(const Certificate& leaf, const KeyUsage& usage) {
  if (!usage.critical || !usage.digital_signature)
    return not_allowed(leaf, "keyUsage must be critical and hold digitalSignature", "keyUsage",
                       "critical, digitalSignature", usage.critical ? "critical" : "not critical");
  if (usage.key_encipherment || usage.data_encipherment || usage.key_agreement ||
      usage.certificate_sign || usage.crl_sign || usage.encipher_only || usage.decipher_only)
    return not_allowed(leaf, "the key is for more than signing", "keyUsage", "digitalSignature",
                       "other usages too");
  return {};
}

Checked<std::monostate> check_leaf(const Certificate& leaf) {
  const auto usage = leaf.key_usage();
  const auto extended = leaf.extended_key_usage();
  const auto constraints = leaf.basic_constraints();
  if (!usage) return refuse(usage.error(), "keyUsage");
  if (!extended) return refuse(extended.error(), "extKeyUsage");
  if (!constraints) return refuse(constraints.error(), "basicConstraints");
  if (!*usage) return not_allowed(leaf, "it has no keyUsage", "keyUsage", "digitalSignature");
  if (const auto good = check_leaf_usage(leaf, **usage); !good) return good;
  if (*constraints && (*constraints)->ca)
    return not_allowed(leaf, "the signer must be no CA", "basicConstraints.cA", "false", "true");
  if (*extended) {
    for (const std::string_view oid :
         {oid_any_extended_usage, oid_server, oid_client, oid_email, oid_time_stamping, oid_ocsp}) {
      if ((*extended)->has(oid))
        return not_allowed(leaf, "the certificate is for something else than signing code",
                           "extKeyUsage", std::string(oid_code_signing), std::string(oid));
    }
  }
  return check_key(leaf);
}

Checked<std::monostate> check_authority(const Certificate& authority, std::size_t below) {
  const auto usage = authority.key_usage();
  const auto constraints = authority.basic_constraints();
  if (!usage) return refuse(usage.error(), "keyUsage");
  if (!constraints) return refuse(constraints.error(), "basicConstraints");
  if (!*constraints || !(*constraints)->critical || !(*constraints)->ca)
    return not_allowed(authority, "an issuer's basicConstraints must be critical and say CA",
                       "basicConstraints", "critical, cA true");
  if ((*constraints)->path_length &&
      *(*constraints)->path_length < static_cast<std::int64_t>(below))
    return not_allowed(authority, "more issuers stand below than it allows",
                       "basicConstraints.pathLenConstraint", fmt::format("{}", below),
                       fmt::format("{}", *(*constraints)->path_length));
  if (!*usage || !(*usage)->critical || !(*usage)->certificate_sign)
    return not_allowed(authority, "an issuer's keyUsage must be critical and hold keyCertSign",
                       "keyUsage", "critical, keyCertSign");
  return check_key(authority);
}

}  // namespace

Checked<std::monostate> check_notation_chain(const std::vector<Certificate>& chain) {
  if (chain.empty()) return refuse("certificate-missing", "no certificate is in it", "x5c");
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const bool last = i + 1 == chain.size();
    const Certificate& issuer = last ? chain[i] : chain[i + 1];
    if (!chain[i].issued_by(issuer))
      return not_allowed(chain[i],
                         last ? "the chain does not end in a certificate that signs itself"
                              : "the next certificate of the chain is not its issuer",
                         fmt::format("x5c[{}]", i), issuer.subject_text(), chain[i].issuer_text());
  }
  if (const auto good = check_leaf(chain.front()); !good) return good;
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (const auto good = check_authority(chain[i], i - 1); !good) return good;
  }
  return {};
}

}  // namespace boltseal
