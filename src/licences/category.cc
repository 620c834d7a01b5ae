// What a licence asks of those who pass the software on. The ids' categories stand in spdx_ids.cc.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "licences/expression.h"
#include "licences/licences.h"
#include "licences/names.h"
#include "licences/spdx_ids.h"

namespace boltseal {
namespace {

using enum LicenceCategory;

constexpr std::string_view category_names[] = {
    "unknown",       "public-domain",   "permissive",       "notice",
    "weak-copyleft", "strong-copyleft", "network-copyleft", "proprietary"};

// Names without an SPDX id whose kind is clear all the same.
struct RefCategory {
  std::string_view name;
  LicenceCategory category;
};
constexpr RefCategory refs[] = {
    {"AGPL", network_copyleft},   {"Apache", permissive},           {"BSD", permissive},
    {"CDDL", weak_copyleft},      {"EPL", weak_copyleft},           {"GFDL", strong_copyleft},
    {"MPL", weak_copyleft},       {"MS-NET-Library", proprietary},  {"UNLICENSED", proprietary},
    {"proprietary", proprietary}, {"public-domain", public_domain},
};

// Exceptions that let a work link to, or be made by, the licensed one without coming under its
// licence.
constexpr std::string_view linking[] = {
    "Autoconf-exception-2.0",
    "Autoconf-exception-3.0",
    "Autoconf-exception-generic",
    "Autoconf-exception-generic-3.0",
    "Autoconf-exception-macro",
    "Bison-exception-1.24",
    "Bison-exception-2.2",
    "Classpath-exception-2.0",
    "Font-exception-2.0",
    "GCC-exception-2.0",
    "GCC-exception-2.0-note",
    "GCC-exception-3.1",
    "GNAT-exception",
    "GNU-compiler-exception",
    "GPL-3.0-linking-exception",
    "GPL-3.0-linking-source-exception",
    "LLVM-exception",
    "Libtool-exception",
    "Linux-syscall-note",
    "OpenJDK-assembly-exception-1.0",
    "Texinfo-exception",
    "WxWindows-exception-3.1",
    "eCos-exception-2.0",
    "freertos-exception-2.0",
    "gnu-javamail-exception",
    "i2p-gpl-java-exception",
    "u-boot-exception-2.0",
};

// Variants that distributions name after what they vary: "GPL-2-or-later-autoconf-exception",
// "BSD-3-clause-PADL".
constexpr RefCategory variants[] = {
    {"GPL", strong_copyleft},  {"LGPL", weak_copyleft}, {"AGPL", network_copyleft},
    {"GFDL", strong_copyleft}, {"MPL", weak_copyleft},  {"CDDL", weak_copyleft},
    {"EPL", weak_copyleft},    {"BSD-", permissive},    {"MIT-", permissive},
    {"Expat-", permissive},    {"ISC-", permissive},    {"public-domain-", public_domain},
};

// "MIT-X11-BSD-like-LGPL-2-or-later": what the parts of the name are known for at most.
LicenceCategory strictest_named(std::string_view name) {
  auto out = unknown;
  for (const auto part : split(name, '-'))
    for (const auto& v : variants)
      if (v.category >= weak_copyleft && part.starts_with(v.name)) out = std::max(out, v.category);
  return out;
}

LicenceCategory category_of_ref(std::string_view name) {
  for (const auto& ref : refs) {
    if (ref.name == name) return ref.category;
  }
  // "LicenseRef-GPL-2.0-or-later-with-OpenSSL-exception": an exception only ever permits more.
  if (const auto with = cut(name, "-with-"); with && !with->first.empty()) {
    if (const auto term = licence_of_id(with->first)) return category_of_id(term->id);
    return contains_nocase(with->second, "advertising") ? notice : category_of_ref(with->first);
  }
  const bool mixed = contains_nocase(name, "-and-") || contains_nocase(name, "-or-X") ||
                     name.find("AND") != name.npos;
  for (const auto& v : variants) {
    if (!mixed && name.starts_with(v.name)) return std::max(v.category, strictest_named(name));
  }
  return unknown;
}

// Unknown is neither mild nor strict: a choice is taken where it is known, and a sum with an
// unknown part is unknown unless it is already at the strictest.
LicenceCategory mildest(LicenceCategory a, LicenceCategory b) {
  return a == unknown ? b : b == unknown ? a : std::min(a, b);
}
LicenceCategory strictest(LicenceCategory a, LicenceCategory b) {
  const auto high = std::max(a, b);
  return (a == unknown || b == unknown) && high < strong_copyleft ? unknown : high;
}

LicenceCategory category_of_term(const LicenceTerm& term) {
  if (term.kind == LicenceTerm::Kind::licence) {
    const auto category = category_of_id(term.id);
    const bool links = std::ranges::find(linking, term.exception) != std::end(linking);
    return links && category == strong_copyleft ? weak_copyleft : category;
  }
  auto category = category_of_term(term.parts.front());
  for (const auto& part : term.parts) {
    const auto next = category_of_term(part);
    category = term.kind == LicenceTerm::Kind::any_of ? mildest(category, next)
                                                      : strictest(category, next);
  }
  return category;
}

}  // namespace

std::string_view name_of(LicenceCategory category) {
  return category_names[static_cast<std::size_t>(category)];
}

LicenceCategory category_of_id(std::string_view id) {
  if (id.ends_with('+')) id.remove_suffix(1);
  if (const SpdxId* known = find_spdx_id(id)) return known->category;
  return id.starts_with("LicenseRef-") ? category_of_ref(id.substr(11)) : unknown;
}

LicenceCategory category_of(std::string_view expression) {
  const auto term = parse_spdx(expression);
  return term ? category_of_term(*term) : unknown;
}

}  // namespace boltseal
