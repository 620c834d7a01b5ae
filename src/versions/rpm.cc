// RPM versions: [epoch:]version[-release], https://rpm.org/docs/ "Version comparison" and
// rpm-version(7).
//
// Runs of letters and of digits are compared in turn, everything else only separates them. "~"
// sorts before the end,
// "^" after the end but before anything else. No epoch is epoch 0; no release sorts before any
// release.
#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

struct RpmVersion {
  std::string_view epoch, version, release;
  bool has_release = false;
};

std::optional<RpmVersion> parse(std::string_view text) {
  if (!printable_word(text)) return std::nullopt;
  RpmVersion v;
  std::string_view rest = text;
  const auto digits = take_digits(rest);
  v.version = text;
  if (take(rest, ':')) {
    v.epoch = digits;
    v.version = rest;
  }
  if (const auto dash = v.version.rfind('-'); dash != std::string_view::npos) {
    v.release = v.version.substr(dash + 1);
    v.version = v.version.substr(0, dash);
    v.has_release = true;
  }
  if (v.version.empty()) return std::nullopt;
  return v;
}

bool starts(std::string_view text, char c) { return !text.empty() && text.front() == c; }

Order compare_segments(std::string_view a, std::string_view b) {
  const auto separator = [](char c) { return !is_alnum(c) && c != '~' && c != '^'; };
  while (!a.empty() || !b.empty()) {
    take_while(a, separator);
    take_while(b, separator);
    if (starts(a, '~') || starts(b, '~')) {
      if (!take(a, '~')) return Order::greater;
      if (!take(b, '~')) return Order::less;
      continue;
    }
    if (starts(a, '^') || starts(b, '^')) {
      if (a.empty()) return Order::less;
      if (b.empty()) return Order::greater;
      if (!take(a, '^')) return Order::greater;
      if (!take(b, '^')) return Order::less;
      continue;
    }
    if (a.empty() || b.empty()) break;
    // The kind of the left run decides; against a run of the other kind, digits are newer.
    const bool digits = is_digit(a.front());
    const auto left = digits ? take_digits(a) : take_while(a, is_alpha);
    const auto right = digits ? take_digits(b) : take_while(b, is_alpha);
    if (right.empty()) return digits ? Order::greater : Order::less;
    const auto order = digits ? compare_numbers(left, right) : compare_bytes(left, right);
    if (order != 0) return order;
  }
  if (a.empty() && b.empty()) return Order::equal;
  return a.empty() ? Order::less : Order::greater;
}

}  // namespace

MaybeOrder compare_rpm(std::string_view a, std::string_view b) {
  const auto left = parse(a), right = parse(b);
  if (!left || !right) return std::nullopt;
  if (const auto order = compare_numbers(left->epoch, right->epoch); order != 0) return order;
  if (const auto order = compare_segments(left->version, right->version); order != 0) return order;
  if (left->has_release != right->has_release) return left->has_release <=> right->has_release;
  return compare_segments(left->release, right->release);
}

}  // namespace boltseal::versions
