// Where the password of a key comes from: a file or standard input when an option says so, else the
// environment, else a prompt on the terminal.
#pragma once
#include <string>

#include "base/result.h"
#include "cli/command_line.h"
#include "crypto/key_file.h"
#include "crypto/secret.h"

namespace boltseal {

struct PasswordOptions {
  std::string file;
  bool from_stdin = false;
};

// --password-file, --password-stdin
void add_password_options(Command& command, PasswordOptions& options);

// COSIGN_PASSWORD counts before BOLTSEAL_PASSWORD; an empty one is the empty password, and none of
// them is a PIN. not_found where nothing is given and there is no terminal.
PasswordSource password_source(const PasswordOptions& options);
// For a key that is made: a prompt asks twice.
PasswordSource new_password_source(const PasswordOptions& options);

// Asks twice; not_found, with `hint`, where there is no terminal.
Result<Secret> ask_new_password(const std::string& what, const std::string& hint);
// Asks on the controlling terminal without echo; not_found, with `hint`, where there is none.
Result<Secret> ask_terminal(const std::string& prompt, const std::string& hint);

}  // namespace boltseal
