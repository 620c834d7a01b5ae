// What other tools write otherwise in their SBOMs and VEX statements.
#pragma once
#include "inventory/package.h"

namespace boltseal {

// Gives a package of another tool's document our spelling; others stay as they are.
// - A gem of version "1.18.9-x86_64-linux-gnu", as Syft writes it, gets version and arch, unless it
//   has an arch or what stands behind the dash is no platform ("1.0-rc1").
//   https://guides.rubygems.org/gems-with-extensions/
// - Go's standard library is "stdlib" of "1.22.1" for Syft and the advisories; Trivy writes
//   "v1.22.1", cyclonedx-gomod calls it "std", and its version "go1.22.1" at times.
void settle_spelling(Package& package);

}  // namespace boltseal
