// The sources of Go's own toolchain, which are no user's project.
#pragma once
#include <vector>

#include "inventory/package.h"

namespace boltseal {

// Takes out what go.mod, go.sum and vendor/modules.txt of a Go toolchain's sources name, where the
// toolchain itself is there and so is in the inventory as "stdlib". Fragments of other modules stay
// as they are, wherever they lie.
void drop_go_toolchain_sources(std::vector<Fragment>& fragments);

}  // namespace boltseal
