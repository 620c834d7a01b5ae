// The user's registry credentials, as docker login, podman login and their helpers leave them.
//
// A credential is for the host it was stored under and nobody else; no cloud is guessed from a host
// name (CVE-2024-35192). Read in this order, the first that knows the host decides:
// $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json (without that variable
// /run/containers/UID/auth.json),
// ~/.config/containers/auth.json (containers-auth.json(5)), $DOCKER_CONFIG/config.json or
// ~/.docker/config.json.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

// Never printed, never logged: no Error and no message of this folder holds a member of this.
struct Credentials {
  std::string user, password;
  std::string identity_token;  // an OAuth2 refresh token, instead of the password
};

// What a credential helper answers: (program name, server) → its standard output. Replaced in
// tests.
using HelperRunner =
    std::function<Result<std::string>(const std::string& program, const std::string& server)>;
// Runs `program get` from the PATH, without a shell, with the server on its standard input; 30 s,
// 64 KiB.
Result<std::string> run_credential_helper(const std::string& program, const std::string& server);

// The files to look into, from the environment.
std::vector<std::string> credential_files();

// For "host[:port]" and the repository in it ("team/app"): a key with a path ("host/team") is for
// what lies under it. Nothing when no file knows the host; an Error for a file that is no JSON, or
// a helper of that host that fails.
Result<std::optional<Credentials>> find_credentials(
    std::string_view host, std::string_view repository, const std::vector<std::string>& files,
    const HelperRunner& run = run_credential_helper);

}  // namespace boltseal
