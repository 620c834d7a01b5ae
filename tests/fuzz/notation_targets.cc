// What notation's signatures are made of and judged by: envelopes, trust policies, revocation
// lists.
#include "crypto/revocation.h"
#include "seal/notation_envelope.h"
#include "seal/notation_policy.h"
#include "seal/notation_verify.h"
#include "targets.h"

namespace boltseal {
namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// The most lenient policy there is: everything but integrity is only logged.
const NotationPolicy& lenient_policy() {
  static const auto policies = parse_notation_policy(
      R"({"version":"1.0","trustPolicies":[{"name":"p","registryScopes":["*"],"signatureVerification":{"level":"audit"},"trustStores":["ca:a"],"trustedIdentities":["*"]}]})",
      NotationSubject::image);
  return policies.value().front();
}

// Whatever an envelope says, it was not made by a key of ours nor for an artifact that nobody has.
template <bool jws>
void judge_envelope(std::string_view bytes) {
  const std::string_view type = jws ? jws_media_type : cose_media_type;
  const auto signature = parse_notation(type, bytes);
  if (!signature) return;
  require(!signature->certificates.empty() && !signature->signature.empty());
  static const PrivateKey key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  require(!signed_by_notation_key(*signature, key.public_key()));
  const NotationTarget nothing{{}, "sha256:" + std::string(64, '0'), 0, {}};
  require(!verify_notation(type, bytes, nothing, lenient_policy(), {}, 1'750'000'000));
}

// The rules that no policy can be without, whatever the file says.
void read_policy(std::string_view bytes) {
  for (const auto subject : {NotationSubject::image, NotationSubject::blob}) {
    const auto policies = parse_notation_policy(bytes, subject);
    if (!policies) continue;
    for (const NotationPolicy& policy : *policies) {
      require(policy.skip || policy.action(NotationCheck::integrity) == NotationAction::enforce);
      require(policy.skip || policy.any_identity || !policy.stores.empty());
      require(!policy.skip || (!policy.global && policy.stores.empty()));
      for (const std::string& scope : policy.scopes)
        require(policy_of_image(*policies, scope).value()->name == policy.name);
      if (subject == NotationSubject::blob)
        require(policy_of_blob(*policies, policy.name).value()->name == policy.name);
      for (const std::string_view type : {"ca", "signingAuthority", "tsa"})
        for (const std::string& name : policy.stores_of(type))
          require(name.find('/') == std::string::npos && name != "..");
    }
  }
}

void read_name(std::string_view bytes) {
  const auto name = parse_distinguished_name(bytes);
  if (!name) return;
  require(is_part_of(*name, *name));
  require(name->contains("C") && name->contains("ST") && name->contains("O"));
}

// Made for this purpose by OpenSSL; nobody has its key any more.
Certificate fuzzed_certificate() {
  constexpr std::string_view pem = R"(-----BEGIN CERTIFICATE-----
MIIBozCCAUmgAwIBAgIUaZghvvkZUyngoeMmg9GiBhLvZ8swCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjcwNjQ0NDFaGA8yMTI2MTEwMzA2NDQ0
MVowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOIc
cIEPZncNiGAIPJsAMHBfq8HbQ1jDt3gjKpyPp9j6pZJYvKV0H/mqvlvc3v5sYasU
Ka+b4Ec3WrfbSsIJN5KjgYAwfjAdBgNVHQ4EFgQUzVZ08fln4ifkbqNPUk8FGyVR
jE0wHwYDVR0jBBgwFoAUzVZ08fln4ifkbqNPUk8FGyVRjE0wDwYDVR0TAQH/BAUw
AwEB/zArBgNVHR8EJDAiMCCgHqAchhpodHRwOi8vY2EuZXhhbXBsZS9saXN0LmNy
bDAKBggqhkjOPQQDAgNIADBFAiEA/eHj+UBMSr2mqaOsqed8M4mTITQBgFy3xOps
G9ezmCYCIFN6lY/RTOHn4U8P2LlpL31LgZ9yDu8ToTbX6kx4Pzy4
-----END CERTIFICATE-----
)";
  return Certificate::all_from_pem(pem).value().front();
}

// A list that the issuer has not signed decides nothing.
void read_revocation_list(std::string_view bytes) {
  const auto lists = RevocationList::all_from_file(bytes);
  if (!lists) return;
  static const Certificate certificate = fuzzed_certificate();
  for (const RevocationList& list : *lists) {
    require(!list.signed_by(certificate));
    (void)list.entry_of(certificate);
    (void)list.covers(certificate);
    for (const RevocationList& other : *lists)
      require(!list.changes(other) || !other.changes(list));
  }
  const auto answer =
      revocation_of(certificate, certificate, {*lists, {}}, certificate.not_before(), std::nullopt);
  require(answer.state == Revocation::undecided);
}

// Nor does an answer that the issuer neither gave nor let anybody give.
void read_ocsp_response(std::string_view bytes) {
  auto response = OcspResponse::from_der(bytes);
  if (!response) return;
  static const Certificate certificate = fuzzed_certificate();
  RevocationEvidence evidence;
  evidence.responses.push_back(*std::move(response));
  const auto answer =
      ocsp_answer(certificate, certificate, evidence, certificate.not_before(), std::nullopt);
  require(answer.state == Revocation::undecided);
}

}  // namespace

std::map<std::string, FuzzTarget> notation_targets() {
  return {{"notation-jws", judge_envelope<true>}, {"notation-cose", judge_envelope<false>},
          {"notation-policy", read_policy},       {"distinguished-name", read_name},
          {"crl", read_revocation_list},          {"ocsp", read_ocsp_response}};
}

}  // namespace boltseal
