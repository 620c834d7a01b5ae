// The encodings of Unicode (https://www.unicode.org/versions/latest/core-spec/chapter-3/, 3.9).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace boltseal {

// `code` is a scalar value: below 0x110000 and no surrogate.
void append_utf8(std::string& out, std::uint32_t code);

// UTF-16 behind a byte order mark, as PowerShell redirects what a program prints, in UTF-8; nothing
// where there is no such mark. Half a surrogate pair becomes U+FFFD; an odd last byte is left out.
std::optional<std::string> utf8_of_utf16(std::string_view bytes);

}  // namespace boltseal
