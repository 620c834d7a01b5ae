// Where the program remembers what it has seen, so that nobody can show it something older.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

// $BOLTSEAL_STATE_DIR, else $XDG_STATE_HOME/boltseal, else ~/.local/state/boltseal, else
// /var/lib/boltseal/state.
std::string state_directory();

}  // namespace boltseal
