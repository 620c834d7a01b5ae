// Semantic Versioning 2.0.0 (https://semver.org) and the ecosystems that read it in their own way:
// npm, Go, Pub, and those that have only something like it.
//
// Strict: a leading zero, a missing part or an empty identifier is no version. A leading "v" is
// allowed, for tags.
#include <array>
#include <string>
#include <utility>

#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

struct Semver {
  std::array<std::string_view, 3> core;
  std::string_view pre;      // without its "-"
  std::string_view surplus;  // ".4.5" of 1.2.3.4.5, which the specification does not know
};

bool leading_zero(std::string_view digits) { return digits.size() > 1 && digits.front() == '0'; }

// Dot-separated [0-9A-Za-z-]+; numbers of a pre-release without leading zeros.
bool valid_identifiers(std::string_view text, bool strict_numbers) {
  for (bool more = true; more;) {
    const auto id = take_while(text, [](char c) { return is_alnum(c) || c == '-'; });
    if (id.empty() || (strict_numbers && all_digits(id) && leading_zero(id))) return false;
    more = take(text, '.');
  }
  return text.empty();
}

// `least` parts of the core must be there.
std::optional<Semver> parse(std::string_view text, std::size_t least) {
  Semver v;
  take(text, 'v');
  for (std::size_t i = 0; i < v.core.size(); ++i) {
    if (i > 0 && !take(text, '.')) {
      if (i < least) return std::nullopt;
      break;
    }
    v.core.at(i) = take_digits(text);
    if (v.core.at(i).empty() || leading_zero(v.core.at(i))) return std::nullopt;
  }
  v.surplus = take_while(text, [](char c) { return is_digit(c) || c == '.'; });
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (!valid_identifiers(text.substr(plus + 1), false)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (take(text, '-')) {
    if (!valid_identifiers(text, true)) return std::nullopt;
    v.pre = text;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  return v;
}

// By number, numbers before words, a list before one that goes on.
Order compare_identifiers(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const auto not_dot = [](char c) { return c != '.'; };
    const auto left = take_while(a, not_dot), right = take_while(b, not_dot);
    const bool number = all_digits(left), other_number = all_digits(right);
    if (number != other_number) return number ? Order::less : Order::greater;
    const auto order = number ? compare_numbers(left, right) : compare_bytes(left, right);
    if (order != 0) return order;
    take(a, '.');
    take(b, '.');
  }
  return b.empty() <=> a.empty();
}

Order compare_pre(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty())
    return a.empty() <=> b.empty();  // a release is newer than its pre-releases
  return compare_identifiers(a, b);
}

MaybeOrder compare_parsed(const std::optional<Semver>& a, const std::optional<Semver>& b) {
  if (!a || !b || !a->surplus.empty() || !b->surplus.empty()) return std::nullopt;
  for (std::size_t i = 0; i < a->core.size(); ++i)
    if (const auto order = compare_numbers(a->core.at(i), b->core.at(i)); order != 0) return order;
  return compare_pre(a->pre, b->pre);
}

// At least `least` numbers, with leading zeros or without.
struct Lenient {
  std::string_view numbers;
  std::string_view more;  // those of the numbers after the third
  std::string_view pre, build;
};

std::optional<Lenient> parse_lenient(std::string_view text, int least) {
  Lenient v;
  const std::string_view whole = text;
  std::size_t third = 0;
  int count = 0;
  do {
    if (take_digits(text).empty()) return std::nullopt;
    if (++count == 3) third = whole.size() - text.size();
  } while (take(text, '.'));
  if (count < least) return std::nullopt;
  v.numbers = whole.substr(0, whole.size() - text.size());
  if (count > 3) v.more = v.numbers.substr(third);
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    v.build = text.substr(plus + 1);
    if (!valid_identifiers(v.build, false)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (take(text, '-')) {
    if (!valid_identifiers(text, false)) return std::nullopt;
    v.pre = text;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  return v;
}

Order compare_lenient(const Lenient& a, const Lenient& b) {
  std::string_view left = a.numbers, right = b.numbers;
  while (!left.empty() || !right.empty()) {
    if (const auto order = compare_numbers(take_digits(left), take_digits(right)); order != 0)
      return order;
    take(left, '.');
    take(right, '.');
  }
  return compare_pre(a.pre, b.pre);
}

// node-semver: white space around it does not matter, 256 characters at most, numbers that a double
// holds exactly.
std::optional<Semver> parse_npm(std::string_view text) {
  text = trim(text);
  if (text.size() > 256) return std::nullopt;
  const auto v = parse(text, 3);
  if (!v) return std::nullopt;
  for (const auto part : v->core)
    if (compare_numbers(part, "9007199254740991") > 0) return std::nullopt;
  return v;
}

// A release of Go itself: "go1.21rc1", "1.21rc1", "go1.21.3 X:boringcrypto", "go1.20.6 (Red Hat
// …)". In the semantic form the advisories use, 1.21rc1 is 1.21.0-rc.1. Nothing when the text is of
// another form.
std::optional<std::string> toolchain(std::string_view text) {
  const bool prefixed = text.starts_with("go");
  if (prefixed) text.remove_prefix(2);
  text = text.substr(0, text.find(' '));
  // "go1.21.3-custom" names a private build of 1.21.3; https://go.dev/doc/toolchain#version
  const auto suffix = text.find('-');
  if (suffix != std::string_view::npos) {
    if (!prefixed && !text.substr(suffix).starts_with("-X:")) return std::nullopt;
    text = text.substr(0, suffix);
  }
  std::string core;
  int parts = 0;
  for (bool more = true; more && parts < 3; ++parts) {
    const auto digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    if (parts > 0) core += '.';
    core += digits;
    more = take(text, '.');
    if (more && parts == 2) return std::nullopt;
  }
  for (int i = parts; i < 3; ++i) core += ".0";
  for (const std::string_view kind : {"rc", "beta"}) {
    if (!text.starts_with(kind)) continue;
    const auto number = text.substr(kind.size());
    if (!all_digits(number)) return std::nullopt;
    return core + "-" + std::string(kind) + "." + std::string(number);
  }
  if (!text.empty() && text.front() != '+') return std::nullopt;
  return core;
}

std::optional<Semver> parse_go(std::string_view text, std::string& holder) {
  if (auto v = parse(text, 1)) return v;
  if (text.starts_with("v") || !printable_word(text.substr(0, text.find(' ')))) return std::nullopt;
  auto release = toolchain(text);
  if (!release) return std::nullopt;
  holder = std::move(*release);
  return parse(holder, 3);
}

}  // namespace

MaybeOrder compare_semver(std::string_view a, std::string_view b) {
  const auto left = parse(a, 3), right = parse(b, 3);
  // What has more than three numbers has no place in the order, but it is itself.
  if (left && right && !left->surplus.empty() && a == b) return Order::equal;
  return compare_parsed(left, right);
}

MaybeOrder compare_npm(std::string_view a, std::string_view b) {
  return compare_parsed(parse_npm(a), parse_npm(b));
}

// pub_semver: numbers may have leading zeros, and of two versions that are the
// same but for their build metadata the one without comes first, then by its identifiers. Julia
// orders the same way (its library packages count their builds there: "1.2.3+0").
MaybeOrder compare_pub(std::string_view a, std::string_view b) {
  take(a, 'v');
  take(b, 'v');
  const auto left = parse_lenient(a, 3), right = parse_lenient(b, 3);
  if (!left || !right || !left->more.empty() || !right->more.empty()) return std::nullopt;
  const auto order = compare_lenient(*left, *right);
  if (order != 0) return order;
  if (left->build.empty() || right->build.empty())
    return right->build.empty() <=> left->build.empty();
  return compare_identifiers(left->build, right->build);
}

// Bitnami: what follows "-" counts the builds of a version, so it comes after the version itself
// (https://github.com/bitnami/go-version).
MaybeOrder compare_bitnami(std::string_view a, std::string_view b) {
  auto left = parse(a, 3), right = parse(b, 3);
  if (!left || !right) return std::nullopt;
  const auto left_build = std::exchange(left->pre, {}), right_build = std::exchange(right->pre, {});
  const auto order = compare_parsed(left, right);
  return order && *order == 0 ? compare_identifiers(left_build, right_build) : order;
}

// Any number of numbers, those that are missing being 0, and the rest as in a semantic version:
// "v2", "4.1", "1.2.3.4-rc.1". For ecosystems whose advisories write versions so without saying how
// they are ordered.
MaybeOrder compare_loose(std::string_view a, std::string_view b) {
  take(a, 'v');
  take(b, 'v');
  const auto left = parse_lenient(a, 1), right = parse_lenient(b, 1);
  if (!left || !right) return std::nullopt;
  return compare_lenient(*left, *right);
}

// Module versions are semantic ones with a "v"; pseudo-versions are pre-releases that sort by their
// time, and "+incompatible" is build metadata (https://go.dev/ref/mod#versions). As
// golang.org/x/mod/semver, "v1" and "v1.2" stand for v1.0.0, v1.2.0.
MaybeOrder compare_go(std::string_view a, std::string_view b) {
  std::string left, right;
  const auto l = parse_go(a, left), r = parse_go(b, right);
  return compare_parsed(l, r);
}

}  // namespace boltseal::versions
