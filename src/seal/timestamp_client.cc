#include "seal/timestamp_client.h"

#include <fmt/format.h>

#include "crypto/timestamp.h"
#include "net/http.h"

namespace boltseal {

Result<std::string> request_timestamp(const std::string& url, std::string_view message,
                                      int patience) {
  TRY(const auto query, timestamp_query(message));
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/timestamp-query"},
                     {"Accept", "application/timestamp-reply"}};
  request.body = query.der;
  request.cap = max_timestamp;
  request.allow_http = true;
  request.stall_seconds = patience;
  TRY(auto response, http(request));
  if (response.status < 200 || response.status > 299)
    return fail(Fault::io, fmt::format("the timestamp authority answers HTTP {}", response.status),
                url);
  if (auto good = check_answer(response.body, query, message); !good) {
    good.error().where = url;
    return std::unexpected(good.error());
  }
  return std::move(response.body);
}

}  // namespace boltseal
