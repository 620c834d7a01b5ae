// Releases of Debian and Ubuntu by the names that people and repositories call them.
#pragma once
#include <string_view>

namespace boltseal {

// "bookworm" → "12", "jammy" → "22.04"; empty for a name that is not known.
std::string_view release_of_codename(std::string_view codename);

}  // namespace boltseal
