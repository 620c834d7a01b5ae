// Base64 as RFC 4648 has it, both alphabets.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

enum class Base64 { standard, url };  // url is written without padding, as JOSE has it

std::string base64(std::string_view bytes, Base64 alphabet = Base64::standard);

// The bytes of a text. Strict: one alphabet throughout, no white space, no bits left over, padding
// whole or (url) absent, so that one value has one text and nothing can be hidden in it.
Result<std::string> unbase64(std::string_view text, Base64 alphabet = Base64::standard);
// Either alphabet, padded or not, as protobuf's JSON and DSSE allow; strict in all else.
Result<std::string> unbase64_any(std::string_view text);

}  // namespace boltseal
