#include "codec/base64.h"

#include <array>
#include <cstdint>

namespace boltseal {
namespace {

constexpr std::string_view standard_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t none = 0xff;

constexpr std::array<std::uint8_t, 256> table_of(std::string_view digits) {
  std::array<std::uint8_t, 256> table{};
  table.fill(none);
  for (std::size_t i = 0; i < digits.size(); ++i)
    table[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  return table;
}
constexpr auto standard_table = table_of(standard_digits);
constexpr auto url_table = table_of(url_digits);

enum class Padding { required, absent, optional };

Result<std::string> decode(std::string_view text, const std::array<std::uint8_t, 256>& table,
                           Padding padding) {
  std::string_view digits = text;
  if (padding != Padding::absent) {
    for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  }
  const bool padded = digits.size() != text.size();
  if (digits.size() % 4 == 1 || ((padded || padding == Padding::required) && text.size() % 4 != 0))
    return fail(Fault::corrupt, "base64 of a length that none has");
  std::string out;
  out.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::uint8_t value = table[static_cast<unsigned char>(digits[i])];
    if (value == none) return fail(Fault::corrupt, "not a digit of base64", {}, i);
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  if (bits & ((1U << count) - 1)) return fail(Fault::corrupt, "base64 with bits left over");
  return out;
}

}  // namespace

std::string base64(std::string_view bytes, Base64 alphabet) {
  const std::string_view digits = alphabet == Base64::url ? url_digits : standard_digits;
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(digits[bits >> count & 63]);
    }
  }
  if (count > 0) out.push_back(digits[bits << (6 - count) & 63]);
  if (alphabet == Base64::standard) out.resize((out.size() + 3) / 4 * 4, '=');
  return out;
}

Result<std::string> unbase64(std::string_view text, Base64 alphabet) {
  return alphabet == Base64::url ? decode(text, url_table, Padding::absent)
                                 : decode(text, standard_table, Padding::required);
}

Result<std::string> unbase64_any(std::string_view text) {
  const bool url = text.find_first_of("-_") != std::string_view::npos;
  return decode(text, url ? url_table : standard_table, Padding::optional);
}

}  // namespace boltseal
