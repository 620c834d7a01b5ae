// Runs the command of a phase and keeps what it said.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct StreamDigest {
  std::string sha256;  // hex
  std::uint64_t size = 0;
  std::string text;  // the first `keep` bytes
};

struct CommandRun {
  int exit_code = 0;  // 128 + n for a command that signal n ended, as a shell has it
  StreamDigest out, err;
};

// Runs `words` (found by PATH) in `folder`; what it writes is passed through as it comes and
// hashed. `quiet`: not passed through. `seconds`: it and what it started is ended when it takes
// longer, which is a too_large Error. not_found when the command cannot be started.
struct CommandOptions {
  std::string folder = ".";
  bool quiet = false;
  std::optional<unsigned> seconds;
  std::uint64_t keep = 0;  // bytes of each stream
};
Result<CommandRun> run_command(const std::vector<std::string>& words,
                               const CommandOptions& options = {});

struct GitState {
  std::string commit;  // hex; empty: no commit, or no repository
  std::string branch;  // empty when detached
  bool dirty = false;  // something that git tracks or does not ignore differs from the commit
};

// What git says of `folder`, without network and without its hooks or helpers; nothing when it is
// in no repository. `left_out`: a path whose changes do not count.
std::optional<GitState> git_state(const std::string& folder, const std::string& left_out);

// The values of those environment variables of `allowed` that are set; a name that looks like a
// secret's (PASSWORD, TOKEN, KEY, …) gives no value even when it is asked for.
std::vector<std::pair<std::string, std::string>> allowed_environment(
    const std::vector<std::string>& allowed);
bool looks_secret(std::string_view name);

}  // namespace boltseal
