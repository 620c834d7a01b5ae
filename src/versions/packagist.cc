// Composer versions, ordered by PHP's version_compare as composer/semver's Comparator uses it.
//
// "-", "_" and "+" and every change between digits and letters separate parts. Parts order as: any
// other word < dev < alpha = a < beta = b < RC = rc < the end < numbers < pl = p, by case. A
// leading "v" does not matter. Two branches ("dev-main") have no order.
#include <array>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

constexpr int end_rank = 6, number_rank = 7;

struct Word {
  std::string_view prefix;
  int rank;
};
// Only the beginning of a part is looked at: "alphabet" is alpha, "rcx" is rc.
constexpr std::array<Word, 9> known = {{{"dev", 1},
                                        {"alpha", 2},
                                        {"a", 2},
                                        {"beta", 3},
                                        {"b", 3},
                                        {"RC", 4},
                                        {"rc", 4},
                                        {"pl", 8},
                                        {"p", 8}}};

int rank(std::string_view part) {
  if (part.empty()) return end_rank;
  if (is_digit(part.front())) return number_rank;
  for (const auto& word : known)
    if (part.starts_with(word.prefix)) return word.rank;
  return 0;
}

// The next run of digits or of letters; empty at the end.
std::string_view next_part(std::string_view& text) {
  take_while(text, [](char c) { return !is_alnum(c); });
  if (text.empty()) return {};
  return is_digit(text.front()) ? take_digits(text) : take_while(text, is_alpha);
}

bool is_branch(std::string_view text) { return text.starts_with("dev-"); }

std::optional<std::string_view> parse(std::string_view text) {
  text = trim(text);
  if (!printable_word(text)) return std::nullopt;
  if (is_branch(text)) return text;
  if (!take(text, 'v')) take(text, 'V');
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto odd = [](char c) {
    return !is_alnum(c) && c != '.' && c != '-' && c != '_' && c != '+';
  };
  if (std::ranges::any_of(text, odd)) return std::nullopt;
  return text;
}

}  // namespace

MaybeOrder compare_packagist(std::string_view a, std::string_view b) {
  const auto left = parse(a), right = parse(b);
  if (!left || !right) return std::nullopt;
  if (is_branch(*left) && is_branch(*right))
    return *left == *right ? MaybeOrder(Order::equal) : std::nullopt;
  for (std::string_view l = *left, r = *right;;) {
    const auto x = next_part(l), y = next_part(r);
    if (const auto order = rank(x) <=> rank(y); order != 0) return order;
    if (x.empty()) return Order::equal;
    if (rank(x) != number_rank) continue;
    if (const auto order = compare_numbers(x, y); order != 0) return order;
  }
}

}  // namespace boltseal::versions
