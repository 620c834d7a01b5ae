// How each ecosystem orders its versions. A version that its ecosystem cannot read is not guessed:
// the answer is nothing, and the finding becomes undecided.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace boltseal {

enum class Scheme : std::uint8_t {
  dpkg,
  apk,
  rpm,
  semver,
  pep440,
  maven,
  npm,
  rubygems,
  packagist,
  nuget,
  go,
  pub,
  cran,
  hackage,
  opam,
  bitnami,
  loose
};

// a compared with b; nothing when either is no version of that scheme.
std::optional<std::strong_ordering> compare_versions(Scheme scheme, std::string_view a,
                                                     std::string_view b);

// True for what Go calls a commit of a repository in which no tag came before it,
// "v0.0.0-20260801101010-abcdefabcdef" (https://go.dev/ref/mod#pseudo-versions), with or without
// "v" and "+dirty".
bool is_go_commit(std::string_view version);

// The scheme of an OSV ecosystem ("Debian:12" → dpkg, "PyPI" → pep440, "crates.io" → semver, …; the
// part after ":" matters only to who repackages others: "Root:Alpine:3.18", "Echo:PyPI"), or of the
// names "rpm" and "semver"; nothing for an ecosystem we do not order.
std::optional<Scheme> scheme_of(std::string_view ecosystem);
std::string_view name_of(Scheme scheme);

}  // namespace boltseal
