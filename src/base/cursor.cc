#include "base/cursor.h"

namespace boltseal {

std::uint64_t Cursor::long_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = u8();
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (!ok_) return 0;
    if ((byte & 0x80) == 0) return value;
  }
  ok_ = false;
  return 0;
}

}  // namespace boltseal
