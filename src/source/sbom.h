// SBOMs as a source: what another tool listed, as our own inventory.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "inventory/image.h"

namespace boltseal {

constexpr std::uint64_t max_sbom_bytes = 512ULL << 20;

// CycloneDX JSON and XML (1.2 to 1.7), SPDX 2.2 and 2.3 JSON and tag-value, Syft JSON, Trivy JSON,
// and any of the JSON ones inside an in-toto statement or a DSSE envelope (whose signature is not
// checked here); told apart by content. `reference` goes to ImageInfo::reference, `file` into the
// evidence. Components that are no package we know become generic packages and an unknown.
Result<Inventory> read_sbom(std::string_view bytes, const std::string& reference,
                            const std::string& file);

}  // namespace boltseal
