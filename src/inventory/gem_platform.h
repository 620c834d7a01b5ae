// The platform that a gem was built for, where it stands behind the version.
#pragma once
#include "inventory/package.h"

namespace boltseal {

// Parts the version "1.18.9-x86_64-linux-gnu" of a gem, as Syft writes it, into version and arch,
// unless it has an arch or what stands behind the dash is no platform ("1.0-rc1"). Other packages
// stay as they are. https://guides.rubygems.org/gems-with-extensions/
void part_gem_platform(Package& package);

}  // namespace boltseal
