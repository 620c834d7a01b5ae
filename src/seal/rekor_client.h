// Records a signature in a transparency log that has a server.
// Rekor v1: https://github.com/sigstore/rekor (openapi.yaml, pkg/types/{hashedrekord,dsse})
// Rekor v2: https://github.com/sigstore/rekor-tiles (CLIENTS.md, rekor/v2/entry.proto)
#pragma once
#include <string>
#include <string_view>

#include "crypto/public_key.h"
#include "crypto/signer.h"
#include "seal/bundle.h"
#include "seal/log_entry.h"
#include "seal/refusal.h"
#include "seal/service_request.h"

namespace boltseal {

// What is sent, as JSON: hashedrekord or dsse 0.0.1, or the request of a hashedrekord 0.0.2.
// `digest` is that of the signed bytes by the scheme's hash, `key` the signer's.
std::string rekor_request(const Bundle& bundle, const PublicKey& key, const SignatureScheme& scheme,
                          std::string_view digest, int version);

// The entry in an answer, not yet believed. Refusal "service-answer-invalid".
Checked<LogEntry> parse_rekor_answer(std::string_view json, int version);

// Records the bundle's signature; whether the log really has it is for verify_bundle to judge. An
// entry that was there already (HTTP 409) is fetched. Refusals: those of ask_service and
// "service-answer-invalid".
Checked<LogEntry> record_in_rekor(const RekorService& log, const Bundle& bundle,
                                  const PublicKey& key, const SignatureScheme& scheme,
                                  std::string_view digest, const ServiceAccess& access);

}  // namespace boltseal
