// One request after the other over libcurl, with our own redirects, retries and limits: libcurl
// never follows a Location and never sees a credential that is not for the host it talks to
// (security-record rows 13 and 14).
#include "net/http.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "net/curl.h"
#include "net/guard.h"
#include "net/tls.h"
#include "net/url.h"

namespace boltseal {
namespace {

constexpr std::uint64_t max_error_body = 64ULL << 10;
constexpr std::size_t max_headers = 256ULL << 10;
constexpr long connect_seconds = 15;
constexpr long longest_pause_ms = 60'000;

std::atomic<bool> forbidden = false;

using Clock = std::chrono::steady_clock;

// A server that sends a byte now and then holds us as well as one that sends none: over each
// stretch of time there must be a kilobyte a second. The time that we took ourselves does not
// count.
struct Pace {
  Clock::time_point since = Clock::now();
  Clock::duration away{};
  std::uint64_t bytes = 0;
  void add(std::uint64_t count) {
    if (bytes == 0) *this = {};  // waiting for an answer is not a stretch of it
    bytes += count;
  }
  // False: something came, but too little.
  bool holds(int seconds) {
    constexpr std::uint64_t rate = 1024;
    if (Clock::now() - since - away < std::chrono::seconds(seconds)) return true;
    const bool slow = bytes > 0 && bytes < rate * static_cast<std::uint64_t>(seconds);
    *this = {};
    return !slow;
  }
};

// What one transfer knows while libcurl calls back.
struct Transfer {
  explicit Transfer(const HttpRequest& r) : request(r) {}
  const HttpRequest& request;
  HttpResponse response;
  std::size_t header_bytes = 0;
  std::uint64_t received = 0;
  bool streaming = false;  // on_body has had bytes: no second try may start from the beginning
  bool enough = false;     // we stopped an error's body ourselves
  bool redirected = false;
  bool guarded = false;  // the URL is the word of a server on another machine
  Pace pace;
  std::optional<Error> error;
};

bool success(int status) { return status >= 200 && status < 300; }

void keep_header(Transfer& transfer, std::string_view line) {
  if (line.starts_with(
          "HTTP/")) {  // a new head: 100 Continue and a proxy's CONNECT come before the real one
    transfer.response.headers.clear();
    const auto parts = words(line);
    transfer.response.status =
        static_cast<int>(parts.size() > 1 ? parse_u64(parts[1]).value_or(0) : 0);
    return;
  }
  const auto pair = cut(line, ":");
  if (!pair) return;
  const std::string name = lower(trim(pair->first));
  std::string& value = transfer.response.headers[name];
  if (name == "www-authenticate" && !value.empty())
    value += ", ";
  else
    value.clear();
  value += trim(pair->second);
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += size * count;
  transfer.pace.add(size * count);
  if (transfer.header_bytes > max_headers) {
    transfer.error = Error{Fault::too_large, "over 256 KiB of headers", {}, {}};
    return 0;
  }
  keep_header(transfer, std::string_view(data, size * count));
  return size * count;
}

Result<> take_body(Transfer& transfer, std::string_view chunk) {
  const HttpRequest& request = transfer.request;
  if (request.brief || !success(transfer.response.status)) {
    const auto room =
        max_error_body - std::min<std::uint64_t>(max_error_body, transfer.response.body.size());
    transfer.response.body += chunk.substr(0, static_cast<std::size_t>(room));
    transfer.enough = room <= chunk.size();
    return {};
  }
  transfer.received += chunk.size();
  if (transfer.received > request.cap) {
    return fail(Fault::too_large,
                fmt::format("the answer is over the limit of {} bytes", request.cap));
  }
  if (!request.on_body) {
    transfer.response.body += chunk;
    return {};
  }
  if (!transfer.streaming && request.on_head) TRY_DO(request.on_head(transfer.response));
  transfer.streaming = true;
  return request.on_body(chunk);
}

std::size_t on_write(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto begun = Clock::now();
  auto taken = take_body(transfer, std::string_view(data, size * count));
  transfer.pace.add(size * count);
  transfer.pace.away += Clock::now() - begun;
  if (!taken) {
    transfer.error = std::move(taken).error();
    return 0;
  }
  return transfer.enough ? 0 : size * count;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  const HttpRequest& request = transfer.request;
  if (!transfer.pace.holds(request.stall_seconds))
    transfer.error = Error{Fault::io, "the server sends less than a kilobyte a second", {}, {}};
  else if (request.cancelled && request.cancelled())
    transfer.error = Error{Fault::io, "cancelled", {}, {}};
  return transfer.error ? 1 : 0;
}

Error leads_here() {
  return {
      Fault::unsupported, "a server outside leads to an address of this machine: refused", {}, {}};
}

// A server elsewhere may not send us to this machine or to the link-local addresses where clouds
// keep their keys. The resolved address is looked at, so a name that resolves there does not help.
curl_socket_t on_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  sockaddr_storage resolved{};
  std::memcpy(&resolved, &address->addr, std::min<std::size_t>(address->addrlen, sizeof resolved));
  if (transfer.guarded && near_address(resolved)) {
    transfer.error = leads_here();
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Whether the connection that was used leads to such an address.
bool near_peer(const Curl& curl, CURL* handle) {
  const char* text = nullptr;
  curl.easy_getinfo(handle, CURLINFO_PRIMARY_IP, &text);
  return text != nullptr && *text != '\0' && near_host(text);
}

// A list of header lines that frees itself.
class HeaderList {
 public:
  explicit HeaderList(const Curl& curl) : curl_(curl) {}
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_.slist_free_all(list_); }
  void add(const std::string& line) {
    if (curl_slist* longer = curl_.slist_append(list_, line.c_str())) list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  const Curl& curl_;
  curl_slist* list_ = nullptr;
};

bool is_credential(std::string_view header) {
  const std::string name = lower(header);
  return name == "authorization" || name == "cookie" || name == "proxy-authorization";
}

Result<> add_headers(HeaderList& list, const HttpRequest& request, bool same_origin) {
  const auto clean = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
  };
  for (const auto& [name, value] : request.headers) {
    if (!clean(name) || !clean(value))
      return fail(Fault::corrupt, "a line end in a header: refused");
    if (same_origin || !is_credential(name)) list.add(name + ": " + value);
  }
  if (same_origin && !request.authorization.empty()) {
    if (!clean(request.authorization))
      return fail(Fault::corrupt, "a line end in the credentials: refused");
    list.add("Authorization: " + request.authorization);
  }
  list.add("Expect:");  // no 100-continue round trip
  return {};
}

void set_options(const Curl& curl, CURL* handle, Transfer& transfer, const Url& url,
                 const std::string& method, char* message) {
  const HttpRequest& request = transfer.request;
  curl.easy_setopt(handle, CURLOPT_URL, url.text().c_str());
  curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, message);
  curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  // HTTP/1.1 alone: one transfer per connection needs no more, and fewer parsers see the server's
  // bytes.
  curl.easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl.easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
  curl.easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L << 10);
  curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl.easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl.easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_seconds));
  curl.easy_setopt(handle, CURLOPT_USERAGENT, "boltseal/" BOLTSEAL_VERSION);
  curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl.easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_write);
  curl.easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl.easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  curl.easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl.easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &transfer);
  set_tls(curl, handle, request, !transfer.redirected && !request.named_from_outside);
  if (!request.unix_socket.empty()) {
    curl.easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    curl.easy_setopt(handle, CURLOPT_PROXY, "");
  }
  if (method == "HEAD")
    curl.easy_setopt(handle, CURLOPT_NOBODY, 1L);
  else if (method != "GET") {
    curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl.easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

std::string advice(CURLcode code, const HttpRequest& request) {
  if (!request.unix_socket.empty()) return {};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "; check the name and this machine's DNS";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "; check HTTPS_PROXY";
    case CURLE_COULDNT_CONNECT:
      return "; check the address, a firewall, or HTTPS_PROXY";
    case CURLE_OPERATION_TIMEDOUT:
      return "; check the connection and try again";
    case CURLE_SSL_CONNECT_ERROR:
      if (request.allow_http) return {};
      return "; where the server speaks plain HTTP and that is meant, say --insecure-http";
    case CURLE_SSL_CERTPROBLEM:
      return "; check the certificate and key of BOLTSEAL_CLIENT_CERT and BOLTSEAL_CLIENT_KEY";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return "; name the CA that signed its certificate in BOLTSEAL_CA_FILE or SSL_CERT_FILE";
    default:
      return {};
  }
}

bool worth_retrying(CURLcode code) {
  constexpr CURLcode codes[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
                                CURLE_OPERATION_TIMEDOUT,   CURLE_GOT_NOTHING,
                                CURLE_RECV_ERROR,           CURLE_SEND_ERROR,
                                CURLE_PARTIAL_FILE};
  return std::ranges::find(codes, code) != std::end(codes);
}

bool worth_retrying(int status) {
  return status == 429 || (status >= 500 && status != 501 && status != 505);
}

struct Outcome {
  Result<HttpResponse> result;
  bool again = false;  // another try may help
  long wait_ms = 0;    // what Retry-After asked for
};

// What a new try needs to know of the request before it in a chain of redirects.
struct Hop {
  bool redirected = false, same_origin = true;
  bool far = false;  // where the URL comes from: another machine than this
  Clock::time_point begun = Clock::now();
};

// What is left of the time for all tries, at least one; 0 as libcurl has it: no limit.
long milliseconds_left(const HttpRequest& request, const Hop& hop) {
  if (request.total_seconds == 0) return 0;
  const long spent = (Clock::now() - hop.begun) / std::chrono::milliseconds(1);
  return std::max(1L, request.total_seconds * 1000L - spent);
}

Outcome perform(const Curl& curl, const HttpRequest& request, const Url& url,
                const std::string& method, Hop& hop) {
  auto handle = CurlHandle::borrow(curl);
  if (!handle) return {std::unexpected(handle.error())};
  Transfer transfer(request);
  transfer.redirected = hop.redirected && !hop.same_origin;
  const bool proxied = request.unix_socket.empty() && goes_by_proxy(url);
  const bool sent = (transfer.redirected || request.named_from_outside) && hop.far;
  // A proxy has eyes of its own, and may stand on this machine.
  transfer.guarded = sent && !proxied;
  if (sent && near_host(url.host)) {
    Error refused = leads_here();
    refused.where = url.shown();
    return {std::unexpected(std::move(refused))};
  }
  HeaderList headers(curl);
  if (auto added = add_headers(headers, request, hop.same_origin); !added)
    return {std::unexpected(added.error())};
  char message[CURL_ERROR_SIZE] = "";
  set_options(curl, handle->get(), transfer, url, method, message);
  curl.easy_setopt(handle->get(), CURLOPT_HTTPHEADER, headers.get());
  // Whatever else curl makes of the environment.
  if (transfer.guarded) curl.easy_setopt(handle->get(), CURLOPT_PROXY, "");
  if (sent && proxied) curl.easy_setopt(handle->get(), CURLOPT_NOPROXY, "");
  // on_socket does not see the address of a connection that is open from an earlier use.
  if (transfer.redirected || transfer.guarded)
    curl.easy_setopt(handle->get(), CURLOPT_FRESH_CONNECT, 1L);
  curl.easy_setopt(handle->get(), CURLOPT_TIMEOUT_MS, milliseconds_left(request, hop));
  const CURLcode code = curl.easy_perform(handle->get());
  const std::string where = request.unix_socket.empty() ? url.shown() : request.unix_socket;
  const bool answered = request.brief && transfer.response.status != 0;
  if (code == CURLE_OK || ((transfer.enough || answered) && !transfer.error)) {
    if (request.on_body && success(transfer.response.status) && !transfer.streaming &&
        request.on_head) {
      if (auto headed = request.on_head(transfer.response); !headed)
        return {std::unexpected(headed.error())};
    }
    transfer.response.near = near_host(url.host) || (!proxied && near_peer(curl, handle->get()));
    if (!hop.redirected) hop.far = !transfer.response.near;
    curl_off_t seconds = 0;
    curl.easy_getinfo(handle->get(), CURLINFO_RETRY_AFTER, &seconds);
    transfer.response.url = url.text();
    const bool again = worth_retrying(transfer.response.status);
    return {std::move(transfer.response), again,
            static_cast<long>(std::clamp<curl_off_t>(seconds, 0, 86400) * 1000)};
  }
  if (transfer.error) {
    if (transfer.error->where.empty()) transfer.error->where = where;
    return {std::unexpected(*std::move(transfer.error))};
  }
  const std::string reason = message[0] != '\0' ? message : curl.easy_strerror(code);
  const bool safe = method == "GET" || method == "HEAD" || code == CURLE_COULDNT_CONNECT;
  const bool again =
      worth_retrying(code) && safe && !transfer.streaming && request.unix_socket.empty();
  return {fail(Fault::io, reason + advice(code, request), where), again};
}

bool pause(const HttpRequest& request, long milliseconds) {
  for (long waited = 0; waited < milliseconds; waited += 50) {
    if (request.cancelled && request.cancelled()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(50L, milliseconds - waited)));
  }
  return true;
}

Result<HttpResponse> perform_with_retries(const Curl& curl, const HttpRequest& request,
                                          const Url& url, const std::string& method, Hop& hop) {
  for (int attempt = 0;; ++attempt) {
    Outcome outcome = perform(curl, request, url, method, hop);
    const long wait = std::max(250L << std::min(attempt, 6), outcome.wait_ms);
    const long left = milliseconds_left(request, hop);
    // A server that asks for more patience than we have gets its answer shown at once.
    if (!outcome.again || attempt >= request.retries || wait > (left ? left : longest_pause_ms))
      return std::move(outcome.result);
    log_debug(fmt::format("{}: {}; next try in {} ms", url.shown(),
                          outcome.result ? fmt::format("status {}", outcome.result->status)
                                         : outcome.result.error().what,
                          wait));
    if (!pause(request, wait)) return std::move(outcome.result);
  }
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The next URL of a redirect, and whether the credentials may go along.
Result<Url> follow(const HttpRequest& request, const Url& from, const std::string& location,
                   std::string& method, int status, Hop& hop) {
  auto next = resolve_url(from, location);
  if (!next) return fail(Fault::corrupt, "redirect: " + next.error().what, from.shown());
  if (!next->https() && !request.allow_http) {
    return fail(Fault::unsupported, "a redirect to plain HTTP (" + next->origin() + "): refused",
                from.shown());
  }
  if (method != "GET" && method != "HEAD") {
    if (status == 307 || status == 308) {
      if (next->origin() != from.origin()) {
        return fail(Fault::unsupported,
                    "a redirect would carry the request's body to " + next->origin() + ": refused",
                    from.shown());
      }
    } else {
      method = "GET";
    }
  }
  hop.redirected = true;
  // Once away from home the credentials stay behind, even when a later redirect leads back.
  hop.same_origin = hop.same_origin && next->origin() == from.origin();
  return next;
}

}  // namespace

std::optional<std::string> HttpResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::nullopt : std::optional(found->second);
}

Result<HttpResponse> http(const HttpRequest& request) {
  auto parsed = parse_url(request.url);
  if (!parsed)
    return fail(parsed.error().fault, parsed.error().what,
                request.url.substr(0, request.url.find('?')));
  Url url = *std::move(parsed);
  const std::string where = request.unix_socket.empty() ? url.shown() : request.unix_socket;
  if (forbidden) return fail(Fault::unsupported, "not asked, because of --offline", where);
  if (!url.https() && !request.allow_http && request.unix_socket.empty()) {
    return fail(Fault::unsupported, "plain HTTP is not used unless asked for: --insecure-http",
                where);
  }
  TRY(const Curl* curl, load_curl());
  std::string method = request.method;
  Hop hop{.far = request.named_from_outside};
  for (int redirects = 0;; ++redirects) {
    TRY(auto response, perform_with_retries(*curl, request, url, method, hop));
    const auto location = response.header("location");
    if (!is_redirect(response.status) || !location || request.max_redirects == 0 ||
        !request.unix_socket.empty()) {
      return response;
    }
    if (redirects >= request.max_redirects) {
      return fail(Fault::too_large, fmt::format("over {} redirects", request.max_redirects), where);
    }
    TRY(url, follow(request, url, *location, method, response.status, hop));
  }
}

void forbid_network() { forbidden = true; }
bool network_forbidden() { return forbidden; }

}  // namespace boltseal
