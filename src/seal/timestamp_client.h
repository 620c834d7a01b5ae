// Asks a timestamp authority (RFC 3161 over HTTP, section 3.4) to stamp a signature.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

// The TimeStampResp in DER over `message`, granted and with our nonce; who has signed it is for the
// verifier to judge. Plain HTTP is taken, as many authorities speak nothing else: what comes back
// is signed, and what is sent is a hash. `patience`: seconds without an answer.
Result<std::string> request_timestamp(const std::string& url, std::string_view message,
                                      int patience = 60);

}  // namespace boltseal
