// What no feed judges, and how long a distribution is supported.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "inventory/finding.h"
#include "match/ecosystem.h"

namespace boltseal {

// The package sets that no feed covers, sorted.
std::vector<Uncovered> uncovered(const Inventory& inventory, const Ecosystems& ecosystems);

// "debian 9 has had no security support since 2022-06-30", or empty; `today` as YYYY-MM-DD, empty
// for not known.
std::string end_of_life(const Distribution& distribution, std::string_view today);

}  // namespace boltseal
