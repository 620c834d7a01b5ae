#include "base/log.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>

#include "base/text.h"

namespace boltseal {
namespace {
std::atomic<Verbosity> level = Verbosity::normal;

// One write per line, so that lines of several threads do not mix.
void put(std::string_view prefix, std::string_view text) {
  const std::string line = fmt::format("{}{}\n", prefix, printable(text));
  std::fwrite(line.data(), 1, line.size(), stderr);
}
}  // namespace

void set_verbosity(Verbosity verbosity) { level = verbosity; }
Verbosity verbosity() { return level; }

void log_note(std::string_view text) {
  if (level != Verbosity::quiet) put("", text);
}
void log_warning(std::string_view text) { put("warning: ", text); }
void log_debug(std::string_view text) {
  if (level == Verbosity::verbose) put("", text);
}

}  // namespace boltseal
