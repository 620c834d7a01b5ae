// boltseal.yaml: every option of every command by its long name, under the command's name. The
// command line and the environment come first.
#pragma once
#include "cli/command_line.h"

namespace boltseal {

// --config FILE, else ./boltseal.yaml, else $XDG_CONFIG_HOME/boltseal/boltseal.yaml where it is
// there.
void add_config_file(Command& program);

}  // namespace boltseal
