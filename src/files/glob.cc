#include "files/glob.h"

#include <algorithm>

#include "base/text.h"

namespace boltseal {

// On a mismatch only the last "*" has to take one character more.
bool wildcard_matches(std::string_view glob, std::string_view part) {
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
        next[i] = i > 0 && reached[i - 1] && wildcard_matches(g, parts[i - 1]);
    }
    reached = std::move(next);
  }
  return reached[parts.size()];
}

PathFilter::PathFilter(const std::vector<std::string>& patterns) {
  for (std::string_view glob : patterns) {
    const bool anywhere = trim_end(glob, '/').find('/') == std::string_view::npos;
    while (glob.starts_with('/') || glob.starts_with("./"))
      glob.remove_prefix(glob[0] == '/' ? 1 : 2);
    glob = trim_end(glob, '/');
    if (glob.empty()) continue;
    globs_.push_back(anywhere ? "**/" + std::string(glob) : std::string(glob));
  }
}

bool PathFilter::covers_itself(std::string_view path) const {
  return std::ranges::any_of(globs_, [&](const auto& glob) { return glob_matches(glob, path); });
}

bool PathFilter::covers(std::string_view path) const {
  if (globs_.empty()) return false;
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1))
    if (covers_itself(path.substr(0, slash))) return true;
  return covers_itself(path);
}

}  // namespace boltseal
