// The text is brought to bare lower-case words, so that line breaks, comment signs and quotes do
// not matter, and searched for sentences. This tells licences apart that differ in a clause, and
// needs no copy of any licence text.
#include "licences/texts.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/text.h"
#include "licences/expression.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::size_t max_text = 256 * 1024;
constexpr auto none = std::string::npos;

// memmem: the C library's search is several times faster than std::string_view's on texts like
// these.
std::size_t find(std::string_view text, std::string_view words, std::size_t from = 0) {
  if (from >= text.size()) return none;
  const auto* at = memmem(text.data() + from, text.size() - from, words.data(), words.size());
  return at == nullptr ? none
                       : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

std::string bare_words(std::string_view text) {
  std::string out;
  out.reserve(std::min(text.size(), max_text));
  for (const char c : text.substr(0, max_text)) {
    const bool dot_in_number = c == '.' && !out.empty() && is_digit(out.back());
    if (is_alnum(c) || dot_in_number || c == '+')
      out += to_lower(c);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

struct Found {
  std::size_t at;
  std::string id;
};

struct Sentence {
  std::string_view words, id;
};
constexpr Sentence sentences[] = {
    {"academic free license version 3.0", "AFL-3.0"},
    {"academic free license version 2.1", "AFL-2.1"},
    {"altered source versions must be plainly marked", "Zlib"},
    {"apache license version 2.0", "Apache-2.0"},
    {"apache software license version 1.1", "Apache-1.1"},
    {"boost software license version 1.0", "BSL-1.0"},
    {"cc0 1.0 universal", "CC0-1.0"},
    {"common development and distribution license cddl version 1.0", "CDDL-1.0"},
    {"common development and distribution license cddl version 1.1", "CDDL-1.1"},
    {"creative commons attribution 4.0 international", "CC-BY-4.0"},
    {"creative commons attribution sharealike 4.0 international", "CC-BY-SA-4.0"},
    {"do what the fuck you want to public license", "WTFPL"},
    {"eclipse public license v 1.0", "EPL-1.0"},
    {"eclipse public license v 2.0", "EPL-2.0"},
    {"european union public licence v. 1.2", "EUPL-1.2"},
    {"mozilla public license v. 2.0", "MPL-2.0"},
    {"mozilla public license version 1.1", "MPL-1.1"},
    {"mozilla public license version 2.0", "MPL-2.0"},
    {"sil open font license version 1.1", "OFL-1.1"},
    {"the artistic license 2.0", "Artistic-2.0"},
    {"this is free and unencumbered software released into the public domain", "Unlicense"},
    {"this software is in the public domain", "LicenseRef-public-domain"},
    {"has been placed in the public domain", "LicenseRef-public-domain"},
    {"is in the public domain", "LicenseRef-public-domain"},
    {"permission to use copy modify distribute and sell this software and its documentation",
     "HPND-sell-variant"},
    {"python software foundation license version 2", "PSF-2.0"},
    {"placed into the public domain", "LicenseRef-public-domain"},
    {"this product includes software developed by the openssl project", "OpenSSL"},
    {"without fee and without a written agreement is hereby granted", "PostgreSQL"},
    {"under the same terms as perl itself", "GPL-1.0-or-later OR Artistic-1.0-Perl"},
    {"usr share common licenses apache 2.0", "Apache-2.0"},
    {"usr share common licenses artistic", "Artistic-1.0-Perl"},
    {"usr share common licenses bsd", "BSD-3-Clause"},
    {"usr share common licenses cc0 1.0", "CC0-1.0"},
    {"usr share common licenses mpl 1.1", "MPL-1.1"},
    {"usr share common licenses mpl 2.0", "MPL-2.0"},
};

void find_sentences(std::string_view text, std::vector<Found>& out) {
  for (const auto& s : sentences) {
    if (const auto at = find(text, s.words); at != none) out.push_back({at, std::string(s.id)});
  }
}

// MIT, ISC and the BSDs share their beginnings; their later clauses tell which it is.
std::string_view mit_kind(std::string_view text, std::size_t at, std::size_t next) {
  const auto rest = text.substr(at, std::min<std::size_t>(1200, next - at));
  if (find(rest, "redistributions of source code must retain") != none) return "NCSA";
  const bool x11 = find(text.substr(at, 3000),
                        "shall not be used in advertising or otherwise to promote") != none;
  if (find(rest, "permission notice shall be included in all copies") != none ||
      find(rest, "permission notice including the next paragraph shall be included") != none)
    return x11 ? "X11" : "MIT";
  return find(rest, "furnished to do so the software is provided") != none ? "MIT-0" : "";
}

void find_mit(std::string_view text, std::vector<Found>& out) {
  constexpr std::string_view opening =
      "permission is hereby granted free of charge to any person obtaining";
  for (auto at = find(text, opening); at != none && out.size() < 50;) {
    const auto next = find(text, opening, at + opening.size());
    const auto kind = mit_kind(text, at, next);
    const bool again = std::ranges::find(out, kind, &Found::id) != out.end();
    if (!kind.empty() && !again) out.push_back({at, std::string(kind)});
    at = next;
  }
}

void find_isc(std::string_view text, std::vector<Found>& out) {
  for (const std::string_view words :
       {"permission to use copy modify and or distribute this software for any purpose",
        "permission to use copy modify and distribute this software for any purpose"}) {
    const auto at = find(text, words);
    if (at == none) continue;
    const auto rest = text.substr(at, 400);
    if (find(rest, "permission notice appear in all copies") != none)
      out.push_back({at, "ISC"});
    else if (find(rest, "provided that") == none)
      out.push_back({at, "0BSD"});
    return;
  }
}

void find_bsd(std::string_view text, std::vector<Found>& out) {
  constexpr std::string_view opening =
      "redistribution and use in source and binary forms with or without modification";
  for (auto at = find(text, opening); at != none && out.size() < 50;
       at = find(text, opening, at + opening.size())) {
    const auto next = find(text, opening, at + opening.size());
    const auto rest = text.substr(at, std::min<std::size_t>(2000, next - at));
    if (find(rest, "advertising materials mentioning features") != none)
      out.push_back({at, "BSD-4-Clause"});
    else if (find(rest, "to endorse or promote products") != none)
      out.push_back({at, "BSD-3-Clause"});
    else
      out.push_back({at, "BSD-2-Clause"});
  }
}

// ---- the GNU family: grants, titles of the texts themselves, and Debian's references ----

struct GnuName {
  std::string_view words, family;
};
constexpr GnuName gnu_names[] = {
    {"gnu affero general public license", "AGPL"},  {"gnu free documentation license", "GFDL"},
    {"gnu general public license", "GPL"},          {"gnu lesser general public license", "LGPL"},
    {"gnu library general public license", "LGPL"},
};

std::string number_at(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  return std::string(trim_end(text.substr(0, end), '.'));
}

std::string gnu_id(std::string_view family, std::string version, bool later) {
  if (version.find('.') == none) version += ".0";
  const auto term =
      licence_of_id(std::string(family) + "-" + version + (later ? "-or-later" : "-only"));
  return term ? term->id : std::string();
}

// The licence's own text ends in an appendix with a sample grant: nothing in it is a grant of this
// package.
std::size_t end_of_own_text(std::string_view text, std::size_t title) {
  const auto appendix = find(text, "how to apply these terms", title);
  return appendix == none ? text.size() : std::min(text.size(), appendix + 2500);
}

// Where "or later" stands, in the words that are used for it; none where it does not.
std::size_t find_later(std::string_view text) {
  std::size_t at = none;
  for (const std::string_view words :
       {"any later version", "or later", "or newer", "any newer version", "at your option later"})
    at = std::min(at, find(text, words));
  return at;
}

// "version 3" and "v3" in what follows the name of a licence: where the number stands; none where
// there is none near.
std::size_t find_version(std::string_view after) {
  if (const auto said = find(after, "version "); said <= 90) return said + 8;
  for (auto at = find(after, " v"); at <= 12; at = find(after, " v", at + 1))
    if (at + 2 < after.size() && is_digit(after[at + 2])) return at + 2;
  return none;
}

// "under the terms of version 2 of the GNU General Public License", also "version 2 or later of
// the", but not LGPL-3.0's "the terms and conditions of version 3": `before` is what stands in
// front of the name.
std::string version_in_front(std::string_view before, const GnuName& name) {
  if (!before.ends_with(" of the ")) return {};
  before = before.substr(before.size() - std::min<std::size_t>(before.size(), 70));
  const auto said = before.rfind("version ");
  if (said == none || !before.substr(0, said).ends_with(" the terms of ")) return {};
  const auto version = number_at(before.substr(said + 8));
  const auto rest = before.substr(said + 8 + version.size());
  const bool later = rest.starts_with('+') || find_later(rest) != none;
  return version.empty() || rest.size() > 45 ? "" : gnu_id(name.family, version, later);
}

void find_gnu(std::string_view text, const GnuName& name, std::vector<Found>& out) {
  for (auto at = find(text, name.words); at != none && out.size() < 50;
       at = find(text, name.words, at + 1)) {
    auto after = text.substr(at + name.words.size(), 240);
    const auto other = find(after, " public license ");
    after = after.substr(0, std::min<std::size_t>(other, 240));
    const auto said = find_version(after);
    const auto version = said == none ? std::string() : number_at(after.substr(said));
    if (version.empty()) {
      if (auto id = version_in_front(text.substr(0, at), name); !id.empty())
        out.push_back({at, std::move(id)});
      continue;
    }
    const auto tail = after.substr(said + version.size(), 16);
    const bool title =
        said <= 9 && (find(tail, " june ") != none || find(tail, " february ") != none ||
                      find(tail, " november ") != none || find(tail, " march ") != none);
    const auto more = tail.starts_with('+') ? said + version.size() : find_later(after);
    // "only version 2 i e not version 3 or any later version"
    const auto before = after.substr(0, more);
    const bool denied =
        find(before.substr(before.size() - std::min<std::size_t>(before.size(), 30)), " not ") !=
        none;
    const bool later = !title && more != none && !denied;
    if (auto id = gnu_id(name.family, version, later); !id.empty())
      out.push_back({at, std::move(id)});
    if (title) at = end_of_own_text(text, at) - 1;
  }
}

void find_gnu_references(std::string_view text, std::vector<Found>& out) {
  constexpr std::string_view folder = "usr share common licenses ";
  const auto grants = out;
  for (auto at = find(text, folder); at != none && out.size() < 100;
       at = find(text, folder, at + 1)) {
    const auto name = text.substr(at + folder.size());
    const std::string_view family = name.starts_with("lgpl")   ? "LGPL"
                                    : name.starts_with("gpl")  ? "GPL"
                                    : name.starts_with("gfdl") ? "GFDL"
                                                               : "";
    if (family.empty()) continue;
    const bool known = std::ranges::any_of(
        grants, [&](const Found& f) { return f.id.starts_with(std::string(family) + "-"); });
    if (known) continue;
    const auto version =
        name.size() > family.size() ? number_at(name.substr(family.size() + 1)) : std::string();
    const auto start = at - std::min<std::size_t>(at, 900);
    const auto before = text.substr(start, at - start);
    const bool later = find_later(before) != none || find(before, version + "+ ") != none;
    if (version.empty())
      out.push_back({at, spdx_expression(family)});
    else if (auto id = gnu_id(family, version, later); !id.empty())
      out.push_back({at, std::move(id)});
  }
}

}  // namespace

std::string licence_of_text(std::string_view text) {
  const auto words = bare_words(text);
  // Debian's reference to a licence is a grant beside the text.
  if (find(words, "usr share common licenses ") == none) {
    if (auto whole = licence_of_whole_text(text); !whole.empty()) return whole;
  }
  std::vector<Found> found;
  for (const auto& name : gnu_names) find_gnu(words, name, found);
  find_gnu_references(words, found);
  find_sentences(words, found);
  find_mit(words, found);
  find_isc(words, found);
  find_bsd(words, found);
  std::ranges::stable_sort(found, {}, &Found::at);
  std::vector<LicenceTerm> parts;
  for (const auto& f : found) {
    if (auto term = parse_spdx(f.id)) parts.push_back(*std::move(term));
  }
  return parts.empty() ? std::string()
                       : to_text(join_terms(LicenceTerm::Kind::all_of, std::move(parts)));
}

}  // namespace boltseal
