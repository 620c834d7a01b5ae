// How the services that sign along (certificate authority, logs, whoever gives identity tokens) are
// asked: nothing is followed, nothing is believed, and what goes wrong names the service.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::uint64_t max_service_answer = 4 << 20;
constexpr int service_patience = 60;  // seconds; a log of the second generation takes up to twenty

// Where a publisher's services are.
struct RekorService {
  std::string url;
  int version = 1;  // 1 or 2, of its API
};
struct SigningServices {
  std::string certificate_authority;  // Fulcio; "" for none
  std::vector<RekorService> logs;
  std::vector<std::string> timestamp_authorities;
};

struct ServiceAccess {
  bool insecure_http = false;
  int patience = service_patience;  // give up when nothing came for so long
};

// The answer of a service, whose status is 2xx or `also`. A redirect is none: what is sent holds a
// token or becomes public, and goes to whom the user named. Refusals: "service-unavailable" (it
// does not answer, or says too much), "service-refused" (any other status). `secret`: what of the
// request must not come into a message, should the service repeat it.
Checked<HttpResponse> ask_service(std::string_view what, HttpRequest request,
                                  const ServiceAccess& access, int also = 0,
                                  std::string_view secret = {});
// The request that posts JSON to a path below a service's URL.
HttpRequest post_json(std::string_view base, std::string_view path, std::string body);

}  // namespace boltseal
