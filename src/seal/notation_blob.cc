#include "seal/notation_blob.h"

#include "base/text.h"
#include "base/time.h"
#include "codec/value.h"
#include "crypto/timestamp.h"
#include "seal/evidence.h"

namespace boltseal {
namespace {

Result<std::string> digest_by(HashKind kind, const Artifact& blob) {
  const std::string_view name = kind == HashKind::sha512   ? "sha512:"
                                : kind == HashKind::sha384 ? "sha384:"
                                                           : "sha256:";
  TRY(const std::string raw, blob.digest(kind));
  return std::string(name) + hex(raw);
}

void write_time(JsonWriter& json, JsonName name, std::optional<std::int64_t> time) {
  if (time) json.member(name, rfc3339(*time));
}

}  // namespace

Result<std::string> sign_blob_by_notation(const Artifact& blob, std::string_view type,
                                          const Signer& signer,
                                          const NotationSignOptions& options) {
  TRY(const std::string digest, digest_by(signer.public_key().natural_hash(), blob));
  TRY(const std::uint64_t size, blob.size());
  return sign_target_by_notation({std::string(type), digest, size, {}}, signer, options);
}

std::string_view notation_envelope_type(std::string_view envelope) {
  return trim(envelope).starts_with('{') ? jws_media_type : cose_media_type;
}

Checked<VerifiedNotation> verify_blob_by_notation(
    std::string_view envelope, const Artifact& blob, const std::string& type,
    const std::map<std::string, std::string>& metadata, const NotationPolicy& policy,
    const NotationTrust& trust, std::int64_t now) {
  const std::string_view envelope_type = notation_envelope_type(envelope);
  TRY(const auto signature, readable(parse_notation(envelope_type, envelope), "envelope"));
  // That the algorithm is the one of the certificate's key is a part of verifying.
  TRY(const HashKind kind, readable(notation_hash(signature.algorithm), "alg"));
  TRY(const std::string digest, readable(digest_by(kind, blob), "blob"));
  TRY(const std::uint64_t size, readable(blob.size(), "blob"));
  return verify_notation(envelope_type, envelope, {type, digest, size, metadata}, policy, trust,
                         now);
}

Result<> write_notation_summary(JsonWriter& json, std::string_view envelope) {
  const std::string_view type = notation_envelope_type(envelope);
  TRY(const auto signature, parse_notation(type, envelope));
  TRY(const auto payload, parse_json(signature.payload));
  std::vector<Certificate> certificates;
  for (const std::string& der : signature.certificates) {
    TRY(auto certificate, Certificate::from_der(der));
    certificates.push_back(std::move(certificate));
  }
  const Value& target = payload["targetArtifact"];
  json.object().member("mediaType", type).member("algorithm", signature.algorithm);
  json.member("payloadType", signature.payload_type)
      .member("signingScheme", signature.signing_scheme);
  write_time(json, "signingTime", signature.signed_at);
  write_time(json, "expiry", signature.expiry);
  if (!signature.timestamp_token.empty()) {
    const auto time = unverified_time(signature.timestamp_token);
    json.member("timestamp", time ? rfc3339(*time) : time.error().what);
  }
  json.text_if("signingAgent", signature.agent)
      .text_if("verificationPlugin", signature.verification_plugin);
  json.key("targetArtifact").object().member("mediaType", target["mediaType"].text());
  json.member("digest", target["digest"].text())
      .member("size", target["size"].integer().value_or(0));
  json.key("annotations").object();
  for (const auto& [key, value] : target["annotations"].members()) json.member(key, value.text());
  json.end().end().key("certificates").array();
  for (const Certificate& certificate : certificates) write_certificate_summary(json, certificate);
  json.end().end();
  return {};
}

}  // namespace boltseal
