// A drift for people and for programs. Both forms are made of the report alone, so that the same
// drift gives the same bytes.
#pragma once
#include <string>

#include "custody/drift.h"

namespace boltseal {

std::string drift_table(const DriftReport& report, const ReadManifest& sealed,
                        const AllowList& rules);
// doc/formats/seal.md, "Drift report"; also the predicate of a signed one. Every finding carries
// the proof of what the seal has for it.
std::string drift_json(const DriftReport& report, const ReadManifest& sealed,
                       const AllowList& rules);

// One finding on one line: kind, path, what changed and to what.
std::string finding_line(const DriftFinding& finding, const ReadManifest& sealed);

std::string finding_json(const DriftFinding& finding, const ReadManifest& sealed);

}  // namespace boltseal
