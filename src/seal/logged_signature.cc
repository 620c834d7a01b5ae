// The bodies of log entries. Each kind says in its own way who signed what:
//   hashedrekord 0.0.1  spec.data.hash {algorithm, value in hex}; spec.signature {content,
//                       publicKey.content: base64 of PEM}
//   hashedrekord 0.0.2  spec.hashedRekordV002 {data {algorithm, digest}, signature {content,
//                       verifier {x509Certificate | publicKey {rawBytes}}}}
//   dsse 0.0.1          spec {payloadHash, signatures [{signature, verifier: base64 of PEM}]}
//   intoto 0.0.2        spec.content {payloadHash, envelope.signatures [{sig: base64 of base64,
//                       publicKey: base64 of PEM}]}
#include <fmt/format.h>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/pem.h"
#include "seal/log_entry.h"

namespace boltseal {
namespace {

constexpr std::size_t signature_limit = 1;  // a bundle has one, and so has its entry

Checked<void> read_pem(const ProtoObject& object, std::string_view name, LoggedSignature& out) {
  TRY(const auto pem, object.bytes(name));
  const auto blocks = parse_pem(pem);
  if (!blocks || blocks->size() != 1)
    return object.wrong(name, "not one certificate or public key", "one PEM block",
                        blocks ? fmt::format("{}", blocks->size()) : blocks.error().what);
  const PemBlock& block = blocks->front();
  if (block.label == "CERTIFICATE")
    out.certificate = block.bytes;
  else if (block.label == "PUBLIC KEY")
    out.key = block.bytes;
  else
    return object.wrong(name, "neither a certificate nor a public key", "CERTIFICATE or PUBLIC KEY",
                        block.label);
  return {};
}

std::optional<HashKind> hash_called(std::string_view name) {
  if (name == "sha256") return HashKind::sha256;
  if (name == "sha384") return HashKind::sha384;
  if (name == "sha512") return HashKind::sha512;
  return std::nullopt;
}

Checked<void> read_hash(const ProtoObject& object, LoggedSignature& out) {
  TRY(const auto algorithm, object.text("algorithm"));
  TRY(const auto value, object.text("value"));
  const auto kind = hash_called(algorithm);
  const auto raw = unhex(value);
  if (!kind || !raw || raw->size() != hash(*kind, "").size())
    return object.wrong("value", "not a hash", "hex of SHA-256, SHA-384 or SHA-512",
                        algorithm + ":" + value);
  out.hash = *kind;
  out.digest = *raw;
  return {};
}

Checked<LoggedSignature> hashedrekord_1(const ProtoObject& spec) {
  LoggedSignature out;
  TRY(const auto data, spec.object("data"));
  TRY(const auto hash, data.object("hash"));
  TRY_DO(read_hash(hash, out));
  TRY(const auto signature, spec.object("signature"));
  TRY(out.signature, signature.bytes("content"));
  TRY(const auto key, signature.object("publicKey"));
  TRY_DO(read_pem(key, "content", out));
  return out;
}

Checked<LoggedSignature> hashedrekord_2(const ProtoObject& spec) {
  LoggedSignature out;
  TRY(const auto record, spec.object("hashedRekordV002"));
  TRY(const auto data, record.object("data"));
  TRY(const auto algorithm, data.text("algorithm"));
  const auto kind = hash_of_proto(algorithm);
  if (!kind)
    return data.wrong("algorithm", "a hash that is not taken", "SHA2_256, SHA2_384 or SHA2_512",
                      algorithm);
  out.hash = *kind;
  TRY(out.digest, data.bytes("digest"));
  TRY(const auto signature, record.object("signature"));
  TRY(out.signature, signature.bytes("content"));
  TRY(const auto verifier, signature.object("verifier"));
  const bool certified = verifier.has("x509Certificate");
  if (certified == verifier.has("publicKey"))
    return signature.wrong("verifier", "one certificate or one key is wanted");
  TRY(const auto holder, verifier.object(certified ? "x509Certificate" : "publicKey"));
  TRY((certified ? out.certificate : out.key), holder.bytes("rawBytes"));
  return out;
}

Checked<ProtoObject> only_signature(const ProtoObject& owner) {
  TRY(const auto signatures, owner.objects("signatures", signature_limit));
  if (signatures.empty())
    return owner.wrong("signatures", "an entry without a signature", "one", "none");
  return signatures.front();
}

Checked<LoggedSignature> dsse_1(const ProtoObject& spec) {
  LoggedSignature out;
  out.of_payload = true;
  TRY(const auto hash, spec.object("payloadHash"));
  TRY_DO(read_hash(hash, out));
  TRY(const auto signature, only_signature(spec));
  TRY(out.signature, signature.bytes("signature"));
  TRY_DO(read_pem(signature, "verifier", out));
  return out;
}

Checked<LoggedSignature> intoto_2(const ProtoObject& spec) {
  LoggedSignature out;
  out.of_payload = true;
  TRY(const auto content, spec.object("content"));
  TRY(const auto hash, content.object("payloadHash"));
  TRY_DO(read_hash(hash, out));
  TRY(const auto envelope, content.object("envelope"));
  TRY(const auto signature, only_signature(envelope));
  TRY(const auto once, signature.bytes("sig"));
  const auto twice = unbase64_any(once);
  out.signature = twice ? *twice : once;  // not every writer encodes it twice
  TRY_DO(read_pem(signature, "publicKey", out));
  return out;
}

}  // namespace

Checked<LoggedSignature> read_logged_signature(const LogEntry& entry, const std::string& path) {
  const std::string code = "log-entry-invalid", field = path + ".canonicalizedBody";
  const auto document = parse_json(entry.body);
  if (!document) return refuse(code, document.error().what, field, "JSON");
  if (auto good = refuse_repeats(document->root(), code); !good)
    return std::unexpected(good.error());
  const ProtoObject body(document->root(), field, code);
  TRY(const auto kind, body.text("kind"));
  TRY(const auto version, body.text("apiVersion"));
  if (kind != entry.kind || version != entry.version)
    return refuse(code, "the body is of another kind than the entry says", path + ".kindVersion",
                  kind + " " + version, entry.kind + " " + entry.version);
  TRY(const auto spec, body.object("spec"));
  if (kind == "hashedrekord" && version == "0.0.1") return hashedrekord_1(spec);
  if (kind == "hashedrekord" && version == "0.0.2") return hashedrekord_2(spec);
  if (kind == "dsse" && version == "0.0.1") return dsse_1(spec);
  if (kind == "intoto" && version == "0.0.2") return intoto_2(spec);
  return refuse("log-entry-unsupported", "a kind of log entry that is not taken",
                path + ".kindVersion", "hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1, intoto 0.0.2",
                kind + " " + version);
}

}  // namespace boltseal
