#include "seal/notation_envelope.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "seal/notation_parts.h"

namespace boltseal {
namespace {

struct Algorithm {
  std::string_view name;
  KeyKind kind;
  HashKind hash;
};
constexpr std::array<Algorithm, 6> algorithms = {{
    {"ES256", KeyKind::ecdsa_p256, HashKind::sha256},
    {"ES384", KeyKind::ecdsa_p384, HashKind::sha384},
    {"ES512", KeyKind::ecdsa_p521, HashKind::sha512},
    {"PS256", KeyKind::rsa, HashKind::sha256},
    {"PS384", KeyKind::rsa, HashKind::sha384},
    {"PS512", KeyKind::rsa, HashKind::sha512},
}};

SignatureScheme scheme_of(const PublicKey& key) {
  return {.hash = key.natural_hash(), .padding = boltseal::Padding::pss};
}

}  // namespace

namespace notation {

Result<> check_headers(const NotationSignature& signature,
                       std::span<const std::string> header_names, bool has_signing_time,
                       bool has_authentic_time) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(header_names, name) != header_names.end();
  };
  const auto is_critical = [&](std::string_view name) {
    return std::ranges::find(signature.critical, name) != signature.critical.end();
  };
  const bool authority = signature.signing_scheme == scheme_authority;
  if (!authority && signature.signing_scheme != scheme_x509)
    return fail(Fault::unsupported, fmt::format("the signing scheme \"{}\" is not known",
                                                printable(signature.signing_scheme)));
  for (const std::string& name : signature.critical) {
    if (!has(name))
      return fail(Fault::corrupt,
                  fmt::format("\"{}\" is critical but is not there", printable(name)));
    constexpr std::array known = {signing_scheme, authentic_time, expiry, plugin, plugin_version};
    if (std::ranges::find(known, name) == known.end())
      return fail(Fault::unsupported,
                  fmt::format("the critical header \"{}\" is not known", printable(name)));
  }
  for (const std::string_view name : {signing_scheme, authentic_time, expiry, plugin}) {
    if (has(name) && !is_critical(name))
      return fail(Fault::corrupt, fmt::format("\"{}\" must be critical", name));
  }
  if (has_signing_time == has_authentic_time || authority != has_authentic_time)
    return fail(Fault::corrupt, "the time of signing is not the one that goes with the scheme");
  if (signature.certificates.empty()) return fail(Fault::corrupt, "no certificate is in it");
  if (signature.certificates.size() > certificate_limit)
    return fail(Fault::too_large, "more than 32 certificates");
  if (signature.signature.empty()) return fail(Fault::corrupt, "an empty signature");
  return {};
}

Result<std::string> raw_signature(std::string_view message, const Signer& signer) {
  const PublicKey& key = signer.public_key();
  TRY(auto signature, signer.sign(message, scheme_of(key)));
  return key.kind() == KeyKind::rsa ? signature : ecdsa_raw_of_der(signature, key.kind());
}

}  // namespace notation

Result<NotationSignature> parse_notation(std::string_view media_type, std::string_view bytes) {
  if (bytes.size() > notation::envelope_limit)
    return fail(Fault::too_large, "a signature envelope of more than 4 MiB");
  if (media_type == jws_media_type) return notation::parse_jws(bytes);
  if (media_type == cose_media_type) return notation::parse_cose(bytes);
  return fail(Fault::unsupported,
              fmt::format("\"{}\" is no envelope of notation", printable(media_type)));
}

Result<std::string> notation_algorithm(const PublicKey& key) {
  for (const Algorithm& algorithm : algorithms) {
    if (algorithm.kind == key.kind() && algorithm.hash == key.natural_hash())
      return std::string(algorithm.name);
  }
  return fail(Fault::unsupported,
              "notation signs with ECDSA (P-256, P-384, P-521) and RSA keys only");
}

Result<HashKind> notation_hash(std::string_view algorithm) {
  const auto known = std::ranges::find(algorithms, algorithm, &Algorithm::name);
  if (known != algorithms.end()) return known->hash;
  return fail(Fault::unsupported,
              fmt::format("\"{}\" is no algorithm of notation's", printable(algorithm)));
}

bool signed_by_notation_key(const NotationSignature& signature, const PublicKey& key) {
  const auto algorithm = notation_algorithm(key);
  if (!algorithm || signature.algorithm != *algorithm) return false;
  if (key.kind() == KeyKind::rsa)
    return key.verify(signature.signed_bytes, signature.signature, scheme_of(key));
  const auto der = ecdsa_der_of_raw(signature.signature);
  // The width must be the curve's: r || s of another curve is no signature of this one.
  const auto raw = der ? ecdsa_raw_of_der(*der, key.kind()) : der;
  return raw && *raw == signature.signature &&
         key.verify(signature.signed_bytes, *der, scheme_of(key));
}

Result<std::string> sign_notation(
    const NotationRequest& request, const Signer& signer,
    const std::function<Result<std::string>(std::string_view)>& timestamp) {
  TRY(const std::string algorithm, notation_algorithm(signer.public_key()));
  if (request.certificates.empty())
    return fail(Fault::unsupported, "notation signs with a certificate: give the chain of the key");
  if (request.media_type == jws_media_type)
    return notation::sign_jws(request, signer, algorithm, timestamp);
  if (request.media_type == cose_media_type)
    return notation::sign_cose(request, signer, algorithm, timestamp);
  return fail(Fault::unsupported, "an envelope that notation does not have");
}

std::string notation_payload_of(
    std::string_view media_type, std::string_view digest, std::uint64_t size,
    const std::vector<std::pair<std::string, std::string>>& annotations) {
  JsonWriter json(false);
  json.object().key("targetArtifact").object();
  json.member("mediaType", media_type).member("digest", digest).member("size", size);
  if (!annotations.empty()) {
    json.key("annotations").object();
    for (const auto& [key, value] : annotations) json.member(key, value);
    json.end();
  }
  return json.end().end().take();
}

std::string notation_thumbprints(const std::vector<std::string>& certificates) {
  JsonWriter json(false);
  json.array();
  for (const std::string& certificate : certificates) json.value(sha256_hex(certificate));
  return json.end().take();
}

}  // namespace boltseal
