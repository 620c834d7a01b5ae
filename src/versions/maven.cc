// Maven versions, ordered as ComparableVersion of maven-artifact does
// (https://maven.apache.org/pom.html "Version order").
//
// ComparableVersion nests a list at every "-" and every change between digits and letters, always
// as the last item of the one before. So a version is a chain of flat lists, and a loop over that
// chain stands for its recursion. The order is that of Maven 3.6 to 3.8.6; later ones differ only
// where a qualifier follows "." in one version and "-" in the other.
#include <array>
#include <string>
#include <vector>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

enum class Kind : std::uint8_t { number, word, list, none };

struct Item {
  Kind kind = Kind::number;
  std::string_view text;
};
using List = std::vector<Item>;

// A word's place: the known ones in this order, "" being the release itself; all others after, by
// their letters.
int rank(std::string_view word) {
  constexpr std::array<std::string_view, 7> known = {"alpha",    "beta", "milestone", "rc",
                                                     "snapshot", "",     "sp"};
  if (word == "ga" || word == "final" || word == "release") return 5;
  if (word == "cr") return 3;
  return static_cast<int>(std::ranges::find(known, word) - known.begin());
}

Order compare_words(std::string_view a, std::string_view b) {
  const int left = rank(a), right = rank(b);
  return left != 7 || right != 7 ? left <=> right : compare_bytes(a, b);
}

std::string_view full_word(std::string_view word, bool before_digit) {
  if (before_digit && word == "a") return "alpha";
  if (before_digit && word == "b") return "beta";
  if (before_digit && word == "m") return "milestone";
  return word;
}

bool says_nothing(const Item& item) {
  return item.kind == Kind::number ? without_zeros(item.text).empty() : rank(item.text) == 5;
}

class Version {
 public:
  // `text` is in lower case and outlives the Version.
  explicit Version(std::string_view text) {
    lists_.emplace_back();
    for (at_ = 0; at_ < text.size(); ++at_) character(text);
    if (text.size() > start_) add(text, false);
    // Zeros and release words at the end of a list say nothing, and neither does a list that is
    // left empty.
    for (std::size_t level = lists_.size(); level-- > 0;) {
      auto& list = lists_[level];
      while (!list.empty() && says_nothing(list.back())) list.pop_back();
      if (list.empty() && level + 1 == lists_.size() && level > 0) lists_.pop_back();
    }
  }

  Order compare(const Version& other) const {
    for (std::size_t level = 0;; ++level) {
      for (std::size_t i = 0;; ++i) {
        const Kind left = kind(level, i), right = other.kind(level, i);
        if (left == Kind::none && right == Kind::none) return Order::equal;
        if (left == Kind::list && right == Kind::list) break;
        if (right == Kind::none || left == Kind::none) {
          const auto order =
              right == Kind::none ? against_end(level, i) : 0 <=> other.against_end(level, i);
          if (order != 0) return order;
          if (left == Kind::list || right == Kind::list) return Order::equal;
          continue;
        }
        const Order order = compare_items(left, right, level, i, other);
        if (order != 0) return order;
      }
    }
  }

 private:
  void character(std::string_view text) {
    const char c = text[at_];
    if (c == '.' || c == '-') {
      if (at_ == start_)
        lists_.back().push_back({Kind::number, {}});
      else
        add(text, false);
      start_ = at_ + 1;
      if (c == '-') lists_.emplace_back();
      return;
    }
    const bool digit = is_digit(c);
    if (digit != digit_ && at_ > start_) {
      add(text, digit);
      start_ = at_;
      lists_.emplace_back();
    }
    digit_ = digit;
  }

  void add(std::string_view text, bool before_digit) {
    const auto part = text.substr(start_, at_ - start_);
    if (digit_)
      lists_.back().push_back({Kind::number, part});
    else
      lists_.back().push_back({Kind::word, full_word(part, before_digit)});
  }

  Kind kind(std::size_t level, std::size_t i) const {
    const auto& list = lists_[level];
    if (i < list.size()) return list[i].kind;
    return i == list.size() && level + 1 < lists_.size() ? Kind::list : Kind::none;
  }

  // Item i of the list at `level`, and all it nests, compared with nothing.
  Order against_end(std::size_t level, std::size_t i) const {
    const bool nested = kind(level, i) == Kind::list;
    if (!nested) return item_against_end(lists_[level][i]);
    for (std::size_t inner = level + 1; inner < lists_.size(); ++inner)
      for (const auto& item : lists_[inner])
        if (const auto order = item_against_end(item); order != 0) return order;
    return Order::equal;
  }

  static Order item_against_end(const Item& item) {
    return item.kind == Kind::word ? compare_words(item.text, "") : compare_numbers(item.text, {});
  }

  // Words < lists < numbers.
  Order compare_items(Kind left, Kind right, std::size_t level, std::size_t i,
                      const Version& other) const {
    const auto place = [](Kind k) { return k == Kind::number ? 2 : k == Kind::list ? 1 : 0; };
    if (left != right) return place(left) <=> place(right);
    const auto l = lists_[level][i].text, r = other.lists_[level][i].text;
    return left == Kind::number ? compare_numbers(l, r) : compare_words(l, r);
  }

  std::vector<List> lists_;
  std::size_t at_ = 0, start_ = 0;
  bool digit_ = false;
};

// ComparableVersion takes any text; an unresolved property or a range is no version all the same.
bool valid(std::string_view text) {
  return printable_word(text) && text.find("${") == std::string_view::npos &&
         text.find_first_of("[](),") == std::string_view::npos;
}

}  // namespace

MaybeOrder compare_maven(std::string_view a, std::string_view b) {
  a = trim(a);
  b = trim(b);
  if (!valid(a) || !valid(b)) return std::nullopt;
  const std::string left = lower(a), right = lower(b);
  return Version(left).compare(Version(right));
}

}  // namespace boltseal::versions
