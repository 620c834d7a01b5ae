#include "codec/unicode.h"

namespace boltseal {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t b) { out += static_cast<char>(b); };
  const auto more = [&](int shift) { byte(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) return byte(0xc0 | (code >> 6)), more(0);
  if (code < 0x10000) return byte(0xe0 | (code >> 12)), more(6), more(0);
  byte(0xf0 | (code >> 18)), more(12), more(6), more(0);
}

std::optional<std::string> utf8_of_utf16(std::string_view bytes) {
  const bool little = bytes.starts_with("\xff\xfe");
  if (!little && !bytes.starts_with("\xfe\xff")) return std::nullopt;
  const auto unit = [&](std::size_t at) -> std::uint32_t {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return little ? second << 8U | first : first << 8U | second;
  };
  const auto half = [](std::uint32_t code, std::uint32_t base) { return (code & 0xfc00U) == base; };
  std::string out;
  out.reserve(bytes.size() / 2);
  for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
    std::uint32_t code = unit(at);
    const bool pair = half(code, 0xd800) && at + 3 < bytes.size() && half(unit(at + 2), 0xdc00);
    if (pair) {
      code = 0x10000 + ((code & 0x3ffU) << 10U) + (unit(at + 2) & 0x3ffU);
      at += 2;
    } else if (half(code, 0xd800) || half(code, 0xdc00)) {
      code = 0xfffd;
    }
    append_utf8(out, code);
  }
  return out;
}

}  // namespace boltseal
