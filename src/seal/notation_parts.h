// What the two envelopes of notation share: names of headers, and the two halves of each form.
// Only notation_*.cc include this.
#pragma once
#include <array>
#include <span>

#include "seal/notation_envelope.h"

namespace boltseal::notation {

constexpr std::string_view signing_scheme = "io.cncf.notary.signingScheme";
constexpr std::string_view signing_time = "io.cncf.notary.signingTime";
constexpr std::string_view authentic_time = "io.cncf.notary.authenticSigningTime";
constexpr std::string_view expiry = "io.cncf.notary.expiry";
constexpr std::string_view plugin = "io.cncf.notary.verificationPlugin";
constexpr std::string_view plugin_version = "io.cncf.notary.verificationPluginMinVersion";
constexpr std::string_view signing_agent = "io.cncf.notary.signingAgent";
constexpr std::string_view timestamp_signature = "io.cncf.notary.timestampSignature";
constexpr std::string_view agent = "boltseal/" BOLTSEAL_VERSION;

constexpr std::size_t certificate_limit = 32;
constexpr std::uint64_t envelope_limit = 4 << 20;

// Holds the rules that do not depend on the envelope: which headers are critical, which time goes
// with which scheme.
Result<> check_headers(const NotationSignature& signature,
                       std::span<const std::string> header_names, bool has_signing_time,
                       bool has_authentic_time);

Result<NotationSignature> parse_jws(std::string_view bytes);
Result<NotationSignature> parse_cose(std::string_view bytes);

using Timestamper = std::function<Result<std::string>(std::string_view)>;
Result<std::string> sign_jws(const NotationRequest& request, const Signer& signer,
                             const std::string& algorithm, const Timestamper& timestamp);
Result<std::string> sign_cose(const NotationRequest& request, const Signer& signer,
                              const std::string& algorithm, const Timestamper& timestamp);

// The signature in the form of the envelopes: ECDSA's r || s.
Result<std::string> raw_signature(std::string_view message, const Signer& signer);

}  // namespace boltseal::notation
