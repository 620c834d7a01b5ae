// The targets of Sigstore's material: bundles, and what stands under them.
#include "codec/json_writer.h"
#include "codec/value.h"
#include "crypto/certificate.h"
#include "crypto/timestamp.h"
#include "seal/bundle.h"
#include "seal/checkpoint.h"
#include "seal/dsse.h"
#include "seal/evidence.h"
#include "seal/fulcio_client.h"
#include "seal/identity_token.h"
#include "seal/rekor_client.h"
#include "seal/sct.h"
#include "seal/signing_config.h"
#include "seal/statement.h"
#include "seal/trusted_root.h"
#include "seal/verify_bundle.h"
#include "targets.h"

namespace boltseal {
namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// Whatever a bundle says, nobody who is not trusted is believed; what was read is written and read
// again the same.
void judge_bundle(std::string_view bytes) {
  auto bundle = parse_bundle(bytes);
  if (!bundle) bundle = parse_cosign_bundle(bytes);
  if (!bundle) return;
  JsonWriter json;
  write_bundle_summary(json, *bundle);
  require(parse_json(json.take()).has_value());
  if (bundle->minor == 3) {
    const std::string once = write_bundle(*bundle);
    const auto again = parse_bundle(once);
    require(again.has_value() && write_bundle(*again) == once);
  }
  static const TrustedRoot root = *public_good_root();
  BundlePolicy policy;
  policy.identities = {{TextRule::exact("a"), TextRule::exact("b")}};
  policy.ignore_log = policy.ignore_sct = true;
  policy.assumed_time = 1'700'000'000;
  require(!verify_bundle(*bundle, Artifact::from_bytes("x"), policy, root));
}

void look_into_certificate(std::string_view bytes) {
  const auto certificate = Certificate::from_der(bytes);
  if (!certificate) return;
  (void)certificate->alternative_names();
  (void)certificate->key_usage();
  (void)certificate->extended_key_usage();
  (void)certificate->basic_constraints();
  (void)certificate->subject_text();
  (void)identity_of(*certificate);
  (void)certificate->tbs_without_extension(oid_embedded_scts);
  if (const auto scts = certificate->extension(oid_embedded_scts)) (void)parse_scts(*scts);
  const std::vector anchors{*certificate};
  (void)verify_chain(*certificate, {anchors, anchors, certificate->not_before(),
                                    CertificatePurpose::code_signing});
}

void look_into_log_entry(std::string_view bytes) {
  const auto document = parse_json(bytes);
  if (!document) return;
  const auto entry = read_log_entry(ProtoObject(document->root(), "", "x"));
  if (entry) (void)read_logged_signature(*entry, "");
  (void)read_cosign_log_entry(document->root(), "x", "");
}

// An entry that a log sent goes into a bundle, where it must be read the same.
void read_rekor_answer(std::string_view bytes) {
  for (const int version : {1, 2}) {
    const auto entry = parse_rekor_answer(bytes, version);
    if (!entry) continue;
    JsonWriter json(false);
    write_log_entry(json, *entry);
    require(parse_json(json.take()).has_value());
  }
}

void select_within_limits(std::string_view bytes) {
  const auto services = select_services(bytes, 1'767'268'800);
  if (!services) return;
  for (const RekorService& log : services->logs) require(log.version == 1 || log.version == 2);
}

}  // namespace

std::map<std::string, FuzzTarget> sigstore_targets() {
  return {
      {"bundle", judge_bundle},
      {"certificate", look_into_certificate},
      {"log-entry", look_into_log_entry},
      {"fulcio-answer", [](std::string_view b) { (void)parse_fulcio_answer(b); }},
      {"identity-token", [](std::string_view b) { (void)parse_identity_token(b); }},
      {"rekor-answer", read_rekor_answer},
      {"signing-config", select_within_limits},
      {"scts", [](std::string_view b) { (void)parse_scts(b); }},
      {"trusted-root", [](std::string_view b) { (void)parse_trusted_root(b); }},
      {"checkpoint",
       [](std::string_view b) {
         const auto checkpoint = parse_checkpoint(b);
         if (!checkpoint) return;
         static const PrivateKey key = *PrivateKey::generate(KeyKind::ed25519);
         require(!verify_checkpoint(*checkpoint, key.public_key(), "", ""));
         const std::vector<Witness> witnesses{{"w", key.public_key()}};
         require(!verify_cosignatures(*checkpoint, witnesses, 1, ""));
       }},
      {"verifier-key", [](std::string_view b) { (void)parse_witness(b); }},
      {"timestamp",
       [](std::string_view b) {
         (void)unverified_time(b);
         (void)timestamp_token(b);
         require(!verify_timestamp(b, "message", {}));
       }},
      {"dsse",
       [](std::string_view b) {
         const auto envelope = parse_dsse(b);
         if (!envelope) return;
         static const std::vector keys{PrivateKey::generate(KeyKind::ed25519)->public_key()};
         require(!verify_dsse(*envelope, keys, 1, envelope->payload_type));
       }},
      {"statement",
       [](std::string_view b) {
         if (const auto statement = parse_statement(b))
           (void)subject_of(*statement, "sha256:" + std::string(64, 'a'));
       }},
  };
}

}  // namespace boltseal
