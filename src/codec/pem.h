// PEM, the textual form of keys and certificates (RFC 7468), with the headers that old OpenSSL and
// Notary keys carry (RFC 1421).
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct PemBlock {
  std::string label;  // "PUBLIC KEY"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string bytes;
};

// All blocks in order; text between them is passed over. corrupt for a block that does not end, or
// is no base64; not_found when there is none. At most 1,000 blocks.
Result<std::vector<PemBlock>> parse_pem(std::string_view text);

// Lines of 64 digits, as everybody writes them.
std::string write_pem(std::string_view label, std::string_view bytes);

}  // namespace boltseal
