// Debian versions: [epoch:]upstream[-revision], Debian policy 5.6.12, deb-version(7).
//
// dpkg --compare-versions is the reference: what it refuses (an empty part, an epoch that is no
// number or does not fit an int, a space) is no version here; what it only warns of (an odd
// character, a letter in front) is compared.
#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

struct DebianVersion {
  std::string_view epoch, upstream, revision;
};

std::optional<DebianVersion> parse(std::string_view text) {
  text = trim(text);
  if (!printable_word(text)) return std::nullopt;
  DebianVersion v;
  if (const auto parts = cut(text, ":")) {
    v.epoch = parts->first;
    text = parts->second;
    if (!all_digits(v.epoch) || compare_numbers(v.epoch, "2147483647") > 0) return std::nullopt;
  }
  const auto dash = text.rfind('-');
  v.upstream = text.substr(0, dash);
  if (dash != std::string_view::npos) {
    v.revision = text.substr(dash + 1);
    if (v.revision.empty()) return std::nullopt;
  }
  if (v.upstream.empty()) return std::nullopt;
  return v;
}

// "~" sorts before the end of a part, the end before letters, letters before all the rest.
int weight(std::string_view rest) {
  if (rest.empty() || is_digit(rest.front())) return 0;
  const char c = rest.front();
  if (c == '~') return -1;
  return is_alpha(c) ? c : static_cast<unsigned char>(c) + 256;
}

// A part is runs of other characters and of digits in turn.
Order compare_parts(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !is_digit(a.front())) || (!b.empty() && !is_digit(b.front()))) {
      if (const auto order = weight(a) <=> weight(b); order != 0) return order;
      if (!a.empty()) a.remove_prefix(1);
      if (!b.empty()) b.remove_prefix(1);
    }
    if (const auto order = compare_numbers(take_digits(a), take_digits(b)); order != 0)
      return order;
  }
  return Order::equal;
}

}  // namespace

MaybeOrder compare_dpkg(std::string_view a, std::string_view b) {
  const auto left = parse(a), right = parse(b);
  if (!left || !right) return std::nullopt;
  if (const auto order = compare_numbers(left->epoch, right->epoch); order != 0) return order;
  if (const auto order = compare_parts(left->upstream, right->upstream); order != 0) return order;
  return compare_parts(left->revision, right->revision);
}

// opam has Debian's order of characters and numbers, and neither epoch nor revision
// (https://opam.ocaml.org/doc/Manual.html#version-ordering).
MaybeOrder compare_opam(std::string_view a, std::string_view b) {
  if (!printable_word(a) || !printable_word(b)) return std::nullopt;
  return compare_parts(a, b);
}

}  // namespace boltseal::versions
