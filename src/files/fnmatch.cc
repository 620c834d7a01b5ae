#include "files/fnmatch.h"

#include <string>

namespace boltseal {
namespace {

std::u32string code_points(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t c = size == 1 ? lead : lead & (0x7f >> size);
    for (std::size_t k = 1; k < size && i + k < text.size(); ++k)
      c = c << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    out += c;
    i += size;
  }
  return out;
}

// One part of a pattern: a character, any, or a set. `next`: where the pattern goes on.
bool one_matches(std::u32string_view pattern, std::size_t at, char32_t c, std::size_t& next) {
  next = at + 1;
  if (pattern[at] == U'?') return true;
  if (pattern[at] != U'[') return pattern[at] == c;
  std::size_t end = at + 1;
  if (end < pattern.size() && pattern[end] == U'!') ++end;
  if (end < pattern.size() && pattern[end] == U']') ++end;
  while (end < pattern.size() && pattern[end] != U']') ++end;
  if (end >= pattern.size()) return c == U'[';  // no set: the bracket itself
  next = end + 1;
  std::size_t i = at + 1;
  const bool negated = pattern[i] == U'!';
  if (negated) ++i;
  bool inside = false;
  while (i < end) {
    if (i + 2 < end && pattern[i + 1] == U'-') {
      inside |= pattern[i] <= c && c <= pattern[i + 2];
      i += 3;
    } else {
      inside |= pattern[i++] == c;
    }
  }
  return inside != negated;
}

}  // namespace

bool fnmatch_matches(std::string_view pattern_bytes, std::string_view text_bytes) {
  const auto pattern = code_points(pattern_bytes), text = code_points(text_bytes);
  std::size_t p = 0, t = 0, star = std::u32string::npos, resume = 0;
  while (t < text.size()) {
    std::size_t next = 0;
    if (p < pattern.size() && pattern[p] == U'*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && one_matches(pattern, p, text[t], next)) {
      p = next;
      ++t;
    } else if (star != std::u32string::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of(U'*', p) == std::u32string::npos;
}

}  // namespace boltseal
