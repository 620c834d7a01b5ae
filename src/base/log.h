// What a person is told while a command runs, on standard error. Results never go through here.
#pragma once
#include <string>
#include <string_view>

namespace boltseal {

enum class Verbosity { quiet, normal, verbose };

void set_verbosity(Verbosity verbosity);
Verbosity verbosity();
void log_note(std::string_view text);     // shown unless quiet
void log_warning(std::string_view text);  // always shown; "warning: …"
void log_debug(std::string_view text);    // shown when verbose

}  // namespace boltseal
