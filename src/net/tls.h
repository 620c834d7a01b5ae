// Whom a connection trusts, and as whom it shows itself.
#pragma once
#include "net/curl.h"
#include "net/http.h"

namespace boltseal {

// The server's certificate is always checked: against the daemon's folder of certificates where the
// request has one, else against what the environment names or the system trusts. `meant`: the
// server is the one that was asked for, not one that it sent us to; only that one is shown our own
// certificate.
void set_tls(const Curl& curl, CURL* handle, const HttpRequest& request, bool meant);

}  // namespace boltseal
