// The walls around everything that reads untrusted bytes: after enter_sandbox() this process and
// its threads can compute, use the descriptors they hold, and nothing else: no socket, no program,
// no file but those under one folder, read-only.
#pragma once
#include <string>

#include "base/result.h"

namespace boltseal {

struct SandboxState {
  bool seccomp = false;
  bool landlock = false;
  std::string missing;  // why a wall is not there, in words; empty when both stand
};

// Irreversible. `folder` ≥ 0: a descriptor of the folder that may be read (dir: sources); the
// memory limit is in bytes, 0 for none. A kernel without seccomp or Landlock is said in the result,
// never passed over in silence.
SandboxState enter_sandbox(int folder, std::uint64_t memory_limit);

}  // namespace boltseal
