// Alpine versions: number{.number}…[letter]{_suffix[number]}…[~hash][-r#], apk-package(5) of
// apk-tools.
//
// Both apk-tools 2 and 3 agree on versions of that form; where a number after the first has a
// leading zero they compare it as text (3) or as a fraction (2), which is the same order but for
// exotic lengths: 3 is followed. The tool also orders texts with a malformed tail ("1-ruff", before
// what has none), and so do we; a text that does not even begin as a version is none.
#include <array>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

// In the order in which a longer version loses against a shorter one, but for suffixes.
enum class Token : std::uint8_t {
  first,
  number,
  letter,
  suffix,
  suffix_number,
  hash,
  revision,
  end,
  invalid
};

constexpr std::array<std::string_view, 10> suffixes = {"alpha", "beta", "pre", "rc", "",
                                                       "cvs",   "svn",  "git", "hg", "p"};
constexpr std::ptrdiff_t no_suffix = 4;

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    text_ = take_digits(rest_);
    // ".1" and "a": apk-tools 2 reads an empty first number.
    if (text_.empty() && (rest_.empty() || (rest_.front() != '.' && rest_.size() > 1))) fail();
  }
  bool begins_as_version() const { return token_ == Token::first; }
  Token token() const { return token_; }
  bool before_release() const { return token_ == Token::suffix && suffix_ < no_suffix; }
  std::string_view rest() const { return rest_; }

  void next() {
    if (rest_.empty()) {
      token_ = Token::end;
      return;
    }
    const char c = rest_.front();
    if (c >= 'a' && c <= 'z') {
      if (token_ > Token::number) return fail();
      text_ = rest_.substr(0, 1);
      rest_.remove_prefix(1);
      token_ = Token::letter;
    } else if (c == '.' || is_digit(c)) {
      number(c == '.');
    } else if (c == '_') {
      suffix();
    } else if (c == '~') {
      if (token_ >= Token::hash) return fail();
      take(rest_, '~');
      text_ = take_while(rest_, [](char h) { return is_digit(h) || (h >= 'a' && h <= 'f'); });
      token_ = text_.empty() ? Token::invalid : Token::hash;
    } else if (rest_.starts_with("-r") && token_ < Token::revision) {
      // apk-tools 2 reads "-r" as "-r0".
      if (rest_.size() > 2 && is_alpha(rest_[2])) return fail();
      rest_.remove_prefix(2);
      text_ = take_digits(rest_);
      token_ = Token::revision;
    } else {
      fail();
    }
  }

  Order compare(const Reader& other) const {
    switch (token_) {
      case Token::number:
        if (text_.starts_with('0') || other.text_.starts_with('0'))
          return compare_bytes(text_, other.text_);
        [[fallthrough]];
      case Token::first:
      case Token::suffix_number:
      case Token::revision:
        return compare_numbers(text_, other.text_);
      case Token::suffix:
        return suffix_ <=> other.suffix_;
      default:
        return compare_bytes(text_, other.text_);
    }
  }

 private:
  void fail() { token_ = Token::invalid; }

  void number(bool dot) {
    // A number after a letter ("6.6.2p1") is read by apk-tools 2 only.
    const bool after_suffix = !dot && token_ == Token::suffix;
    if (dot ? token_ > Token::letter : !after_suffix && token_ != Token::letter) return fail();
    if (dot) take(rest_, '.');
    text_ = take_digits(rest_);
    token_ = text_.empty() ? Token::invalid : after_suffix ? Token::suffix_number : Token::number;
  }

  void suffix() {
    if (token_ > Token::suffix_number) return fail();
    take(rest_, '_');
    text_ = take_while(rest_, [](char s) { return s >= 'a' && s <= 'z'; });
    suffix_ = std::ranges::find(suffixes, text_) - suffixes.begin();
    const bool known = !text_.empty() && suffix_ < std::ssize(suffixes);
    token_ = known ? Token::suffix : Token::invalid;
  }

  Token token_ = Token::first;
  std::string_view rest_, text_;
  std::ptrdiff_t suffix_ = no_suffix;
};

}  // namespace

MaybeOrder compare_apk(std::string_view a, std::string_view b) {
  if (!printable_word(a) || !printable_word(b)) return std::nullopt;
  Reader left(a), right(b);
  if (!left.begins_as_version() || !right.begins_as_version()) return std::nullopt;
  while (left.token() == right.token() && left.token() < Token::end) {
    if (const auto order = left.compare(right); order != 0) return order;
    left.next();
    right.next();
  }
  if (left.token() == Token::invalid && right.token() == Token::invalid) {
    // What stands after a package revision, or instead of it, is not looked at.
    const bool revision = left.rest().starts_with('-') || right.rest().starts_with('-');
    return revision ? Order::equal : compare_bytes(left.rest(), right.rest());
  }
  if (left.token() == right.token()) return Order::equal;
  if (left.before_release()) return Order::less;
  if (right.before_release()) return Order::greater;
  // The one with more to say is newer.
  return right.token() <=> left.token();
}

}  // namespace boltseal::versions
