// signing_config.json: which services a publisher's organisation signs with, and how many of each.
// https://github.com/sigstore/protobuf-specs (sigstore_trustroot.proto, SigningConfig v0.2)
#pragma once
#include <cstdint>
#include <string_view>

#include "seal/refusal.h"
#include "seal/service_request.h"

namespace boltseal {

constexpr std::size_t max_signing_config = 1 << 20;

// Those to be used at the moment: of each kind only the highest version of its API that both sides
// know, of each operator only the service that is newest; then ANY takes the first of them, EXACT
// as many as it says, ALL all. Refusals: "signing-config-invalid", and "service-missing" where
// services are named and too few of them can be used now.
Checked<SigningServices> select_services(std::string_view json, std::int64_t moment);

}  // namespace boltseal
