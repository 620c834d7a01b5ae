// The COSE envelope: COSE_Sign1 (RFC 9052) with its tag. Times are CBOR's tag 1, the certificate
// chain is header 33 (RFC 9360) outside of what is signed.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/cbor.h"
#include "seal/notation_parts.h"

namespace boltseal::notation {
namespace {

using Kind = CborValue::Kind;
constexpr std::int64_t label_algorithm = 1, label_critical = 2, label_type = 3, label_chain = 33;
constexpr std::uint64_t tag_time = 1, tag_sign1 = 18;
constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> algorithms = {{{"ES256", -7},
                                                                                  {"ES384", -35},
                                                                                  {"ES512", -36},
                                                                                  {"PS256", -37},
                                                                                  {"PS384", -38},
                                                                                  {"PS512", -39}}};

std::string to_be_signed(std::string_view header, std::string_view payload) {
  return CborWriter().array(4).text("Signature1").bytes(header).bytes({}).bytes(payload).take();
}

Result<std::optional<std::int64_t>> time_of(const CborValue& header, std::string_view name) {
  const CborValue& value = header.at(name);
  if (value.is(Kind::absent)) return std::nullopt;
  if (!value.is(Kind::tag) || value.number != tag_time || !value.items[0].is(Kind::integer))
    return fail(Fault::corrupt, fmt::format("\"{}\" is no time in whole seconds", name));
  return value.items[0].number;
}

// A text, or nothing; another type is corrupt.
Result<std::string> text_of(const CborValue& value, std::string_view name) {
  if (value.is(Kind::absent)) return std::string();
  if (!value.is(Kind::text)) return fail(Fault::corrupt, fmt::format("\"{}\" is no text", name));
  return std::string(value.string);
}

Result<> read_critical(const CborValue& critical, NotationSignature& out) {
  if (!critical.is(Kind::array)) return fail(Fault::corrupt, "no list of critical headers");
  for (const CborValue& name : critical.items) {
    if (name.is(Kind::text))
      out.critical.emplace_back(name.string);
    else if (!name.is(Kind::integer) ||
             (name.number != label_algorithm && name.number != label_type))
      return fail(Fault::unsupported, "a critical header that is not known");
  }
  return {};
}

Result<> read_protected(const CborValue& header, NotationSignature& out) {
  if (!header.is(Kind::map)) return fail(Fault::corrupt, "the protected header is no map");
  const auto algorithm = std::ranges::find_if(algorithms, [&](const auto& a) {
    return header.at(label_algorithm).is(Kind::integer) &&
           a.second == header.at(label_algorithm).number;
  });
  if (algorithm == algorithms.end())
    return fail(Fault::unsupported, "an algorithm that notation does not have");
  out.algorithm = algorithm->first;
  TRY_DO(read_critical(header.at(label_critical), out));
  TRY(out.payload_type, text_of(header.at(label_type), "content type"));
  TRY(out.signing_scheme, text_of(header.at(signing_scheme), signing_scheme));
  TRY(out.verification_plugin, text_of(header.at(plugin), plugin));
  TRY(const auto signing, time_of(header, signing_time));
  TRY(const auto authentic, time_of(header, authentic_time));
  TRY(out.expiry, time_of(header, expiry));
  out.signed_at = signing ? signing : authentic;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header.items.size(); i += 2) {
    if (header.items[i].is(Kind::text)) names.emplace_back(header.items[i].string);
  }
  return check_headers(out, names, signing.has_value(), authentic.has_value());
}

Result<> read_unprotected(const CborValue& header, NotationSignature& out) {
  if (!header.is(Kind::map)) return fail(Fault::corrupt, "the unprotected header is no map");
  const CborValue& chain = header.at(label_chain);
  if (chain.is(Kind::bytes)) out.certificates.emplace_back(chain.string);  // RFC 9360: only one
  if (chain.items.size() > certificate_limit)
    return fail(Fault::too_large, "more than 32 certificates");
  for (const CborValue& certificate : chain.items) {
    if (!certificate.is(Kind::bytes)) return fail(Fault::corrupt, "a certificate of no bytes");
    out.certificates.emplace_back(certificate.string);
  }
  if (const CborValue& token = header.at(timestamp_signature); !token.is(Kind::absent)) {
    if (!token.is(Kind::bytes) || token.string.empty())
      return fail(Fault::corrupt, "a timestamp of no bytes");
    out.timestamp_token = token.string;
  }
  TRY(out.agent, text_of(header.at(signing_agent), signing_agent));
  return {};
}

}  // namespace

Result<NotationSignature> parse_cose(std::string_view bytes) {
  TRY(const auto root, parse_cbor(bytes));
  if (!root.is(Kind::tag) || root.number != tag_sign1 || root.items[0].items.size() != 4 ||
      !root.items[0].is(Kind::array))
    return fail(Fault::corrupt, "not a tagged COSE_Sign1");
  const auto& parts = root.items[0].items;
  if (!parts[0].is(Kind::bytes) || !parts[2].is(Kind::bytes) || !parts[3].is(Kind::bytes))
    return fail(Fault::corrupt, "a COSE_Sign1 whose parts are not bytes");
  NotationSignature out;
  out.payload = parts[2].string;
  out.signature = parts[3].string;
  TRY(const auto header, parse_cbor(parts[0].string));
  TRY_DO(read_unprotected(parts[1], out));
  TRY_DO(read_protected(header, out));
  out.signed_bytes = to_be_signed(parts[0].string, parts[2].string);
  return out;
}

Result<std::string> sign_cose(const NotationRequest& request, const Signer& signer,
                              const std::string& algorithm, const Timestamper& timestamp) {
  const auto number =
      std::ranges::find(algorithms, algorithm, &decltype(algorithms)::value_type::first);
  if (number == algorithms.end()) return fail(Fault::unsupported, "an unknown algorithm");
  CborWriter head;
  head.map(request.expiry ? 6 : 5).integer(label_algorithm).integer(number->second);
  head.integer(label_critical).array(request.expiry ? 2 : 1).text(signing_scheme);
  if (request.expiry) head.text(expiry);
  head.integer(label_type).text(notation_payload);
  if (request.expiry) head.text(expiry).tag(tag_time).integer(*request.expiry);
  head.text(signing_time).tag(tag_time).integer(request.signed_at);
  head.text(signing_scheme).text(scheme_x509);
  const std::string header = head.take();
  TRY(const std::string signature, raw_signature(to_be_signed(header, request.payload), signer));
  std::string token;
  if (timestamp) {
    TRY(token, timestamp(signature));
  }
  CborWriter out;
  out.tag(tag_sign1).array(4).bytes(header).map(token.empty() ? 2 : 3);
  out.integer(label_chain).array(request.certificates.size());
  for (const std::string& certificate : request.certificates) out.bytes(certificate);
  out.text(signing_agent).text(agent);
  if (!token.empty()) out.text(timestamp_signature).bytes(token);
  return out.bytes(request.payload).bytes(signature).take();
}

}  // namespace boltseal::notation
