// One comparison per scheme, each in the file of its name; versions.cc chooses among them.
//
// All of them walk their text once, without recursion and without turning numbers into machine
// words: an attacker's version may be a megabyte of digits. Nothing comes back when either text is
// no version of the scheme.
#pragma once
#include <algorithm>
#include <compare>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace boltseal::versions {

using Order = std::strong_ordering;
using MaybeOrder = std::optional<Order>;

MaybeOrder compare_dpkg(std::string_view a, std::string_view b);
MaybeOrder compare_apk(std::string_view a, std::string_view b);
MaybeOrder compare_rpm(std::string_view a, std::string_view b);
MaybeOrder compare_semver(std::string_view a, std::string_view b);
MaybeOrder compare_npm(std::string_view a, std::string_view b);
MaybeOrder compare_go(std::string_view a, std::string_view b);
MaybeOrder compare_pep440(std::string_view a, std::string_view b);
MaybeOrder compare_maven(std::string_view a, std::string_view b);
MaybeOrder compare_rubygems(std::string_view a, std::string_view b);
MaybeOrder compare_packagist(std::string_view a, std::string_view b);
MaybeOrder compare_nuget(std::string_view a, std::string_view b);
MaybeOrder compare_pub(std::string_view a, std::string_view b);
MaybeOrder compare_cran(std::string_view a, std::string_view b);
MaybeOrder compare_hackage(std::string_view a, std::string_view b);
MaybeOrder compare_opam(std::string_view a, std::string_view b);
MaybeOrder compare_bitnami(std::string_view a, std::string_view b);
MaybeOrder compare_loose(std::string_view a, std::string_view b);

inline std::string_view without_zeros(std::string_view digits) {
  const auto first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view{} : digits.substr(first);
}

// Two decimal numbers of any length; an empty text counts as 0.
inline Order compare_numbers(std::string_view a, std::string_view b) {
  a = without_zeros(a);
  b = without_zeros(b);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

// By bytes, as strcmp does.
inline Order compare_bytes(std::string_view a, std::string_view b) { return a.compare(b) <=> 0; }

inline bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_digit(c); });
}

// Takes the characters for which `wanted` holds off the front of `text`.
template <class Predicate>
std::string_view take_while(std::string_view& text, Predicate wanted) {
  const auto end = std::ranges::find_if_not(text, wanted);
  const auto part = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(part.size());
  return part;
}
inline std::string_view take_digits(std::string_view& text) {
  return take_while(text, [](char c) { return is_digit(c); });
}

inline bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Neither white space nor control characters: what no ecosystem has inside a version.
inline bool printable_word(std::string_view text) {
  return !text.empty() &&
         std::ranges::none_of(text, [](char c) { return (c >= 0 && c <= ' ') || c == '\x7f'; });
}

}  // namespace boltseal::versions
