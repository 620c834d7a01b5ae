// Releases of Debian and Ubuntu by the names that people and repositories call them.
#pragma once
#include <string_view>

namespace boltseal {

// "bookworm" → "12", "jammy" → "22.04"; empty for a name that is not known.
std::string_view release_of_codename(std::string_view codename);

// "edge" for Alpine's "3.22.0_alpha20250108", "bookworm" for Debian's "12"; empty where it is not
// known. `id` as in os-release.
std::string_view codename_of_release(std::string_view id, std::string_view version_id);

}  // namespace boltseal
