// An SPDX licence expression as a tree.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boltseal {

struct LicenceTerm {
  enum class Kind { licence, all_of, any_of };
  Kind kind = Kind::licence;
  std::string id;         // "MIT", "LicenseRef-x", "GPL-2.0-only"; "" for all_of and any_of
  std::string exception;  // after WITH
  std::vector<LicenceTerm> parts;
  bool operator==(const LicenceTerm&) const = default;
};

constexpr std::size_t max_licence_depth = 32;
constexpr std::size_t max_licence_tokens = 2000;

// Strict: nothing unless `text` is an SPDX expression (2.3, annex D). Operators in upper or lower
// case; ids and exceptions get the spelling of the list, the deprecated ones of the GNU family
// their modern form ("GPL-2.0+" is GPL-2.0-or-later).
std::optional<LicenceTerm> parse_spdx(std::string_view text);
// With as few parentheses as the precedence (WITH, AND, OR) allows; a part said twice is written
// once.
std::string to_text(const LicenceTerm& term);
// A term of one kind around `parts`: nested terms of that kind are taken in, repeats left out, one
// part stands alone.
LicenceTerm join_terms(LicenceTerm::Kind kind, std::vector<LicenceTerm> parts);

// One licence id, with or without "+", or a LicenseRef; nothing when it is none.
std::optional<LicenceTerm> licence_of_id(std::string_view id);
bool is_licence_ref(std::string_view id);

}  // namespace boltseal
