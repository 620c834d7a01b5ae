// The verification material that cosign's legacy formats keep in the annotations of a layer, in the
// shape of a bundle, so that one judge serves both.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
#pragma once
#include "net/manifest.h"
#include "seal/bundle.h"
#include "seal/refusal.h"

namespace boltseal {

// Certificate and chain, log entry and timestamp, as far as they are there; neither a message nor
// an envelope. Refusal "annotation-invalid" for one that cannot be read.
Checked<Bundle> bundle_of_layer(const Annotations& annotations);

}  // namespace boltseal
