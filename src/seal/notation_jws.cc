// The JWS envelope: RFC 7515's flattened JSON, with a detached certificate chain in the unprotected
// header. Times are RFC 3339 without fractions. The text of the protected header is signed as it
// stands and is never written anew.
#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "seal/notation_parts.h"

namespace boltseal::notation {
namespace {

Result<> once(const Value& object, std::string_view what) {
  if (!object.is_object()) return fail(Fault::corrupt, fmt::format("{} is no object", what));
  if (const auto twice = repeated_member(object); !twice.empty())
    return fail(Fault::corrupt, fmt::format("{} has \"{}\" twice", what, printable(twice)));
  return {};
}

Result<std::optional<std::int64_t>> time_of(const Value& header, std::string_view name) {
  const Value& value = header[name];
  if (!value) return std::nullopt;
  const auto seconds = parse_rfc3339(value.text());
  if (!seconds || value.text().find('.') != std::string_view::npos)
    return fail(Fault::corrupt, fmt::format("\"{}\" is no time without fractions", name));
  return *seconds;
}

Result<> read_protected(const Value& header, NotationSignature& out) {
  TRY_DO(once(header, "the protected header"));
  out.algorithm = header["alg"].text();
  out.payload_type = header["cty"].text();
  out.signing_scheme = header[signing_scheme].text();
  out.verification_plugin = header[plugin].text();
  for (const Value& name : header["crit"].items()) out.critical.emplace_back(name.text());
  std::vector<std::string> names;
  for (const auto& member : header.members()) names.emplace_back(member.key);
  TRY(const auto signing, time_of(header, signing_time));
  TRY(const auto authentic, time_of(header, authentic_time));
  TRY(out.expiry, time_of(header, expiry));
  out.signed_at = signing ? signing : authentic;
  return check_headers(out, names, signing.has_value(), authentic.has_value());
}

Result<> read_unprotected(const Value& header, NotationSignature& out) {
  TRY_DO(once(header, "the header"));
  if (header["x5c"].items().size() > certificate_limit)
    return fail(Fault::too_large, "more than 32 certificates");
  for (const Value& certificate : header["x5c"].items()) {
    TRY(out.certificates.emplace_back(), unbase64(certificate.text()));
  }
  if (const Value& token = header[timestamp_signature]) {
    TRY(out.timestamp_token, unbase64(token.text()));
    if (out.timestamp_token.empty()) return fail(Fault::corrupt, "an empty timestamp");
  }
  out.agent = header[signing_agent].text();
  return {};
}

}  // namespace

Result<NotationSignature> parse_jws(std::string_view bytes) {
  TRY(const auto document, parse_json(bytes));
  const Value& root = document.root();
  TRY_DO(once(root, "the envelope"));
  if (root["signatures"])
    return fail(Fault::unsupported, "JWS in its general form; notation has the flattened one only");
  const auto payload = root["payload"].text(), header = root["protected"].text();
  if (header.empty()) return fail(Fault::corrupt, "an envelope without \"protected\"");
  NotationSignature out;
  TRY(out.payload, unbase64(payload, Base64::url));
  TRY(out.signature, unbase64(root["signature"].text(), Base64::url));
  TRY(const std::string header_json, unbase64(header, Base64::url));
  TRY(const auto header_document, parse_json(header_json));
  TRY_DO(read_unprotected(root["header"], out));
  TRY_DO(read_protected(header_document.root(), out));
  out.signed_bytes = fmt::format("{}.{}", header, payload);
  return out;
}

Result<std::string> sign_jws(const NotationRequest& request, const Signer& signer,
                             const std::string& algorithm, const Timestamper& timestamp) {
  JsonWriter head(false);
  head.object().member("alg", algorithm).key("crit").array().value(signing_scheme);
  if (request.expiry) head.value(expiry);
  head.end().member("cty", notation_payload);
  if (request.expiry) head.member(expiry, rfc3339(*request.expiry));
  head.member(signing_scheme, scheme_x509).member(signing_time, rfc3339(request.signed_at)).end();
  const std::string header = base64(head.take(), Base64::url);
  const std::string payload = base64(request.payload, Base64::url);
  TRY(const std::string signature, raw_signature(fmt::format("{}.{}", header, payload), signer));
  JsonWriter json(false);
  json.object().member("payload", payload).member("protected", header).key("header").object();
  if (timestamp) {
    TRY(const std::string token, timestamp(signature));
    json.member(timestamp_signature, base64(token));
  }
  json.key("x5c").array();
  for (const std::string& certificate : request.certificates) json.value(base64(certificate));
  return json.end()
      .member(signing_agent, agent)
      .end()
      .member("signature", base64(signature, Base64::url))
      .end()
      .take();
}

}  // namespace boltseal::notation
