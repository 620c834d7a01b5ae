#include "seal/image_bundle.h"

#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "seal/attached.h"

namespace boltseal {

std::string write_key_bundle(const DsseEnvelope& envelope, const PublicKey& key) {
  JsonWriter json(false);
  json.object().member("mediaType", bundle_artifact_type);
  json.key("verificationMaterial").object().key("publicKey").object();
  json.member("hint", base64(hash(HashKind::sha256, key.spki()))).end().end();
  return json.key("dsseEnvelope").raw(write_dsse(envelope)).end().take();
}

Checked<EnvelopeInBundle> read_image_bundle(std::string_view json) {
  const auto document = parse_json(json);
  if (!document) return refuse(document.error(), "bundle");
  const Value& root = document->root();
  if (const auto twice = repeated_member(root); !twice.empty())
    return refuse("bundle-invalid", "a member stands twice", std::string(twice));
  const std::string_view type = root["mediaType"].text();
  if (!type.starts_with("application/vnd.dev.sigstore.bundle"))
    return refuse("bundle-version-unsupported", "not a bundle that is known here", "mediaType",
                  std::string(bundle_artifact_type), std::string(type));
  EnvelopeInBundle out;
  const Value& material = root["verificationMaterial"];
  out.certified = material["certificate"] || material["x509CertificateChain"];
  auto envelope = read_dsse(root["dsseEnvelope"]);
  if (!envelope) return refuse(envelope.error(), "dsseEnvelope");
  if (envelope->signatures.size() != 1)
    return refuse("bundle-invalid", "a bundle has exactly one signature", "dsseEnvelope.signatures",
                  "1", std::to_string(envelope->signatures.size()));
  out.envelope = std::move(*envelope);
  return out;
}

}  // namespace boltseal
