// The verification material that cosign's legacy formats keep in the annotations of a layer, in the
// shape of a bundle, so that one judge serves both.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
#pragma once
#include <span>

#include "net/manifest.h"
#include "seal/bundle.h"
#include "seal/refusal.h"

namespace boltseal {

// Certificate and chain, log entry and timestamp, as far as they are there; neither a message nor
// an envelope. Refusal "annotation-invalid" for one that cannot be read.
Checked<Bundle> bundle_of_layer(const Annotations& annotations);

// The annotations for a bundle's material, whose certificate has these issuers, the root last. Of
// several log entries and timestamps it is the first, for there is place for one. unsupported for
// an entry without a promise (Rekor's second generation, a log of one's own): it has no place
// there.
Result<Annotations> annotations_of(const Bundle& bundle, std::span<const Certificate> issuers);

}  // namespace boltseal
