// NuGet versions: 1 to 4 numbers, then -labels and +metadata as in semantic versions, labels
// without regard to case. https://learn.microsoft.com/nuget/concepts/package-versioning
#include <array>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

struct NugetVersion {
  std::array<std::string_view, 4> core;
  std::string_view labels;
};

bool valid_labels(std::string_view text) {
  for (bool more = true; more;) {
    if (take_while(text, [](char c) { return is_alnum(c) || c == '-'; }).empty()) return false;
    more = take(text, '.');
  }
  return text.empty();
}

std::optional<NugetVersion> parse(std::string_view text) {
  text = trim(text);
  NugetVersion v;
  for (std::size_t i = 0; i < v.core.size(); ++i) {
    if (i > 0 && !take(text, '.')) break;
    v.core.at(i) = take_digits(text);
    if (v.core.at(i).empty()) return std::nullopt;
  }
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (!valid_labels(text.substr(plus + 1))) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (take(text, '-')) {
    if (!valid_labels(text)) return std::nullopt;
    v.labels = text;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  return v;
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
    const bool number = all_digits(x), other_number = all_digits(y);
    if (number != other_number) return number ? Order::less : Order::greater;
    const auto order = number ? compare_numbers(x, y) : compare_nocase(x, y);
    if (order != 0) return order;
    take(l, '.');
    take(r, '.');
  }
  return r.empty() <=> l.empty();
}

}  // namespace boltseal::versions
