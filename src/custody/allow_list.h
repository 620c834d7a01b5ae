// Paths that are expected to change in a running container: what the user lists, and what runtimes
// do in every container.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/value.h"
#include "files/glob.h"

namespace boltseal {

struct AllowRule {
  std::string text;  // as it was written, for the report
  PathFilter paths;
  std::vector<std::string> kinds;  // names of DriftKind; empty: all but programs and set-id files
  std::string reason;
  bool stub = false;  // only what runtimes make here: an empty file, a link to the mounts, a mount
  bool mounted = false;  // only what is mounted there
};

struct AllowList {
  std::vector<AllowRule> rules;
};

// What runtimes change: /proc /sys /dev /run /tmp, and the empty files that they mount over.
AllowList runtime_allow_list();
// One pattern of --allow, as .gitignore has them.
AllowRule allow_rule(const std::string& pattern);
// A YAML list under "allow": patterns, or {path, kinds, reason}.
Result<AllowList> read_allow_list(std::string_view yaml, const std::string& where);

}  // namespace boltseal
