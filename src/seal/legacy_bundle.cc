#include "seal/legacy_bundle.h"

#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "seal/log_entry.h"
#include "seal/protojson.h"

namespace boltseal {
namespace {

constexpr const char* certificate_annotation = "dev.sigstore.cosign/certificate";
constexpr const char* chain_annotation = "dev.sigstore.cosign/chain";
constexpr const char* log_annotation = "dev.sigstore.cosign/bundle";
constexpr const char* timestamp_annotation = "dev.sigstore.cosign/rfc3161timestamp";
constexpr const char* code = "annotation-invalid";

std::string text_of(const Annotations& annotations, const char* key) {
  const auto found = annotations.find(key);
  return found == annotations.end() ? std::string() : found->second;
}

Checked<void> add_certificates(Bundle& out, const Annotations& annotations, const char* key) {
  const std::string pem = text_of(annotations, key);
  if (pem.empty()) return {};
  auto certificates = Certificate::all_from_pem(pem);
  if (!certificates) return refuse(code, certificates.error().message(), key);
  for (Certificate& certificate : *certificates) {
    // The chain goes up to the root, which is trusted or not, but never because it is here.
    if (!out.certificates.empty() && certificate.self_signed()) continue;
    out.certificates.push_back(std::move(certificate));
  }
  return {};
}

Checked<Document> document_of(const Annotations& annotations, const char* key) {
  auto document = parse_json(text_of(annotations, key));
  if (!document) return refuse(code, document.error().message(), key);
  TRY_DO(refuse_repeats(document->root(), code));
  return std::move(*document);
}

}  // namespace

Checked<Bundle> bundle_of_layer(const Annotations& annotations) {
  Bundle out;
  out.media_type = "annotations of a layer";
  out.minor = 0;
  TRY_DO(add_certificates(out, annotations, certificate_annotation));
  if (!out.certificates.empty()) TRY_DO(add_certificates(out, annotations, chain_annotation));
  if (!text_of(annotations, log_annotation).empty()) {
    TRY(const Document document, document_of(annotations, log_annotation));
    TRY(auto entry, read_cosign_log_entry(document.root(), code, log_annotation));
    out.entries.push_back(std::move(entry));
  }
  if (!text_of(annotations, timestamp_annotation).empty()) {
    TRY(const Document document, document_of(annotations, timestamp_annotation));
    const ProtoObject object(document.root(), timestamp_annotation, code);
    TRY(auto stamp, object.bytes("SignedRFC3161Timestamp"));
    out.timestamps.push_back(std::move(stamp));
  }
  return out;
}

Result<Annotations> annotations_of(const Bundle& bundle, std::span<const Certificate> issuers) {
  Annotations out;
  if (!bundle.certificates.empty()) {
    out[certificate_annotation] = bundle.certificates.front().pem();
    std::string chain;
    for (const Certificate& issuer : issuers) chain += issuer.pem();
    if (!chain.empty()) out[chain_annotation] = chain;
  }
  if (!bundle.entries.empty()) {
    const LogEntry& entry = bundle.entries.front();
    if (entry.promise.empty())
      return fail(Fault::unsupported,
                  "a list under a tag has no place for a log entry without the log's promise");
    JsonWriter json(false);
    write_cosign_log_entry(json, entry);
    out[log_annotation] = json.take();
  }
  if (!bundle.timestamps.empty())
    out[timestamp_annotation] =
        JsonWriter(false)
            .object()
            .member("SignedRFC3161Timestamp", base64(bundle.timestamps.front()))
            .end()
            .take();
  return out;
}

}  // namespace boltseal
