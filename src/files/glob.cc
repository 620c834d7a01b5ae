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

namespace {

// For 0 … all parts of `path`: whether the glob stands for the first so many.
std::vector<bool> parts_matched(std::string_view glob, std::string_view path) {
  const auto parts = split(path, '/');
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
  return reached;
}

}  // namespace

// From the end as long as a part stands for one part: every file of an image is asked for, and
// nearly all differ from a glob there.
bool glob_matches(std::string_view glob, std::string_view path) {
  for (;;) {
    const auto g = glob.rfind('/'), p = path.rfind('/');  // npos + 1 is 0
    const auto wanted = glob.substr(g + 1);
    if (wanted == "**") break;
    if (!wildcard_matches(wanted, path.substr(p + 1))) return false;
    if (g == std::string_view::npos) return p == std::string_view::npos;
    if (p == std::string_view::npos) {
      const auto left = split(glob.substr(0, g), '/');
      return std::ranges::all_of(left, [](std::string_view part) { return part == "**"; });
    }
    glob = glob.substr(0, g);
    path = path.substr(0, p);
  }
  return glob == "**" || parts_matched(glob, path).back();
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

// Each path is gone through once: its depth may be somebody's trap.
bool PathFilter::covers(std::string_view path) const {
  return std::ranges::any_of(globs_, [&](const auto& glob) {
    const auto matched = parts_matched(glob, path);
    return matched.back() || std::find(matched.begin() + 1, matched.end(), true) != matched.end();
  });
}

}  // namespace boltseal
