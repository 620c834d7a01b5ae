// Small things one does to text. None of them looks at the locale.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boltseal {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string lower(std::string_view text);

std::string_view trim(std::string_view text);  // white space off both ends
std::string_view trim_end(std::string_view text, char c);
std::vector<std::string_view> split(std::string_view text,
                                    char by);                // "a,,b" gives three; "" gives one
std::vector<std::string_view> words(std::string_view text);  // by white space, no empty ones
std::optional<std::pair<std::string_view, std::string_view>> cut(
    std::string_view text, std::string_view by);  // at the first
std::string join(const std::vector<std::string>& parts, std::string_view by);
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
bool contains_nocase(std::string_view text, std::string_view part);

// Decimal without sign, whole text; nothing when it is not that or does not fit.
std::optional<std::uint64_t> parse_u64(std::string_view text, int base = 10);
std::string hex(std::string_view bytes);
std::optional<std::string> unhex(std::string_view text);
// RFC 3986: everything but unreserved characters and those of `keep` as %XX, and back; nothing for
// a broken %XX.
std::string percent_encode(std::string_view text, std::string_view keep = {});
std::optional<std::string> percent_decode(std::string_view text);

// Calls f(line) for every line, without its "\n" or "\r\n"; a last line without an end counts.
template <class F>
void each_line(std::string_view text, F&& f) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    f(line);
  }
}

// Text from outside made safe to show: control characters, ANSI escapes, bidi overrides and invalid
// UTF-8 become \xNN or
// \u{NNNN}; line ends and tabs too unless `lines`. (security-record rows 25 and 37)
std::string printable(std::string_view text, bool lines = false);
bool valid_utf8(std::string_view text);
std::string valid_or_replaced_utf8(std::string_view text);  // invalid bytes become U+FFFD

// How many terminal columns a UTF-8 text takes (wide East Asian = 2, combining = 0).
std::size_t columns(std::string_view text);

}  // namespace boltseal
