#include "seal/service_request.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/url.h"

namespace boltseal {
namespace {

constexpr std::size_t told = 300;  // of what a service says why

std::string shown(const std::string& url) {
  const auto parsed = parse_url(url);
  return parsed ? parsed->shown() : printable(url.substr(0, url.find('?')));
}

}  // namespace

Checked<HttpResponse> ask_service(std::string_view what, HttpRequest request,
                                  const ServiceAccess& access, int also, std::string_view secret) {
  request.cap = max_service_answer;
  request.max_redirects = 0;
  request.allow_http = access.insecure_http;
  request.stall_seconds = access.patience;
  const std::string where = shown(request.url);
  auto response = http(request);
  if (!response)
    return refuse("service-unavailable", fmt::format("{}: {}", what, response.error().message()),
                  std::string(what));
  if ((response->status >= 200 && response->status <= 299) || response->status == also)
    return *std::move(response);
  const std::string said =
      secret.empty() ? response->body : replace_all(response->body, secret, "(secret)");
  return refuse("service-refused",
                fmt::format("{} at {} answers HTTP {}: {}", what, where, response->status,
                            printable(trim(std::string_view(said).substr(0, told)))),
                std::string(what), "HTTP 200 or 201", fmt::format("{}", response->status));
}

HttpRequest post_json(std::string_view base, std::string_view path, std::string body) {
  HttpRequest out;
  out.method = "POST";
  out.url = std::string(trim_end(base, '/')) + std::string(path);
  out.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  out.body = std::move(body);
  return out;
}

}  // namespace boltseal
