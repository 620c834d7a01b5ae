// What to say here in place of cosign's options that are not taken.
#pragma once
#include <string_view>

namespace boltseal {

// For a command that cosign has too; empty for an option that is not cosign's.
std::string_view cosign_option_here(std::string_view command, std::string_view option);

}  // namespace boltseal
