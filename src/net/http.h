// The only outward sockets of the program: HTTP over libcurl, with the guards that the field's
// security record asks for.
//
// libcurl is loaded at the first request, because starting it and its thirty libraries costs more
// than printing --version. No credential is ever attached unless the request names it; a redirect
// to another host, port or scheme drops it.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct HttpResponse {
  int status = 0;
  // Names in lower case, the last one wins; several WWW-Authenticate are joined by ", ".
  std::map<std::string, std::string> headers;
  std::string body;   // of an answer that is no 2xx at most 64 KiB
  std::string url;    // after redirects
  bool near = false;  // it came from this machine or the link's addresses, as far as can be told
  std::optional<std::string> header(const std::string& name) const;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://; http only when the caller allowed it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string
      authorization;  // value of the Authorization header; sent to the URL's own origin only
  std::string body;
  std::string unix_socket;          // path of a socket to speak over, for daemons
  std::uint64_t cap = 64ULL << 20;  // a longer body is too_large
  int max_redirects = 5;
  int retries = 3;  // with back-off, on connection failures, 429 and 5xx, honouring Retry-After
  bool allow_http = false;
  bool named_from_outside = false;  // the URL is another machine's word: none of this one's
                                    // addresses is asked
  int stall_seconds = 60;  // give up when not a byte, or less than 1 KiB/s, came for so long
  int total_seconds = 0;   // give up after so long, tries and redirects and all; 0: no such limit
  bool brief = false;      // a status is enough, however the body ends; 64 KiB of it are read
  std::string
      tls_directory;  // ca.pem, cert.pem and key.pem of a Docker daemon; empty: the system's CAs
  std::function<Result<>(std::string_view chunk)>
      on_body;  // streams the body of a 2xx instead of keeping it
  std::function<Result<>(const HttpResponse& head)>
      on_head;  // with on_body: called before its first byte
  std::function<bool()>
      cancelled;  // asked about once a second; true ends the request with an Error
};

// Any HTTP status is a response; only a failure to get one is an Error.
Result<HttpResponse> http(const HttpRequest& request);

// After this no request leaves the program (--offline): http() fails and says so. Unix sockets too
// count as outside.
void forbid_network();
bool network_forbidden();

}  // namespace boltseal
