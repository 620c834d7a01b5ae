// Python versions: [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local], in all spellings that PEP 440
// normalises. https://packaging.python.org/specifications/version-specifiers/. Older free-form
// versions are none, as for `packaging`.
#include <array>
#include <string>
#include <vector>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

struct PythonVersion {
  std::string_view epoch, release, pre_number, post_number, dev_number, local;
  char pre = 0;  // 'a', 'b', 'c' (rc), or 0
  bool post = false, dev = false;
};

bool is_separator(char c) { return c == '.' || c == '-' || c == '_'; }

// The text in lower case; everything else works on that.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<PythonVersion> parse() {
    take(rest_, 'v');
    v_.release = release();
    if (take(rest_, '!')) {
      if (!all_digits(v_.release)) return std::nullopt;
      v_.epoch = v_.release;
      v_.release = release();
    }
    if (v_.release.empty()) return std::nullopt;
    pre();
    post();
    if (word({"dev"})) {
      v_.dev = true;
      v_.dev_number = number();
    }
    if (take(rest_, '+')) {
      v_.local = rest_;
      if (!valid_local(rest_)) return std::nullopt;
      rest_ = {};
    }
    if (!rest_.empty()) return std::nullopt;
    return v_;
  }

 private:
  // N(.N)*, a dot that no digit follows is left.
  std::string_view release() {
    const auto from = rest_;
    if (take_digits(rest_).empty()) return {};
    while (rest_.size() > 1 && rest_[0] == '.' && is_digit(rest_[1])) {
      rest_.remove_prefix(1);
      take_digits(rest_);
    }
    return from.substr(0, from.size() - rest_.size());
  }

  // One of the words with a separator before it or none; nothing is taken when none stands there.
  bool word(std::initializer_list<std::string_view> names) {
    auto ahead = rest_;
    if (!ahead.empty() && is_separator(ahead.front())) ahead.remove_prefix(1);
    for (const auto name : names) {
      if (!ahead.starts_with(name)) continue;
      rest_ = ahead.substr(name.size());
      return true;
    }
    return false;
  }

  std::string_view number() {
    if (!rest_.empty() && is_separator(rest_.front())) {
      // "1.0a.dev1": the separator may belong to what follows; both readings give the same version.
      rest_.remove_prefix(1);
    }
    return take_digits(rest_);
  }

  void pre() {
    if (word({"alpha", "a"}))
      v_.pre = 'a';
    else if (word({"beta", "b"}))
      v_.pre = 'b';
    else if (word({"preview", "pre", "rc", "c"}))
      v_.pre = 'c';
    else
      return;
    v_.pre_number = number();
  }

  void post() {
    if (rest_.size() > 1 && rest_[0] == '-' && is_digit(rest_[1])) {
      rest_.remove_prefix(1);
      v_.post = true;
      v_.post_number = take_digits(rest_);
    } else if (word({"post", "rev", "r"})) {
      v_.post = true;
      v_.post_number = number();
    }
  }

  static bool valid_local(std::string_view text) {
    do {
      if (take_while(text, is_alnum).empty()) return false;
    } while (!text.empty() && is_separator(text.front()) && (text.remove_prefix(1), true));
    return text.empty();
  }

  std::string_view rest_;
  PythonVersion v_;
};

// Missing parts are zeros: 1.0 is 1.
Order compare_release(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    if (const auto order = compare_numbers(take_digits(a), take_digits(b)); order != 0)
      return order;
    take(a, '.');
    take(b, '.');
  }
  return Order::equal;
}

// A numeric part is newer than a word, and more parts are newer than fewer.
Order compare_local(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const auto left = take_while(a, is_alnum), right = take_while(b, is_alnum);
    const bool number = all_digits(left), other_number = all_digits(right);
    if (number != other_number) return number ? Order::greater : Order::less;
    const auto order = number ? compare_numbers(left, right) : compare_bytes(left, right);
    if (order != 0) return order;
    if (!a.empty()) a.remove_prefix(1);
    if (!b.empty()) b.remove_prefix(1);
  }
  return b.empty() <=> a.empty();
}

// Development releases come before pre-releases of the same release, those before it.
int pre_rank(const PythonVersion& v) {
  if (v.pre != 0) return v.pre;
  return v.dev && !v.post ? 0 : 'z';
}

}  // namespace

MaybeOrder compare_pep440(std::string_view a, std::string_view b) {
  const std::string left_text = lower(trim(a)), right_text = lower(trim(b));
  const auto left = Parser(left_text).parse(), right = Parser(right_text).parse();
  if (!left || !right) return std::nullopt;
  const std::array orders = {
      compare_numbers(left->epoch, right->epoch),
      compare_release(left->release, right->release),
      pre_rank(*left) <=> pre_rank(*right),
      compare_numbers(left->pre_number, right->pre_number),
      left->post <=> right->post,
      compare_numbers(left->post_number, right->post_number),
      right->dev <=> left->dev,
      compare_numbers(left->dev_number, right->dev_number),
      right->local.empty() <=> left->local.empty(),
      compare_local(left->local, right->local),
  };
  const auto first = std::ranges::find_if(orders, [](Order order) { return order != 0; });
  return first == orders.end() ? Order::equal : *first;
}

}  // namespace boltseal::versions
