// What keeps a server outside from leading us to this machine, or to the link-local addresses where
// clouds keep their keys.
#pragma once
#include <sys/socket.h>

#include <string>

#include "net/url.h"

namespace boltseal {

// Loopback, link-local and unspecified addresses.
bool near_address(const sockaddr_storage& address);
// A name of this machine, or such an address written out in any of the ways that resolvers take
// ("127.0.0.1", "127.1", "::1", "fe80::1%eth0").
bool near_host(const std::string& host);
// Whether a proxy is set for the URL: https_proxy, http_proxy and all_proxy, and what no_proxy
// takes out, as curl reads them but for the blocks of addresses that it knows in no_proxy
// since 7.86.
bool goes_by_proxy(const Url& url);

}  // namespace boltseal
