#include "seal/dsse.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "seal/schemes.h"

namespace boltseal {
namespace {

constexpr std::size_t signature_limit = 64, timestamp_limit = 8;

Result<std::string> decoded(const Value& object, std::string_view name) {
  const Value& text = object[name];
  if (!text.is_text())
    return fail(Fault::corrupt, fmt::format("a DSSE envelope without \"{}\"", name));
  auto bytes = unbase64_any(text.text());
  if (!bytes) bytes.error().what = fmt::format("\"{}\": {}", name, bytes.error().what);
  return bytes;
}

// What is no timestamp proves no time, and is no reason against the signature.
std::vector<std::string> timestamps_of(const Value& signature) {
  std::vector<std::string> out;
  for (const Value& entry : signature["timestamps"].items()) {
    if (out.size() == timestamp_limit) break;
    if (entry["type"].text() != "tsp") continue;
    if (auto bytes = unbase64(entry["data"].text()); bytes && !bytes->empty())
      out.push_back(*std::move(bytes));
  }
  return out;
}

}  // namespace

std::string pre_authentication(std::string_view payload_type, std::string_view payload) {
  std::string out =
      fmt::format("DSSEv1 {} {} {} ", payload_type.size(), payload_type, payload.size());
  out += payload;  // any bytes, a zero among them
  return out;
}

Result<DsseEnvelope> read_dsse(const Value& envelope) {
  if (!envelope.is_object()) return fail(Fault::corrupt, "not a DSSE envelope");
  if (const auto twice = repeated_member(envelope); !twice.empty())
    return fail(Fault::corrupt, fmt::format("a DSSE envelope with \"{}\" twice", printable(twice)));
  DsseEnvelope out;
  if (!envelope["payloadType"].is_text())
    return fail(Fault::corrupt, "a DSSE envelope without \"payloadType\"");
  out.payload_type = envelope["payloadType"].text();
  TRY(out.payload, decoded(envelope, "payload"));
  const auto signatures = envelope["signatures"].items();
  if (signatures.size() > signature_limit)
    return fail(Fault::too_large, fmt::format("a DSSE envelope with {} signatures; the limit is {}",
                                              signatures.size(), signature_limit));
  for (const Value& entry : signatures) {
    if (const auto twice = repeated_member(entry); !twice.empty())
      return fail(Fault::corrupt, "a DSSE signature with a member twice");
    DsseSignature& signature = out.signatures.emplace_back();
    signature.key_id = entry["keyid"].text();
    TRY(signature.signature, decoded(entry, "sig"));
    signature.timestamps = timestamps_of(entry);
  }
  return out;
}

Result<DsseEnvelope> parse_dsse(std::string_view json) {
  if (json.size() > max_envelope)
    return fail(Fault::too_large, "a DSSE envelope of more than 64 MiB");
  TRY(const auto document, parse_json(json));
  return read_dsse(document.root());
}

std::string write_dsse(const DsseEnvelope& envelope) {
  JsonWriter json(false);
  json.object()
      .member("payload", base64(envelope.payload))
      .member("payloadType", envelope.payload_type)
      .key("signatures")
      .array();
  for (const DsseSignature& signature : envelope.signatures) {
    json.object().text_if("keyid", signature.key_id).member("sig", base64(signature.signature));
    if (!signature.timestamps.empty()) {
      json.key("timestamps").array();
      for (const auto& bytes : signature.timestamps)
        json.object().member("type", "tsp").member("data", base64(bytes)).end();
      json.end();
    }
    json.end();
  }
  return json.end().end().take();
}

Result<DsseEnvelope> sign_dsse(std::string_view payload_type, std::string_view payload,
                               std::span<const Signer* const> signers) {
  DsseEnvelope out{std::string(payload_type), std::string(payload), {}};
  const std::string message = pre_authentication(payload_type, payload);
  for (const Signer* signer : signers) {
    TRY(auto signature, signer->sign(message, usual_scheme(signer->public_key())));
    out.signatures.push_back({signer->public_key().id(), std::move(signature)});
  }
  return out;
}

Checked<VerifiedPayload> verify_dsse(const DsseEnvelope& envelope, std::span<const PublicKey> keys,
                                     std::size_t threshold, std::string_view payload_type) {
  if (threshold == 0)
    return refuse("threshold-invalid", "a threshold of none would trust everybody", "threshold",
                  "at least 1", "0");
  if (envelope.payload_type != payload_type)
    return refuse("payload-type-mismatch", "the envelope holds something else", "payloadType",
                  std::string(payload_type), envelope.payload_type);
  if (envelope.signatures.empty())
    return refuse("signature-missing", "the envelope has no signature", "signatures");
  const std::string message = pre_authentication(envelope.payload_type, envelope.payload);
  std::set<std::string> good;
  for (const DsseSignature& signature : envelope.signatures) {
    for (const PublicKey& key : keys) {
      if (!good.contains(key.id()) && signed_by(key, message, signature.signature))
        good.insert(key.id());
    }
  }
  if (good.empty())
    return refuse("signature-invalid", "no signature is by a key that is trusted here",
                  "signatures");
  if (good.size() < threshold)
    return refuse("threshold-not-met", "too few different keys have signed", "signatures",
                  fmt::format("{} keys", threshold), fmt::format("{}", good.size()));
  VerifiedPayload out;
  out.type_ = envelope.payload_type;
  out.bytes_ = envelope.payload;
  out.keys_.assign(good.begin(), good.end());
  return out;
}

}  // namespace boltseal
