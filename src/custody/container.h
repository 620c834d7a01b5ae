// A container by its id or name, found in the state that its runtime keeps on this machine: runc,
// crun, containerd, Docker, Podman, CRI-O. No daemon is asked.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "custody/processes.h"

namespace boltseal {

struct Container {
  std::string id;       // as the runtime has it
  std::string runtime;  // "runc", "crun", "containerd", "Docker", "Podman"
  std::string state;    // the file that says so
  Process process;      // its first one
};

// `id`: whole, or the beginning of one alone, or a name that Docker or Podman knows. not_found says
// where was looked; for one that does not run it says what to compare instead.
Result<Container> find_container(const std::string& id, const std::vector<std::string>& more_roots);

}  // namespace boltseal
