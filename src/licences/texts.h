// Which licences a text grants, by the sentences that only they contain.
#pragma once
#include <string>
#include <string_view>

namespace boltseal {

// An SPDX expression of all licences found, in the order of the text; "" when none is. At most the
// first 256 KB count.
std::string licence_of_text(std::string_view text);

}  // namespace boltseal
