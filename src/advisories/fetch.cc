#include <fmt/format.h>

#include "advisories/update.h"
#include "net/http.h"

namespace boltseal {

Fetch http_fetch(bool allow_http) {
  return [allow_http](const std::string& address, const std::string& etag,
                      const std::string& last_modified) -> Result<FetchResult> {
    constexpr std::uint64_t largest = std::uint64_t{4} << 30;
    HttpRequest request;
    request.url = address;
    request.allow_http = allow_http;
    request.cap = largest;
    if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
    if (!last_modified.empty()) request.headers.emplace_back("If-Modified-Since", last_modified);
    TRY(auto response, http(request));
    FetchResult out;
    if (response.status == 304) {
      out.unchanged = true;
      return out;
    }
    if (response.status == 404 || response.status == 410) {
      return fail(Fault::not_found, "the server has no such file", address);
    }
    if (response.status != 200) {
      return fail(Fault::io, fmt::format("the server answers {}", response.status), address);
    }
    out.body = std::move(response.body);
    out.etag = response.header("etag").value_or("");
    out.last_modified = response.header("last-modified").value_or("");
    return out;
  };
}

}  // namespace boltseal
