// A bundle that is attached to an image: the envelope in it, and who signed that.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/public_key.h"
#include "seal/dsse.h"
#include "seal/refusal.h"

namespace boltseal {

// A bundle for a key that the verifier knows, without log entries.
std::string write_key_bundle(const DsseEnvelope& envelope, const PublicKey& key);

struct EnvelopeInBundle {
  DsseEnvelope envelope;
  bool certified = false;  // signed by a certificate's key rather than one that is known
};
Checked<EnvelopeInBundle> read_image_bundle(std::string_view json);

}  // namespace boltseal
