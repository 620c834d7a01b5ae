// Versions that are numbers and nothing else: those of R packages, separated by "." or "-" (CRAN,
// https://cran.r-project.org/doc/manuals/R-exts.html#The-DESCRIPTION-file), and of Haskell
// packages, separated by "." (the Package Versioning Policy, https://pvp.haskell.org). They are
// ordered number by number, and of two that agree as far as both go the longer one is newer: 1.0
// < 1.0.0.
#include "versions/schemes.h"

namespace boltseal::versions {
namespace {

MaybeOrder compare_dotted(std::string_view a, std::string_view b, std::string_view separators) {
  const auto valid = [&](std::string_view text) {
    while (!take_digits(text).empty()) {
      if (text.empty()) return true;
      if (!separators.contains(text.front())) return false;
      text.remove_prefix(1);
    }
    return false;
  };
  if (!valid(a) || !valid(b)) return std::nullopt;
  while (!a.empty() && !b.empty()) {
    if (const auto order = compare_numbers(take_digits(a), take_digits(b)); order != 0)
      return order;
    if (!a.empty()) a.remove_prefix(1);
    if (!b.empty()) b.remove_prefix(1);
  }
  return b.empty() <=> a.empty();
}

}  // namespace

MaybeOrder compare_cran(std::string_view a, std::string_view b) {
  return compare_dotted(a, b, ".-");
}

MaybeOrder compare_hackage(std::string_view a, std::string_view b) {
  return compare_dotted(a, b, ".");
}

}  // namespace boltseal::versions
