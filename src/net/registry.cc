#include "net/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "net/auth.h"
#include "net/registry_state.h"

namespace boltseal {
namespace {

constexpr std::string_view accepted =
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json";
// How often a blob may be resumed; a server that sends a byte at a time must not hold us for ever.
constexpr int max_resumes = 64;

bool success(int status) { return status >= 200 && status < 300; }

// The reason that a registry gives in its JSON of errors, shortened; it is the server's text, so
// only for messages.
std::string reason_of(const HttpResponse& response) {
  const auto parsed = parse_json(response.body);
  if (!parsed) return {};
  const Value& first = (*parsed)["errors"][0];
  const std::string text =
      first["message"].is_text() ? first["message"].string() : first["code"].string();
  return text.empty() ? text : ": " + printable(text.substr(0, 200));
}

// The place that bytes go on from, in a 206's Content-Range: "bytes 100-199/200".
std::optional<std::uint64_t> range_start(const HttpResponse& response) {
  const std::string range = response.header("content-range").value_or("");
  if (!range.starts_with("bytes ")) return std::nullopt;
  return parse_u64(std::string_view(range).substr(6, range.find('-') - 6));
}

}  // namespace

// A blob on its way to a sink.
struct BlobRead {
  const Descriptor& descriptor;
  const std::function<Result<>(std::string_view)>& sink;
  const std::function<bool()>& cancelled;
  std::uint64_t done = 0;  // bytes that the sink has
  bool fatal = false;      // the sink refused, or the bytes are wrong: nobody else can help
};

std::unexpected<Error> registry_refused(const HttpResponse& response, std::string_view doing,
                                        const std::string& what, const std::string& host) {
  const int status = response.status;
  if (status == 404)
    return fail(Fault::not_found, fmt::format("has no {}{}", what, reason_of(response)), host);
  if (status == 401 || status == 403) {
    return fail(
        Fault::io,
        fmt::format(
            "does not let us {} {} (status {}){}; it may not exist, or need `docker login {}`",
            doing, what, status, reason_of(response), host),
        host);
  }
  if (status == 429) {
    return fail(
        Fault::io,
        fmt::format("too many requests (status 429){}; log in, wait, or set BOLTSEAL_MIRRORS",
                    reason_of(response)),
        host);
  }
  return fail(Fault::io, fmt::format("status {} for {}{}", status, what, reason_of(response)),
              host);
}

RegistryOptions registry_options() {
  RegistryOptions out;
  out.mirrors = mirrors_from_environment();
  out.credential_files = credential_files();
  return out;
}

Registry::Registry(std::unique_ptr<State> state) : state_(std::move(state)) {}
Registry::Registry(Registry&&) noexcept = default;
Registry::~Registry() = default;

Result<Registry> Registry::open(const std::string& host, const std::string& repository,
                                RegistryOptions options) {
  TRY(auto endpoints, endpoints_of(host, repository, options.mirrors));
  if (options.actions != "pull") endpoints.erase(endpoints.begin(), endpoints.end() - 1);
  auto state = std::make_unique<State>();
  state->name = host + "/" + repository;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    Endpoint& endpoint = endpoints[i];
    const bool itself = i + 1 == endpoints.size();
    if (itself && options.plain_http) endpoint.plain_http = true;
    if (options.insecure_http) endpoint.may_be_http = true;
    std::string scheme;
    if (endpoint.plain_http)
      scheme = "http";
    else if (!endpoint.may_be_http)
      scheme = "https";
    state->places.push_back({std::move(endpoint), std::move(scheme), {}});
  }
  state->options = std::move(options);
  return Registry(std::move(state));
}

// Whoever has sent a status line speaks HTTP over this scheme, however bad the rest is; a TLS
// server that is spoken to in plain text says 400.
Result<std::string> Registry::State::base_of(std::size_t index) {
  const Endpoint& endpoint = places[index].endpoint;
  {
    const std::scoped_lock lock(mutex);
    if (!places[index].scheme.empty()) return places[index].scheme + "://" + endpoint.host;
  }
  const auto url = parse_url("https://" + endpoint.host);
  if (!url) return fail(Fault::corrupt, "not the name of a registry", endpoint.host);
  std::vector<std::string> schemes = {"https", "http"};
  if (is_loopback_host(url->host)) std::swap(schemes[0], schemes[1]);
  std::string reasons;
  for (const std::string& scheme : schemes) {
    HttpRequest request;
    request.url = scheme + "://" + endpoint.host + "/v2/";
    request.allow_http = true;
    request.brief = true;
    request.max_redirects = 0;
    request.retries = scheme == schemes[1] ? 2 : 0;
    request.total_seconds = std::max(1, options.ping_seconds / 2);  // for either scheme
    const auto response = http(request);
    if (response && response->status != 400) {
      const std::scoped_lock lock(mutex);
      places[index].scheme = scheme;
      return scheme + "://" + endpoint.host;
    }
    // A bad connection may be the wrong scheme's; an answer that breaks our limits is the server's.
    if (!response && response.error().fault != Fault::io) return std::unexpected(response.error());
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", scheme,
                           response ? "status 400" : response.error().what);
  }
  return fail(Fault::io,
              fmt::format("does not answer as a registry ({}); check the name and the port, and "
                          "whether it runs",
                          reasons),
              endpoint.host);
}

// Answers a 401. `stale` is the header that was refused: another thread may have found a new one
// meanwhile.
Result<std::string> Registry::State::log_in(std::size_t index, const HttpResponse& response,
                                            const std::string& stale) {
  const std::scoped_lock lock(mutex);
  Place& place = places[index];
  if (!place.authorization.empty() && place.authorization != stale) return place.authorization;
  TRY(const Url registry, parse_url(place.scheme + "://" + place.endpoint.host));
  TRY(const Url answered, parse_url(response.url));
  if (answered.origin() != registry.origin()) {
    return fail(Fault::unsupported,
                "sends us to " + answered.origin() + ", which wants a login: refused",
                registry.authority());
  }
  const auto header = response.header("www-authenticate");
  if (!header) return std::string{};
  const bool itself = index == home();
  if (itself && !options.bearer_token.empty() && stale.empty()) {
    place.authorization = "Bearer " + options.bearer_token;
    return place.authorization;
  }
  auto credentials = itself ? options.credentials : std::nullopt;
  if (!credentials) {
    TRY(credentials, find_credentials(place.endpoint.host, place.endpoint.repository,
                                      options.credential_files, options.run_helper));
  }
  TRY(place.authorization, answer_challenge(registry, *header, place.endpoint.repository,
                                            credentials, options.actions, response.near));
  return place.authorization;
}

bool Registry::State::may_serve(std::size_t index, bool by_digest) {
  const std::scoped_lock lock(mutex);
  const Place& place = places[index];
  return by_digest ? place.endpoint.for_digests || place.served : place.endpoint.for_tags;
}

Result<HttpResponse> Registry::State::ask(std::size_t index, const std::string& path,
                                          HttpRequest request) {
  TRY(const std::string base, base_of(index));
  request.url = base + "/v2/" + percent_encode(places[index].endpoint.repository, "/") + path;
  return ask_url(index, std::move(request));
}

Result<HttpResponse> Registry::State::ask_url(std::size_t index, HttpRequest request) {
  request.allow_http = request.url.starts_with("http://");
  {
    const std::scoped_lock lock(mutex);
    request.authorization = places[index].authorization;
  }
  TRY(auto response, http(request));
  if (response.status != 401) return response;
  TRY(const std::string answer, log_in(index, response, request.authorization));
  if (answer.empty()) return response;
  request.authorization = answer;
  return http(request);
}

// Tries the places from the current one on; the Error of the registry itself, the last one, is what
// the user sees.
template <class Use>
auto Registry::State::each_place(const bool& fatal, Use use) -> decltype(use(std::size_t{0})) {
  std::size_t first = 0;
  {
    const std::scoped_lock lock(mutex);
    first = current;
  }
  for (std::size_t i = first;; ++i) {
    auto result = use(i);
    if (result || fatal || i + 1 >= places.size()) {
      const std::scoped_lock lock(mutex);
      if (result) current = std::max(current, i);
      return result;
    }
    log_debug("mirror: " + result.error().message());
  }
}

Result<FetchedManifest> Registry::manifest(const std::string& reference) {
  TRY(auto raw, raw_manifest(reference));
  FetchedManifest out;
  const std::string what = state_->name + (is_digest(reference) ? "@" : ":") + reference;
  TRY(out.manifest, parse_manifest(raw.body, raw.media_type, what));
  out.digest = std::move(raw.digest);
  out.body = std::move(raw.body);
  return out;
}

Result<RawManifest> Registry::raw_manifest(const std::string& reference) {
  return state_->each_place(false, [&](std::size_t index) -> Result<RawManifest> {
    const std::string& host = state_->places[index].endpoint.host;
    if (!state_->may_serve(index, is_digest(reference)))
      return fail(Fault::unsupported, "not asked, as registries.conf has it", host);
    HttpRequest request;
    request.headers = {{"Accept", std::string(accepted)}};
    request.cap = max_manifest_body;
    TRY(auto response,
        state_->ask(index, "/manifests/" + percent_encode(reference, ":"), std::move(request)));
    const std::string what = state_->name + (is_digest(reference) ? "@" : ":") + reference;
    if (response.status != 200) return registry_refused(response, "read", what, host);
    std::string wanted =
        is_digest(reference) ? reference : response.header("docker-content-digest").value_or("");
    if (!is_digest(wanted)) wanted = sha256_digest(response.body);
    TRY(const HashKind kind, hash_of_digest(wanted));
    RawManifest out;
    out.digest = wanted.substr(0, wanted.find(':') + 1) + hex(hash(kind, response.body));
    if (out.digest != wanted) {
      return fail(Fault::corrupt,
                  fmt::format("the manifest that {} sent has the digest {}, not {}: refused", host,
                              out.digest, wanted),
                  what);
    }
    out.media_type = response.header("content-type").value_or("");
    out.media_type = trim(out.media_type.substr(0, out.media_type.find(';')));
    out.etag = response.header("etag").value_or("");
    out.body = std::move(response.body);
    const std::scoped_lock lock(state_->mutex);
    state_->places[index].served = true;
    return out;
  });
}

Result<std::string> Registry::blob(const Descriptor& descriptor, std::uint64_t cap) {
  if (descriptor.size > cap) {
    return fail(
        Fault::too_large,
        fmt::format("{} is {} bytes, the limit is {}", descriptor.digest, descriptor.size, cap),
        state_->name);
  }
  std::string bytes;
  TRY_DO(stream(descriptor,
                [&](std::string_view chunk) -> Result<> {
                  bytes += chunk;
                  return {};
                },
                {}));
  TRY(const HashKind kind, hash_of_digest(descriptor.digest));
  if (hex(hash(kind, bytes)) != descriptor.digest.substr(descriptor.digest.find(':') + 1)) {
    return fail(Fault::corrupt,
                "the bytes of " + descriptor.digest + " have another digest: refused",
                state_->name);
  }
  return bytes;
}

// One request for what is left of the blob.
Result<> Registry::State::read_once(std::size_t index, BlobRead& read) {
  const Descriptor& blob = read.descriptor;
  const auto wrong = [&](std::string what) {
    read.fatal = true;
    return fail(Fault::corrupt, blob.digest + ": " + what, name);
  };
  HttpRequest request;
  request.cancelled = read.cancelled;
  request.cap = ~0ULL;  // on_body counts
  if (read.done > 0) request.headers = {{"Range", fmt::format("bytes={}-", read.done)}};
  std::uint64_t known = 0;  // bytes that come a second time, from a server that knows no ranges
  request.on_head = [&](const HttpResponse& head) -> Result<> {
    known = head.status == 206 ? 0 : read.done;
    if (head.status == 206 && range_start(head) != read.done)
      return wrong("the registry sent another range than asked for");
    return {};
  };
  request.on_body = [&](std::string_view chunk) -> Result<> {
    const auto skipped = std::min<std::uint64_t>(known, chunk.size());
    known -= skipped;
    chunk.remove_prefix(static_cast<std::size_t>(skipped));
    if (chunk.size() > blob.size - read.done)
      return wrong(fmt::format("more than the {} bytes of its manifest", blob.size));
    auto taken = read.sink(chunk);
    if (taken)
      read.done += chunk.size();
    else
      read.fatal = true;
    return taken;
  };
  TRY(const auto response, ask(index, "/blobs/" + blob.digest, std::move(request)));
  if (!success(response.status))
    return registry_refused(response, "read", "blob " + blob.digest, places[index].endpoint.host);
  if (read.done == blob.size) return {};
  return fail(Fault::io,
              fmt::format("{} ended after {} of {} bytes", blob.digest, read.done, blob.size),
              name);
}

// From one place, going on after a break as long as each try brings something: http() has its own
// retries for the rest.
Result<> Registry::State::read_from(std::size_t index, BlobRead& read) {
  for (int resumes = 0;; ++resumes) {
    const std::uint64_t before = read.done;
    auto once = read_once(index, read);
    const bool cancelled = read.cancelled && read.cancelled();
    if (once || read.fatal || cancelled || read.done == before || resumes >= max_resumes)
      return once;
    log_debug(fmt::format("{}; going on at byte {}", once.error().message(), read.done));
  }
}

Result<> Registry::stream(const Descriptor& descriptor,
                          const std::function<Result<>(std::string_view)>& sink,
                          const std::function<bool()>& cancelled) {
  if (!is_digest(descriptor.digest)) return fail(Fault::corrupt, "not a digest", descriptor.digest);
  BlobRead read{descriptor, sink, cancelled};
  return state_->each_place(read.fatal,
                            [&](std::size_t index) { return state_->read_from(index, read); });
}

}  // namespace boltseal
