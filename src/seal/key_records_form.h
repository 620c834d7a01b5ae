// One key record as the JSON that is signed, and back.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"

namespace boltseal {

enum class KeyRecordKind : std::uint8_t { succession, recovery, revocation };

std::string_view name_of(KeyRecordKind kind);  // "succession", …

struct KeyRecordForm {
  KeyRecordKind kind = KeyRecordKind::succession;
  PublicKey key;
  PublicKey other;  // the successor, the recovery key, or the key that revokes
  std::int64_t time = 0;
  std::int64_t from = 0;  // of a revocation, as are the rest
  std::string reason;
  std::vector<std::string> keeps;
};

// corrupt unless the payload is exactly what write_key_record gives for what it says.
Result<KeyRecordForm> parse_key_record(std::string_view payload);
// In canonical form (RFC 8785).
Result<std::string> write_key_record(const KeyRecordForm& record);

}  // namespace boltseal
