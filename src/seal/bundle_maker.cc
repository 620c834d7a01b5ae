#include "seal/bundle_maker.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.h"
#include "crypto/timestamp.h"
#include "seal/authorities.h"
#include "seal/dsse.h"
#include "seal/fulcio_client.h"
#include "seal/identity.h"
#include "seal/local_log.h"
#include "seal/rekor_client.h"
#include "seal/required_log.h"
#include "seal/schemes.h"
#include "seal/timestamp_client.h"
#include "seal/verify_bundle.h"

namespace boltseal {
namespace {

constexpr std::string_view stamps_field =
    "verificationMaterial.timestampVerificationData.rfc3161Timestamps";

// That the timestamp's own signature is good, by a certificate that came with it: all that can be
// said where nobody named the authority.
Checked<void> check_in_itself(std::string_view timestamp, std::string_view signature) {
  TRY(const auto own, readable(timestamp_certificates(timestamp), std::string(stamps_field)));
  const auto good = verify_timestamp(timestamp, signature, {.anchors = own, .others = {}});
  if (!good)
    return refuse("timestamp-invalid", good.error().what, std::string(stamps_field),
                  good.error().wanted, good.error().found);
  return {};
}

// That something will prove when a signature was made, where its certificate or log needs that.
Checked<void> check_time(const SigningServices& services, bool certified) {
  const auto first_generation = [](const RekorService& log) { return log.version == 1; };
  if (!services.timestamp_authorities.empty() ||
      std::ranges::any_of(services.logs, first_generation))
    return {};
  if (certified)
    return refuse("time-missing",
                  "a certificate holds for minutes, and nothing here would prove when the "
                  "signature was made: name a timestamp authority (--timestamp-server-url) or a "
                  "log of the first generation",
                  "services");
  if (services.logs.empty()) return {};
  return refuse("time-missing",
                "a log of the second generation tells no time: name a timestamp authority too "
                "(--timestamp-server-url)",
                "services");
}

}  // namespace

Checked<void> certify(BundleMaker::Parts& parts, const IdentityToken& token) {
  TRY_DO(check_time(parts.services, true));
  TRY(auto key, readable(PrivateKey::generate(KeyKind::ecdsa_p256), "ephemeral key"));
  auto signer = std::make_unique<PrivateKey>(std::move(key));
  TRY(parts.certificate, request_certificate(parts.services.certificate_authority, *signer, token,
                                             parts.root, parts.ignore_sct, parts.access));
  parts.signer = std::move(signer);
  return {};
}

Checked<BundleMaker> BundleMaker::make(Parts parts) {
  TRY_DO(check_time(parts.services, parts.certificate.has_value()));
  if (parts.own_log.store)
    parts.root.logs.push_back(
        RequiredLog::trusted_log({parts.own_log.origin, parts.own_log.signer->public_key()}));
  return BundleMaker(std::move(parts));
}

// A log that gets no more than a hash cannot check a plain signature of Ed25519.
SignatureScheme BundleMaker::scheme(bool statement) const {
  const PublicKey& key = parts_.signer->public_key();
  const bool by_hash = std::ranges::any_of(parts_.services.logs, [&](const RekorService& log) {
    return log.version == 2 || !statement;
  });
  if (key.kind() == KeyKind::ed25519 && by_hash)
    return {.hash = HashKind::sha512, .prehashed = true};
  return usual_scheme(key);
}

Checked<Bundle> BundleMaker::sign(const Artifact& artifact) const {
  const SignatureScheme how = scheme(false);
  TRY(const auto content, readable(artifact.content(), "artifact"));
  Bundle out;
  out.message.emplace();
  out.message->hash = how.hash;
  TRY(out.message->digest, readable(artifact.digest(how.hash), "artifact"));
  TRY(out.message->signature, readable(parts_.signer->sign(content, how), "key"));
  const std::string digest = out.message->digest;
  return finish(std::move(out), artifact, how, digest);
}

Checked<Bundle> BundleMaker::sign_statement(std::string_view statement, std::string_view digest,
                                            bool listed) const {
  const SignatureScheme how = scheme(true);
  const std::string message = pre_authentication(in_toto_payload, statement);
  // Without a key id: other verifiers pass over a signature whose id is not what they call the key.
  DsseEnvelope envelope{std::string(in_toto_payload), std::string(statement), {}};
  TRY(auto signature, readable(parts_.signer->sign(message, how), "key"));
  envelope.signatures.push_back({"", std::move(signature)});
  Bundle out;
  if (listed) out.stamped_envelope = write_dsse(envelope);
  out.envelope = std::move(envelope);
  TRY(const auto artifact, readable(Artifact::from_digest(digest), "digest"));
  return finish(std::move(out), artifact, how, hash(how.hash, message));
}

Checked<std::vector<Certificate>> BundleMaker::issuers() const {
  if (!parts_.certificate) return std::vector<Certificate>();
  TRY(auto chain, verify_signing_certificate(*parts_.certificate, {}, parts_.root,
                                             parts_.certificate->not_before()));
  chain.erase(chain.begin());
  return chain;
}

Checked<std::string> BundleMaker::stamp(const std::string& url, std::string_view signature) const {
  auto out = request_timestamp(url, signature, parts_.access.patience);
  if (!out)
    return refuse(out.error().fault == Fault::corrupt ? "timestamp-invalid" : "service-unavailable",
                  out.error().message(), "timestamp authority");
  if (parts_.root_given)
    TRY_DO(verify_signature_time(*out, signature, parts_.root, std::string(stamps_field)));
  else
    TRY_DO(check_in_itself(*out, signature));
  return *std::move(out);
}

Checked<Bundle> BundleMaker::finish(Bundle bundle, const Artifact& artifact,
                                    const SignatureScheme& scheme, std::string_view digest) const {
  bundle.media_type = bundle_v3_type;
  if (parts_.certificate)
    bundle.certificates = {*parts_.certificate};
  else
    bundle.key_hint = key_hint_of(parts_.signer->public_key());
  for (const std::string& url : parts_.services.timestamp_authorities) {
    TRY(auto timestamp,
        stamp(url, bundle.stamped_envelope.empty() ? bundle.signature()
                                                   : std::string_view(bundle.stamped_envelope)));
    bundle.timestamps.push_back(std::move(timestamp));
  }
  for (const RekorService& log : parts_.services.logs) {
    TRY(auto entry,
        record_in_rekor(log, bundle, parts_.signer->public_key(), scheme, digest, parts_.access));
    bundle.entries.push_back(std::move(entry));
  }
  TRY_DO(judge(bundle, artifact));
  if (!parts_.own_log.store) return bundle;
  TRY_DO(record(bundle, scheme, digest));
  TRY_DO(judge(bundle, artifact));
  return bundle;
}

// The log must still be what was seen of it before: a publisher is the first to notice.
Checked<void> BundleMaker::record(Bundle& bundle, const SignatureScheme& scheme,
                                  std::string_view digest) const {
  const OwnLog& log = parts_.own_log;
  const LogIdentity identity{log.origin, log.signer->public_key()};
  TRY_DO(verify_log(*log.store, identity, {}, log_state(log.origin)));
  TRY(const auto body,
      readable(
          hashedrekord_body(scheme.hash, digest, bundle.signature(), parts_.signer->public_key(),
                            parts_.certificate ? std::string_view(parts_.certificate->der())
                                               : std::string_view()),
          "entry"));
  TRY(auto entry, log_append(*log.store, log.origin, *log.signer, body));
  bundle.entries.push_back(std::move(entry));
  return {};
}

// As a user will verify it. Timestamps have been judged by themselves, and each log must count.
Checked<void> BundleMaker::judge(const Bundle& bundle, const Artifact& artifact) const {
  BundlePolicy policy;
  if (parts_.certificate) {
    TRY(const auto identity, identity_of(*parts_.certificate));
    policy.identities.push_back(
        {TextRule::exact(identity.names.front()), TextRule::exact(identity.issuer)});
  } else {
    policy.keys.push_back(parts_.signer->public_key());
  }
  policy.ignore_sct = parts_.ignore_sct;
  policy.ignore_log = !logged();
  policy.logs = std::max<std::size_t>(1, parts_.services.logs.size());
  if (const auto good = verify_bundle(bundle, artifact, policy, parts_.root); !good)
    return std::unexpected(good.error());
  return {};
}

}  // namespace boltseal
