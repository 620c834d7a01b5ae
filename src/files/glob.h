// The globs by which a reader names the files it wants (see Reader::globs), one against one path.
#pragma once
#include <string_view>

namespace boltseal {

// "*" is any run of characters without "/", "?" one character but "/", "**" as a whole part any
// number of folders, none too. Case-sensitive; everything else stands for itself. Time is at most
// |glob| x |path|, whatever they hold.
bool glob_matches(std::string_view glob, std::string_view path);

}  // namespace boltseal
