#include "seal/state_directory.h"

#include <cstdlib>

namespace boltseal {
namespace {

std::string_view absolute(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && value[0] == '/' ? value : std::string_view{};
}

}  // namespace

std::string state_directory() {
  if (const auto own = absolute("BOLTSEAL_STATE_DIR"); !own.empty()) return std::string(own);
  if (const auto state = absolute("XDG_STATE_HOME"); !state.empty())
    return std::string(state) + "/boltseal";
  if (const auto home = absolute("HOME"); !home.empty())
    return std::string(home) + "/.local/state/boltseal";
  return "/var/lib/boltseal/state";
}

}  // namespace boltseal
