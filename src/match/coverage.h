// What no feed judges, and how long a distribution is supported.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "inventory/finding.h"
#include "match/ecosystem.h"

namespace boltseal {

// Why each package is none of the distribution's own, by index (third_party of inventory/origin.h);
// empty for those that are.
std::vector<std::string> foreign(const Inventory& inventory);

// The package sets that no feed covers, sorted. `foreign` as above: whose package it is not, the
// distribution's feed cannot judge.
std::vector<Uncovered> uncovered(const Inventory& inventory, const Ecosystems& ecosystems,
                                 const std::vector<std::string>& foreign);

// "debian 9 has had no security support since 2022-06-30", or empty; `today` as YYYY-MM-DD, empty
// for not known.
std::string end_of_life(const Distribution& distribution, std::string_view today);

}  // namespace boltseal
