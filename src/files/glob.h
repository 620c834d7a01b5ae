// The globs by which a reader names the files it wants (see Reader::globs) and a person what is to
// be left out or ignored.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace boltseal {

// "*" is any run of characters without "/", "?" one character but "/", "**" as a whole part any
// number of folders, none too. Case-sensitive; everything else stands for itself. Time is at most
// |glob| x |path|, whatever they hold.
bool glob_matches(std::string_view glob, std::string_view path);

// The same where "/" means nothing, as in a package URL: "*" is any run of characters, "?" any one.
bool wildcard_matches(std::string_view pattern, std::string_view text);

// Paths that a person leaves out, as .gitignore has them: a pattern with a "/" is counted from the
// root, one without it holds in any folder, and what is below a folder that is left out is left out
// with it. "/" and "./" at the beginning and "/" at the end say nothing more.
class PathFilter {
 public:
  PathFilter() = default;
  explicit PathFilter(const std::vector<std::string>& patterns);
  bool empty() const { return globs_.empty(); }
  bool covers(std::string_view path) const;         // the path or a folder above it
  bool covers_itself(std::string_view path) const;  // when what is above was asked before

 private:
  std::vector<std::string> globs_;
};

}  // namespace boltseal
