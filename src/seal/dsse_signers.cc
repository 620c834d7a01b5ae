#include "seal/dsse_signers.h"

#include "seal/schemes.h"

namespace boltseal {

DsseSigners dsse_signers(const DsseEnvelope& envelope, const std::vector<PublicKey>& keys,
                         const KeyTrust& trust, const TrustedRoot& authorities) {
  DsseSigners out;
  for (const PublicKey& key : keys) {
    if (trust.standing(key, {})) {
      out.keys.push_back(key);
      continue;
    }
    const auto message = pre_authentication(envelope.payload_type, envelope.payload);
    std::vector<VerifiedTime> times;
    bool signed_here = false;
    for (const DsseSignature& signature : envelope.signatures) {
      if (!signed_by(key, message, signature.signature)) continue;
      signed_here = true;
      for (const auto& timestamp : signature.timestamps)
        if (auto time = verify_signature_time(timestamp, signature.signature, authorities,
                                              "signatures.timestamps"))
          times.push_back(*std::move(time));
    }
    auto standing = trust.standing(key, times);
    if (standing)
      out.keys.push_back(key);
    else if (signed_here)
      out.doubt = DoubtfulKey{key, std::move(standing).error()};
  }
  return out;
}

}  // namespace boltseal
