// `drift --watch`: what drifts is told as it happens, one line each.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "custody/drift.h"
#include "custody/targets.h"

namespace boltseal {

struct WatchedDrift {
  const ReadManifest& sealed;
  const DriftTarget& target;
  // The drift of these paths and all below them, sorted; none: of everything.
  std::function<Result<DriftReport>(const std::vector<std::string>& scopes)> look;
  bool json = false;  // a JSON object per line
};

// Until the process of the target ends or a signal asks to; the exit code.
int watch_drift(const WatchedDrift& watched);

}  // namespace boltseal
