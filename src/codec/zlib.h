// A zlib stream (RFC 1950), all at once: compressed sections of executables and the like.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

// The inflated bytes, Adler-32 checked; corrupt for a broken stream, too_large when they are over
// `cap`.
Result<std::string> zlib_inflate(std::string_view bytes, std::uint64_t cap);

}  // namespace boltseal
