// The layers of an image read by the child, or taken from the cache: what all that looks into
// images begins with.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "inventory/content_manifest.h"
#include "layers/cache.h"
#include "scan/scan.h"
#include "scan/worker.h"

namespace boltseal {

struct Reading {
  const ScanOptions& options;
  Cache cache;
  std::string readers;  // fingerprint of all readers, part of every key of what they found
  std::string sandbox_note;

  explicit Reading(const ScanOptions& options);
  std::string key(std::string_view what, std::string_view id) const;
  WorkerOptions worker() const;
};

// The outcomes of all layers, lowest first, with what `wants` asks for in them.
Result<std::vector<LayerOutcome>> layer_outcomes(Reading& reading, const OpenedImage& image,
                                                 const Wants& wants);

// The layers laid over each other. Takes the content out of the outcomes.
Result<ContentManifest> flatten(const ImageInfo& image, std::vector<LayerOutcome>& outcomes);

}  // namespace boltseal
