#include "files/glob.h"

#include <vector>

#include "base/text.h"

namespace boltseal {
namespace {

// One part of a path. On a mismatch only the last "*" has to take one character more.
bool part_matches(std::string_view glob, std::string_view part) {
  std::size_t g = 0, p = 0, star = std::string_view::npos, resume = 0;
  while (p < part.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = p;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == part[p])) {
      ++g;
      ++p;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      p = ++resume;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view path) {
  const auto parts = split(path, '/');
  // reached[i]: the globs so far can stand for the first i parts.
  std::vector<bool> reached(parts.size() + 1);
  reached[0] = true;
  for (const auto g : split(glob, '/')) {
    std::vector<bool> next(parts.size() + 1);
    for (std::size_t i = 0; i <= parts.size(); ++i) {
      if (g == "**")
        next[i] = reached[i] || (i > 0 && next[i - 1]);
      else
        next[i] = i > 0 && reached[i - 1] && part_matches(g, parts[i - 1]);
    }
    reached = std::move(next);
  }
  return reached[parts.size()];
}

}  // namespace boltseal
