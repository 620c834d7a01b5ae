// Whose signatures on an envelope count, where records about keys say that some do not any more.
#pragma once
#include <optional>
#include <vector>

#include "seal/dsse.h"
#include "seal/key_trust.h"
#include "seal/trusted_root.h"

namespace boltseal {

struct DsseSigners {
  std::vector<PublicKey> keys;       // of those asked for, what may count; not all need have signed
  std::optional<DoubtfulKey> doubt;  // one that has signed, and does not count
};

// A key that was revoked counts on an envelope that it signed before, as a timestamp over its
// signature by one of `authorities` proves.
DsseSigners dsse_signers(const DsseEnvelope& envelope, const std::vector<PublicKey>& keys,
                         const KeyTrust& trust, const TrustedRoot& authorities);

}  // namespace boltseal
