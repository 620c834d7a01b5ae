// From the outcomes of layers to one inventory: hide what later layers hide, join what stands in
// several files, sort.
#pragma once
#include <vector>

#include "files/layer_reader.h"
#include "inventory/image.h"

namespace boltseal {

// `image` as its source describes it; `layers` lowest first, one for a folder. Fragments' layer
// numbers are set here.
Result<Inventory> assemble(ImageInfo image, std::vector<LayerOutcome> layers);

}  // namespace boltseal
