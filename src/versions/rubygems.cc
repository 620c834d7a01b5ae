// RubyGems versions: number(.number-or-word)*[-pre…], Gem::Version of RubyGems.
//
// The text is runs of digits and of letters; a run of letters makes a pre-release and sorts before
// any number; zeros at the end of the release and of the whole do not count; "-" reads as ".pre.".
#include <string>
#include <vector>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

// \A\s*([0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)?\s*\z
bool valid(std::string_view text) {
  if (text.empty()) return true;
  if (take_digits(text).empty()) return false;
  while (take(text, '.'))
    if (take_while(text, is_alnum).empty()) return false;
  if (!take(text, '-')) return text.empty();
  do {
    if (take_while(text, [](char c) { return is_alnum(c) || c == '-'; }).empty()) return false;
  } while (take(text, '.'));
  return text.empty();
}

using Segments = std::vector<std::string_view>;

bool is_zero(std::string_view segment) {
  return is_digit(segment.front()) && without_zeros(segment).empty();
}

void push(Segments& out, std::string_view segment, bool& release) {
  if (release && is_alpha(segment.front())) {
    while (!out.empty() && is_zero(out.back())) out.pop_back();
    release = false;
  }
  out.push_back(segment);
}

std::optional<Segments> parse(std::string_view text) {
  text = trim(text);
  if (!valid(text)) return std::nullopt;
  Segments out;
  bool release = true;
  while (!text.empty()) {
    if (const auto digits = take_digits(text); !digits.empty())
      push(out, digits, release);
    else if (const auto word = take_while(text, is_alpha); !word.empty())
      push(out, word, release);
    else {
      if (text.front() == '-') push(out, "pre", release);
      text.remove_prefix(1);
    }
  }
  while (!out.empty() && is_zero(out.back())) out.pop_back();
  return out;
}

Order compare_segment(std::string_view a, std::string_view b) {
  const bool number = is_digit(a.front()), other_number = is_digit(b.front());
  if (number != other_number) return number ? Order::greater : Order::less;
  return number ? compare_numbers(a, b) : compare_bytes(a, b);
}

}  // namespace

MaybeOrder compare_rubygems(std::string_view a, std::string_view b) {
  const auto left = parse(a), right = parse(b);
  if (!left || !right) return std::nullopt;
  const std::size_t count = std::max(left->size(), right->size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = [i](const Segments& s) { return i < s.size() ? s[i] : std::string_view("0"); };
    if (const auto order = compare_segment(at(*left), at(*right)); order != 0) return order;
  }
  return Order::equal;
}

}  // namespace boltseal::versions
