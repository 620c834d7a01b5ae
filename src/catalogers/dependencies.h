// Which package of an image needs which, from the names that they ask for.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inventory/package.h"

namespace boltseal {

// A name as its ecosystem compares it: "Jinja2" of the installed package is "jinja2" of the lock.
std::string compared_name(PackageType type, std::string_view name);

// Pairs of indexes, the first needs the second, sorted. Of several packages that go by the name
// the one is meant that the asking one finds: of its architecture, or by where both lie.
std::vector<std::pair<std::uint32_t, std::uint32_t>> resolve_dependencies(
    const std::vector<Package>& packages);

}  // namespace boltseal
