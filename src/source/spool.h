// Room on the disk for what must be random access and does not come so: pipes, compressed archives,
// what daemons send.
#pragma once
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace boltseal {

struct Spool {
  Fd file;             // without a name, gone with its descriptor
  std::string folder;  // where it lies, for messages
};
// In `folder`, or where that gives none (the cache of a user without a home, a read-only system) or
// is "", in the temporary folder: $TMPDIR, else /tmp.
Result<Spool> make_spool(const std::string& folder);

}  // namespace boltseal
