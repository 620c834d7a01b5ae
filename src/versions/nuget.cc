// NuGet versions: 1 to 4 numbers, then -labels and +metadata as in semantic versions, labels
// without regard to case. https://learn.microsoft.com/nuget/concepts/package-versioning
//
// As NuGet.Versioning has it: blanks around a number do not count, a label of digits has no leading
// zero, and a label is a number as far as it fits 32 bits with sign: "-1" sorts before "0", and a
// time of 14 digits is a word.
#include <array>
#include <charconv>
#include <cstdint>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

struct NugetVersion {
  std::array<std::string_view, 4> core;
  std::string_view labels;
};

bool valid_labels(std::string_view text, bool zeros) {
  for (bool more = true; more;) {
    const auto label = take_while(text, [](char c) { return is_alnum(c) || c == '-'; });
    if (label.empty() || (!zeros && label.size() > 1 && label[0] == '0' && all_digits(label)))
      return false;
    more = take(text, '.');
  }
  return text.empty();
}

bool is_blank(char c) { return c == ' '; }

std::optional<NugetVersion> parse(std::string_view text) {
  text = trim(text);
  NugetVersion v;
  for (std::size_t i = 0; i < v.core.size(); ++i) {
    if (i > 0 && !take(text, '.')) break;
    take_while(text, is_blank);
    v.core.at(i) = take_digits(text);
    if (v.core.at(i).empty()) return std::nullopt;
    take_while(text, is_blank);
  }
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (!valid_labels(text.substr(plus + 1), true)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (take(text, '-')) {
    if (!valid_labels(text, false)) return std::nullopt;
    v.labels = text;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  return v;
}

std::optional<std::int32_t> number(std::string_view label) {
  std::int32_t out = 0;
  const auto end = label.data() + label.size();
  const auto [stop, error] = std::from_chars(label.data(), end, out);
  return error == std::errc() && stop == end ? std::optional(out) : std::nullopt;
}

Order compare_nocase(std::string_view a, std::string_view b) {
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(),
      [](char x, char y) -> Order { return to_lower(x) <=> to_lower(y); });
}

}  // namespace

MaybeOrder compare_nuget(std::string_view a, std::string_view b) {
  const auto left = parse(a), right = parse(b);
  if (!left || !right) return std::nullopt;
  for (std::size_t i = 0; i < left->core.size(); ++i)
    if (const auto order = compare_numbers(left->core.at(i), right->core.at(i)); order != 0)
      return order;
  std::string_view l = left->labels, r = right->labels;
  if (l.empty() || r.empty()) return l.empty() <=> r.empty();
  while (!l.empty() && !r.empty()) {
    const auto not_dot = [](char c) { return c != '.'; };
    const auto x = take_while(l, not_dot), y = take_while(r, not_dot);
    const auto left_number = number(x), right_number = number(y);
    if (left_number.has_value() != right_number.has_value())
      return left_number ? Order::less : Order::greater;
    const auto order = left_number ? *left_number <=> *right_number : compare_nocase(x, y);
    if (order != 0) return order;
    take(l, '.');
    take(r, '.');
  }
  return r.empty() <=> l.empty();
}

}  // namespace boltseal::versions
