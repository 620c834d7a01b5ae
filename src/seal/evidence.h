// What a verification has found, as JSON: for people who keep records, and for other programs.
// doc/sigstore.md describes the members.
#pragma once
#include "codec/json_writer.h"
#include "seal/bundle.h"
#include "seal/refusal.h"
#include "seal/verify_bundle.h"

namespace boltseal {

void write_evidence(JsonWriter& json, const BundleEvidence& evidence);  // one object
void write_refusal(JsonWriter& json, const Refusal& refusal);           // one object
void write_certificate_summary(JsonWriter& json, const Certificate& certificate);
// What a bundle says of itself; nothing of it is verified.
void write_bundle_summary(JsonWriter& json, const Bundle& bundle);

}  // namespace boltseal
