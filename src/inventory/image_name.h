// The words that stand before the name of an image in what the user wrote.
#pragma once
#include <optional>
#include <string_view>

namespace boltseal {

// What lies on this machine has a name, but no repository: "dir" of "oci:dir"; nothing for the
// rest.
std::optional<std::string_view> name_of_place(std::string_view reference);

// "ghcr.io/a/b:1" of "docker:ghcr.io/a/b:1" and of "docker://ghcr.io/a/b:1".
std::string_view name_in_registry(std::string_view reference);

}  // namespace boltseal
