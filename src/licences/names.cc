// Names in words to SPDX ids. Three ways lead there, tried in this order: the id itself, the table
// of names, and a small grammar for the GNU family, whose names come in more spellings than a table
// can hold.
#include "licences/names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/text.h"
#include "licences/expression.h"
#include "licences/spdx_ids.h"

namespace boltseal {
namespace {

constexpr std::size_t max_name = 200;  // longer text is no name

// The misspelt ones are common in package metadata.
constexpr std::string_view fillers[] = {"gnu",      "licence", "licences", "license", "licensed",
                                        "licenses", "licese",  "lisence",  "lisense", "of",
                                        "software", "terms",   "the",      "under",   "v",
                                        "ver",      "version", "versions"};

bool is_filler(std::string_view word) { return std::ranges::binary_search(fillers, word); }

// A number with its dots, and the letter of "1.3c".
std::size_t number_end(std::string_view text, std::size_t at) {
  const auto digit = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  while (digit(at) || (at < text.size() && text[at] == '.' && digit(at + 1))) ++at;
  const bool letter = at < text.size() && to_lower(text[at]) >= 'a' && to_lower(text[at]) <= 'c';
  return letter && !(at + 1 < text.size() && is_alpha(text[at + 1])) ? at + 1 : at;
}

void append(std::string& key, std::string_view token) {
  if (!key.empty()) key += ' ';
  key += token;
}

// ---- the GNU family ----

struct Gnu {
  std::string_view family;  // "gpl", "lgpl", "agpl", "gfdl"
  std::string version;
  bool later = false, only = false, no_invariants = false;
};

struct Phrase {
  std::string_view words, means;
};
constexpr Phrase families[] = {
    {"lesser or library general public", "lgpl"},
    {"library or lesser general public", "lgpl"},
    {"lesser general public", "lgpl"},
    {"library general public", "lgpl"},
    {"affero general public", "agpl"},
    {"general public", "gpl"},
    {"free documentation", "gfdl"},
    {"lesser gpl", "lgpl"},
    {"library gpl", "lgpl"},
    {"affero gpl", "agpl"},
    {"agpl", "agpl"},
    {"lgpl", "lgpl"},
    {"gfdl", "gfdl"},
    {"fdl", "gfdl"},
    {"gpl", "gpl"},
};
constexpr std::string_view laters[] = {"+",
                                       "or at your option any later",
                                       "or any later",
                                       "or later",
                                       "or newer",
                                       "or above",
                                       "or greater",
                                       "or higher",
                                       "and later",
                                       "and above",
                                       "and newer",
                                       "and any later"};

// Takes `words` off the front of `key`, whole words only.
bool take(std::string_view& key, std::string_view words) {
  if (!key.starts_with(words) || (key.size() > words.size() && key[words.size()] != ' '))
    return false;
  key.remove_prefix(std::min(key.size(), words.size() + 1));
  return true;
}

std::string_view take_family(std::string_view& key) {
  for (const auto& f : families) {
    if (take(key, f.words)) return f.means;
  }
  return {};
}

std::optional<Gnu> take_gnu(std::string_view& key) {
  Gnu gnu;
  gnu.family = take_family(key);
  if (gnu.family.empty()) return std::nullopt;
  auto again = key;  // "lesser general public (lgpl) 2.1"
  if (take_family(again) == gnu.family) key = again;
  gnu.no_invariants = gnu.family == "gfdl" && take(key, "niv");
  const bool at_least = take(key, ">=");
  if (!key.empty() && is_digit(key[0])) {
    const auto end = key.find(' ');
    gnu.version = key.substr(0, end);
    take(key, gnu.version);
  }
  gnu.later = at_least || std::ranges::any_of(laters, [&](auto words) { return take(key, words); });
  gnu.only = !gnu.later && take(key, "only");
  if (gnu.family == "gfdl" && take(key, "no invariants")) gnu.no_invariants = true;
  return gnu;
}

std::string id_of(const Gnu& gnu) {
  std::string name;
  for (const char c : gnu.family) name += static_cast<char>(c - 32);
  if (gnu.version.empty()) {
    // The licences themselves say that without a number any version may be chosen.
    if (gnu.only || gnu.no_invariants) return {};
    if (gnu.family == "gpl") return "GPL-1.0-or-later";
    if (gnu.family == "lgpl") return "LGPL-2.0-or-later";
    return "LicenseRef-" + name;
  }
  const bool dotted = gnu.version.find('.') != std::string::npos;
  std::string id = name + "-" + gnu.version + (dotted ? "" : ".0");
  if (find_spdx_id(id) == nullptr) return {};
  if (gnu.no_invariants) id += "-no-invariants";
  return id + (gnu.later ? "-or-later" : "-only");
}

std::string gnu_licence(std::string_view key) {
  const auto first = take_gnu(key);
  if (!first) return {};
  const auto id = id_of(*first);
  if (key.empty()) return id;
  const auto second = take_gnu(key);  // "general public 2 or later (gpl 2 +)"
  if (!second || !key.empty()) return {};
  const bool vague = second->version.empty() && !second->later;
  return second->family == first->family && (vague || id_of(*second) == id) ? id : std::string();
}

// ---- URLs ----

constexpr Phrase urls[] = {
    {"apache.org/licenses", "LicenseRef-Apache"},
    {"apache.org/licenses/license", "LicenseRef-Apache"},
    {"apache.org/licenses/license-1.1", "Apache-1.1"},
    {"apache.org/licenses/license-2.0", "Apache-2.0"},
    {"bouncycastle.org/licence", "MIT"},
    {"creativecommons.org/licenses/publicdomain", "CC-PDDC"},
    {"creativecommons.org/publicdomain/mark/1.0", "CC-PDM-1.0"},
    {"creativecommons.org/publicdomain/zero/1.0", "CC0-1.0"},
    {"eclipse.org/legal/epl-2.0", "EPL-2.0"},
    {"eclipse.org/legal/epl-v10", "EPL-1.0"},
    {"eclipse.org/legal/epl-v20", "EPL-2.0"},
    {"eclipse.org/org/documents/edl-v10", "BSD-3-Clause"},
    {"eclipse.org/org/documents/epl-2.0", "EPL-2.0"},
    {"eclipse.org/org/documents/epl-2.0/epl-2.0", "EPL-2.0"},
    {"eclipse.org/org/documents/epl-v10", "EPL-1.0"},
    {"glassfish.dev.java.net/public/cddl+gpl", "CDDL-1.0 OR GPL-2.0-only"},
    {"glassfish.java.net/public/cddl+gpl_1_1", "CDDL-1.1 OR GPL-2.0-only"},
    {"gnu.org/licenses/gpl", "GPL-1.0-or-later"},
    {"gnu.org/licenses/lgpl", "LGPL-2.0-or-later"},
    {"gnu.org/software/classpath/license", "GPL-2.0-only WITH Classpath-exception-2.0"},
    {"h2database.com/html/license", "MPL-2.0 OR EPL-1.0"},
    {"json.org/license", "JSON"},
    {"mozilla.org/en-us/mpl/2.0", "MPL-2.0"},
    {"mozilla.org/mpl/1.1", "MPL-1.1"},
    {"mozilla.org/mpl/2.0", "MPL-2.0"},
    {"mozilla.org/mpl/mpl-1.1", "MPL-1.1"},
    {"php.net/license/3_01", "PHP-3.01"},
    {"postgresql.org/about/licence", "PostgreSQL"},
    {"repository.jboss.org/licenses/apache-2.0", "Apache-2.0"},
    {"repository.jboss.org/licenses/lgpl-2.1", "LGPL-2.1-only"},
    {"scripts.sil.org/ofl", "OFL-1.1"},
    {"unlicense.org", "Unlicense"},
    {"unlicense.org/unlicense", "Unlicense"},
    {"wtfpl.net", "WTFPL"},
};
// Addresses that end in the licence's own name.
constexpr std::string_view name_folders[] = {
    "choosealicense.com/licenses/", "gnu.org/licenses/",       "gnu.org/licenses/old-licenses/",
    "licenses.nuget.org/",          "opensource.org/license/", "opensource.org/licenses/",
    "spdx.org/licenses/",
};

std::string creative_commons(std::string_view path) {  // "by-sa/4.0", "by/3.0/us"
  std::string id = "CC-" + replace_all(path, "/", "-");
  const auto* known = find_spdx_id(id);
  return known == nullptr ? std::string() : std::string(known->id);
}

}  // namespace

std::string licence_key(std::string_view name) {
  std::string key;
  std::size_t at = 0;
  while (at < name.size()) {
    const auto start = at;
    if (is_alpha(name[at])) {
      while (at < name.size() && is_alpha(name[at])) ++at;
      auto word = lower(name.substr(start, at - start));
      // "gplv2" and "mplv2" are a name and a version; "ASLv2".
      if (word.size() > 2 && word.back() == 'v' && at < name.size() && is_digit(name[at]))
        word.pop_back();
      if (!is_filler(word)) append(key, word);
    } else if (is_digit(name[at])) {
      at = number_end(name, at);
      auto number = lower(name.substr(start, at - start));
      while (number.ends_with(".0")) number.resize(number.size() - 2);
      append(key, number);
    } else if (name.substr(at).starts_with(">=")) {
      append(key, ">=");
      at += 2;
    } else {
      if (name[at] == '+' || name[at] == '/' || name[at] == '&') append(key, name.substr(at, 1));
      // A comma separates, unless a version follows: "MIT, X11" is not "MIT X11".
      const auto next = trim(name.substr(at + 1));
      if (name[at] == ',' && !next.empty() && !is_digit(next[0]) && to_lower(next[0]) != 'v')
        append(key, ",");
      ++at;
    }
  }
  return key;
}

std::string licence_of_url(std::string_view url) {
  auto at = lower(url);
  if (const auto scheme = at.find("://"); scheme != std::string::npos) at.erase(0, scheme + 3);
  if (at.starts_with("www.")) at.erase(0, 4);
  at.resize(std::min(at.find_first_of("?#"), at.size()));
  for (const std::string_view end :
       {"/", ".html", ".txt", ".php", ".en", "/legalcode", "/deed", "/"}) {
    if (at.ends_with(end)) at.resize(at.size() - end.size());
  }
  const auto known = std::ranges::lower_bound(urls, at, {}, &Phrase::words);
  if (known != std::end(urls) && known->words == at) return std::string(known->means);
  if (at.starts_with("creativecommons.org/licenses/"))
    return creative_commons(std::string_view(at).substr(29));
  for (const auto folder : name_folders) {
    if (!at.starts_with(folder)) continue;
    auto name = replace_all(std::string_view(at).substr(folder.size()), "%20", " ");
    if (name.ends_with("-license")) name.resize(name.size() - 8);
    if (name.find('/') == std::string::npos && !name.empty()) return licence_of_name(name);
  }
  return {};
}

std::string licence_of_name(std::string_view name) {
  name = trim(name);
  if (name.empty() || name.size() > max_name) return {};
  if (const auto term = licence_of_id(name)) return to_text(*term);
  if (name.find("://") != std::string_view::npos || name.starts_with("www.")) {
    return name.find(' ') == std::string_view::npos ? licence_of_url(name) : std::string();
  }
  // "BSD-3-clause~Google" is DEP-5's way to say whose name stands in the text.
  if (const auto variant = cut(name, "~");
      variant && variant->first.find(' ') == std::string_view::npos) {
    return licence_of_name(variant->first);
  }
  const auto key = licence_key(name);
  const auto table = licence_names();
  using Row = std::pair<std::string_view, std::string_view>;
  const auto row = std::ranges::lower_bound(table, std::string_view(key), {}, &Row::first);
  if (row != table.end() && row->first == key) return std::string(row->second);
  if (auto gnu = gnu_licence(key); !gnu.empty()) return gnu;
  auto id = replace_all(key, " ", "-");  // "CC BY-SA 4.0", "Artistic 2"
  for (const std::string_view end : {"", ".0"}) {
    if (const auto* known = find_spdx_id(id + std::string(end)))
      return to_text(*licence_of_id(known->id));
  }
  return {};
}

std::string exception_of_name(std::string_view words, std::string_view licence) {
  if (const auto id = find_spdx_exception(trim(words)); !id.empty()) return std::string(id);
  auto key = licence_key(words);
  for (const std::string_view end : {" exceptions", " exception", " linking"}) {
    if (key.ends_with(end)) key.resize(key.size() - end.size());
  }
  const bool three = licence.find("GPL-3") != std::string_view::npos;
  constexpr Phrase known[] = {
      {"bison", "Bison-exception-2.2"},
      {"classpath", "Classpath-exception-2.0"},
      {"font", "Font-exception-2.0"},
      {"gcc", "GCC-exception-3.1"},
      {"gcc runtime library", "GCC-exception-3.1"},
      {"libtool", "Libtool-exception"},
      {"linux syscall note", "Linux-syscall-note"},
      {"llvm", "LLVM-exception"},
      {"ocaml lgpl", "OCaml-LGPL-linking-exception"},
      {"texinfo", "Texinfo-exception"},
      {"universal foss", "Universal-FOSS-exception-1.0"},
  };
  if (key == "autoconf") return three ? "Autoconf-exception-3.0" : "Autoconf-exception-2.0";
  if ((key == "gcc" || key == "gcc runtime library") && !three) return "GCC-exception-2.0";
  for (const auto& k : known) {
    if (k.words == key) return std::string(k.means);
  }
  return {};
}

}  // namespace boltseal
