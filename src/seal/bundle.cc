#include "seal/bundle.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "seal/protojson.h"

namespace boltseal {
namespace {

constexpr std::string_view code = "bundle-invalid";
constexpr std::size_t entry_limit = 32, timestamp_limit = 32, chain_limit = 10;

struct Version {
  std::string_view media_type;
  int minor;
};
constexpr std::array versions = std::to_array<Version>({
    {"application/vnd.dev.sigstore.bundle+json;version=0.1", 1},
    {"application/vnd.dev.sigstore.bundle+json;version=0.2", 2},
    {"application/vnd.dev.sigstore.bundle+json;version=0.3", 3},
    {bundle_v3_type, 3},
});

Checked<int> version_of(std::string_view media_type) {
  for (const Version& version : versions)
    if (version.media_type == media_type) return version.minor;
  return refuse("bundle-version-unsupported", "not a bundle of a version that is known",
                "mediaType", std::string(bundle_v3_type), std::string(media_type));
}

Checked<Certificate> read_certificate(const ProtoObject& object) {
  TRY(const auto raw, object.bytes("rawBytes"));
  auto certificate = Certificate::from_der(raw);
  if (!certificate) return object.wrong("rawBytes", certificate.error().what);
  return *std::move(certificate);
}

Checked<void> read_chain(const ProtoObject& material, Bundle& out) {
  if (out.minor >= 3)
    return material.wrong("x509CertificateChain", "a chain in a bundle of version 0.3",
                          "certificate", "x509CertificateChain");
  TRY(const auto chain, material.object("x509CertificateChain"));
  TRY(const auto certificates, chain.objects("certificates", chain_limit));
  if (certificates.empty())
    return chain.wrong("certificates", "an empty chain of certificates", "at least one", "none");
  for (const ProtoObject& entry : certificates) {
    TRY(auto certificate, read_certificate(entry));
    // Signers must not send roots along, but those of 2022 and 2023 did. Such a one vouches for
    // nothing, and the specification has verifiers leave it out.
    if (!out.certificates.empty() && certificate.self_signed()) continue;
    out.certificates.push_back(std::move(certificate));
  }
  return {};
}

Checked<void> read_signer(const ProtoObject& material, Bundle& out) {
  const int kinds = material.has("publicKey") + material.has("certificate") +
                    material.has("x509CertificateChain");
  if (kinds != 1)
    return refuse(std::string(code), "who signed must be said in one way", material.path(),
                  "one of publicKey, certificate and x509CertificateChain",
                  fmt::format("{} of them", kinds));
  if (material.has("publicKey")) {
    TRY(const auto key, material.object("publicKey"));
    TRY(out.key_hint, key.optional_text("hint"));
    return {};
  }
  if (material.has("x509CertificateChain")) return read_chain(material, out);
  TRY(const auto object, material.object("certificate"));
  TRY(auto certificate, read_certificate(object));
  out.certificates.push_back(std::move(certificate));
  return {};
}

Checked<void> read_entries(const ProtoObject& material, Bundle& out) {
  TRY(const auto entries, material.objects("tlogEntries", entry_limit));
  for (const ProtoObject& object : entries) {
    TRY(auto entry, read_log_entry(object));
    if (out.minor == 1 && entry.promise.empty())
      return object.wrong("inclusionPromise", "a log entry without the log's promise",
                          "inclusionPromise (bundle 0.1)", "none");
    if (out.minor >= 2 && !entry.proof)
      return object.wrong("inclusionProof", "a log entry without its inclusion proof",
                          "inclusionProof (bundle 0.2 and later)", "none");
    if (entry.proof && entry.proof->checkpoint.empty()) {
      if (out.minor >= 2)
        return object.wrong("inclusionProof.checkpoint", "a proof to a tree that nobody has signed",
                            "checkpoint (bundle 0.2 and later)", "none");
      entry.proof.reset();  // it shows nothing; in 0.1 the promise is what counts
    }
    out.entries.push_back(std::move(entry));
  }
  if (!material.has("timestampVerificationData")) return {};
  TRY(const auto data, material.object("timestampVerificationData"));
  TRY(const auto timestamps, data.objects("rfc3161Timestamps", timestamp_limit));
  for (const ProtoObject& object : timestamps) {
    TRY(auto timestamp, object.bytes("signedTimestamp"));
    out.timestamps.push_back(std::move(timestamp));
  }
  return {};
}

// A hint only: cosign leaves it empty where the key hashes by itself (Ed25519).
Checked<void> read_digest(const ProtoObject& digest, MessageSignature& out) {
  if (!digest.has("algorithm") && !digest.has("digest")) return {};
  TRY(const auto algorithm, digest.text("algorithm"));
  TRY(out.digest, digest.bytes("digest"));
  out.hash = hash_of_proto(algorithm);
  if (!out.hash)
    return digest.wrong("algorithm", "a hash that is not taken", "SHA2_256, SHA2_384 or SHA2_512",
                        algorithm);
  return {};
}

Checked<void> read_message(const ProtoObject& root, Bundle& out) {
  TRY(const auto object, root.object("messageSignature"));
  MessageSignature message;
  TRY(message.signature, object.bytes("signature"));
  if (object.has("messageDigest")) {
    TRY(const auto digest, object.object("messageDigest"));
    TRY_DO(read_digest(digest, message));
  }
  out.message = std::move(message);
  return {};
}

Checked<void> read_content(const ProtoObject& root, Bundle& out) {
  if (root.has("messageSignature") == root.has("dsseEnvelope"))
    return refuse(std::string(code), "what was signed must be said in one way", "",
                  "one of messageSignature and dsseEnvelope",
                  root.has("dsseEnvelope") ? "both" : "none");
  if (root.has("messageSignature")) return read_message(root, out);
  auto envelope = read_dsse(root.at("dsseEnvelope"));
  if (!envelope) return root.wrong("dsseEnvelope", envelope.error().what);
  if (envelope->signatures.size() != 1)
    return root.wrong("dsseEnvelope.signatures", "a bundle has one signature", "1",
                      fmt::format("{}", envelope->signatures.size()));
  out.envelope = *std::move(envelope);
  return {};
}

// Either kind of bundle, before anything of it is looked at.
Checked<Document> document_of(std::string_view json) {
  const std::string name(code);
  if (json.size() > max_bundle) return refuse(name, "a bundle of more than 128 MiB");
  auto document = parse_json(json);
  if (!document) return refuse(name, document.error().message(), "", "JSON");
  TRY_DO(refuse_repeats(document->root(), name));
  return *std::move(document);
}

}  // namespace

std::string_view Bundle::signature() const {
  if (message) return message->signature;
  return envelope && !envelope->signatures.empty()
             ? std::string_view(envelope->signatures.front().signature)
             : std::string_view{};
}

Checked<Bundle> parse_bundle(std::string_view json) {
  TRY(const auto document, document_of(json));
  const ProtoObject root(document.root(), "", std::string(code));
  Bundle out;
  TRY(out.media_type, root.text("mediaType"));
  TRY(out.minor, version_of(out.media_type));
  TRY(const auto material, root.object("verificationMaterial"));
  TRY_DO(read_signer(material, out));
  TRY_DO(read_entries(material, out));
  TRY_DO(read_content(root, out));
  return out;
}

Checked<Bundle> parse_cosign_bundle(std::string_view json) {
  TRY(const auto document, document_of(json));
  const ProtoObject root(document.root(), "", std::string(code));
  Bundle out;
  out.media_type = "cosign bundle";
  out.minor = 0;
  out.message.emplace();
  TRY(out.message->signature, root.bytes("base64Signature"));
  TRY(auto file, root.optional_text("cert"));
  if (!file.empty() && !file.starts_with("-----")) {
    TRY(file, root.bytes("cert"));
  }
  // cosign 3 writes the public key there when there is no certificate.
  if (!file.empty() && !file.starts_with("-----BEGIN PUBLIC KEY-----")) {
    auto certificates = Certificate::all_from_file(file);
    if (!certificates) return root.wrong("cert", certificates.error().what);
    out.certificates = *std::move(certificates);
  }
  if (root.has("rekorBundle")) {
    TRY(auto entry,
        read_cosign_log_entry(root.at("rekorBundle"), std::string(code), "rekorBundle"));
    out.entries.push_back(std::move(entry));
  }
  return out;
}

std::string write_cosign_bundle(const Bundle& bundle) {
  JsonWriter json(false);
  json.object().member("base64Signature",
                       base64(bundle.envelope ? write_dsse(*bundle.envelope) : bundle.signature()));
  if (!bundle.certificates.empty()) json.member("cert", base64(bundle.certificates.front().pem()));
  if (!bundle.entries.empty())
    write_cosign_log_entry(json.key("rekorBundle"), bundle.entries.front());
  return json.end().take();
}

std::string key_hint_of(const PublicKey& key) { return base64(hash(HashKind::sha256, key.spki())); }

std::string write_bundle(const Bundle& bundle) {
  JsonWriter json(false);
  json.object().member("mediaType", bundle_v3_type).key("verificationMaterial").object();
  if (bundle.certificates.empty())
    json.key("publicKey").object().text_if("hint", bundle.key_hint).end();
  else
    json.key("certificate")
        .object()
        .member("rawBytes", base64(bundle.certificates.front().der()))
        .end();
  if (!bundle.entries.empty()) {
    json.key("tlogEntries").array();
    for (const LogEntry& entry : bundle.entries) write_log_entry(json, entry);
    json.end();
  }
  if (!bundle.timestamps.empty()) {
    json.key("timestampVerificationData").object().key("rfc3161Timestamps").array();
    for (const auto& timestamp : bundle.timestamps)
      json.object().member("signedTimestamp", base64(timestamp)).end();
    json.end().end();
  }
  json.end();
  if (bundle.message) {
    json.key("messageSignature").object();
    if (bundle.message->hash)
      json.key("messageDigest")
          .object()
          .member("algorithm", proto_name_of(*bundle.message->hash))
          .member("digest", base64(bundle.message->digest))
          .end();
    json.member("signature", base64(bundle.message->signature)).end();
  }
  if (bundle.envelope) json.key("dsseEnvelope").raw(write_dsse(*bundle.envelope));
  return json.end().take();
}

}  // namespace boltseal
