// The two kinds of ranges that the Go vulnerability database gives for one module.
#pragma once
#include <vector>

#include "advisories/record.h"

namespace boltseal {

// SEMVER ranges together with `custom_ranges`: the versions that the source advisory names, where
// they are no tagged module versions (a fork's own numbers, a major version without its /vN path).
std::vector<std::vector<Event>> with_custom_ranges(std::vector<std::vector<Event>> ranges,
                                                   std::vector<std::vector<Event>> custom);

}  // namespace boltseal
