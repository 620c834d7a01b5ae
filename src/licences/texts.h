// Which licences a text grants: by its likeness to a licence's own text, else by the sentences that
// only they contain.
#pragma once
#include <string>
#include <string_view>

namespace boltseal {

// An SPDX expression of all licences found, in the order of the text; "" when none is. At most the
// first 256 KB count.
std::string licence_of_text(std::string_view text);

// The licence whose text this is as a whole, but for names, years and a word here and there; ""
// when it is none, or more than one, or over 256 KB. (prints.cc)
std::string licence_of_whole_text(std::string_view text);

}  // namespace boltseal
