// Predicates: what an attestation can say, by the names that cosign gives their types and by URI.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/value.h"

namespace boltseal {

constexpr std::string_view cosign_sign_predicate = "https://sigstore.dev/cosign/sign/v1";
constexpr std::string_view cosign_custom_predicate = "https://cosign.sigstore.dev/attestation/v1";
constexpr std::string_view cosign_vuln_predicate =
    "https://cosign.sigstore.dev/attestation/vuln/v1";
constexpr std::string_view spdx_predicate = "https://spdx.dev/Document";
constexpr std::string_view cyclonedx_predicate = "https://cyclonedx.org/bom";

// "slsaprovenance1" → its URI; a URI is itself; unsupported, with the names there are, for others.
Result<std::string> predicate_type_of(std::string_view name);
std::vector<std::string_view> predicate_names();

// The predicate of a statement of this type, as JSON, from what the user gave: JSON as it is; for
// "custom" any bytes, wrapped with `timestamp`; for SPDX also the tag-value form, as a text.
// corrupt, naming the member, when something is missing that the type requires.
Result<std::string> make_predicate(std::string_view type, std::string_view given,
                                   const std::string& timestamp);
// Only that check.
Result<> check_predicate(std::string_view type, const Value& predicate);

}  // namespace boltseal
