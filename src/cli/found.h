// The files of a target as `drift` and `seal amend` find them.
#pragma once
#include <string>
#include <vector>

#include "cli/options.h"
#include "custody/drift.h"
#include "custody/targets.h"

namespace boltseal {

struct FoundOptions {
  bool trust_times = false;
  std::vector<std::string> runtime_roots;
};
void add_found_options(Command& command, FoundOptions& options);

// `text`: the target as the user wrote it. Notices go to the report. `scopes`, sorted: only these
// paths and what is below them, where that can be had; none: everything.
Result<FoundRoot> found_files(const DriftTarget& target, const std::string& text,
                              const ReadManifest& sealed, const FoundOptions& options,
                              const CommonOptions& common, DriftReport& report,
                              const std::vector<std::string>& scopes = {});

}  // namespace boltseal
