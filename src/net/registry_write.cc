// The writing half of the registry client, and what only it and verifiers need: tags and referrers.
//
// An upload goes to a Location that the registry names. That is an attacker's way to our
// credentials and to what we upload (CVE-2020-15157): it must be of the registry's own origin, or
// of a host that the user allowed in BOLTSEAL_UPLOAD_HOSTS ("registry=upload-host,…"), which then
// gets the bytes but never the credentials.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/text.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "net/registry_state.h"

namespace boltseal {
namespace {

constexpr std::uint64_t chunk_size = 16ULL << 20;  // larger blobs go up in pieces
constexpr std::size_t max_pages = 1000;
constexpr int max_patience = 5;  // with a registry that does not see a blob yet
constexpr std::uint64_t max_tags_body = 32ULL << 20;  // of one page

bool upload_allowed(const Url& registry, const Url& target) {
  const char* list = std::getenv("BOLTSEAL_UPLOAD_HOSTS");
  if (list == nullptr || (registry.https() && !target.https())) return false;
  return std::ranges::any_of(split(list, ','), [&](std::string_view entry) {
    const auto pair = cut(trim(entry), "=");
    return pair && pair->first == registry.authority() && pair->second == target.authority();
  });
}

// The target of the Link header whose rel is "next" (RFC 8288); "" when there is none.
std::string next_link(const HttpResponse& response) {
  const auto header = response.header("link");
  if (!header) return {};
  for (const std::string_view link : split(*header, ',')) {
    const auto open = link.find('<'), close = link.find('>');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) continue;
    const std::string rel = lower(link.substr(close));
    if (rel.find("rel=\"next\"") == std::string::npos && rel.find("rel=next") == std::string::npos)
      continue;
    return std::string(link.substr(open + 1, close - open - 1));
  }
  return {};
}

// Registries over a plain file system lose sight of a blob for a moment while somebody else uploads
// the same one.
bool blob_unknown(const HttpResponse& response) {
  if (response.status != 400 && response.status != 404) return false;
  const auto parsed = parse_json(response.body);
  if (!parsed) return false;
  return std::ranges::any_of((*parsed)["errors"].items(), [](const Value& error) {
    const auto code = error["code"].text();
    return code == "MANIFEST_BLOB_UNKNOWN" || code == "BLOB_UNKNOWN" || code == "MANIFEST_UNKNOWN";
  });
}

HttpRequest request_of(std::string method, std::uint64_t cap = 1ULL << 20) {
  HttpRequest out;
  out.method = std::move(method);
  out.cap = cap;
  return out;
}

}  // namespace

Result<> Registry::State::each_page(const std::string& path, std::uint64_t cap,
                                    const std::function<Result<bool>(const HttpResponse&)>& page) {
  TRY(const std::string base, base_of(home()));
  std::string url = base + "/v2/" + percent_encode(places.back().endpoint.repository, "/") + path;
  for (std::size_t pages = 0; pages < max_pages; ++pages) {
    HttpRequest request = request_of("GET", cap);
    request.url = url;
    request.headers = {{"Accept", std::string(oci_index_type) + ", application/json"}};
    TRY(const auto response, ask_url(home(), std::move(request)));
    TRY(const bool more, page(response));
    const std::string next = next_link(response);
    if (!more || next.empty()) return {};
    TRY(const Url here, parse_url(url));
    auto there = resolve_url(here, next);
    if (!there) return fail(Fault::corrupt, "a next page that is no URL", here.shown());
    if (there->origin() != here.origin())
      return fail(Fault::unsupported,
                  "the next page of a list is at " + there->origin() + ": refused", here.shown());
    if (there->text() == url)
      return fail(Fault::corrupt, "a page of a list that leads to itself", here.shown());
    url = there->text();
  }
  return fail(Fault::too_large, fmt::format("a list of over {} pages", max_pages), name);
}

Result<std::optional<std::vector<Descriptor>>> Registry::referrers(
    const std::string& digest, const std::string& artifact_type) {
  if (!is_digest(digest)) return fail(Fault::corrupt, "not a digest", digest);
  std::optional<std::vector<Descriptor>> out = std::vector<Descriptor>{};
  const std::string where = state_->name + "@" + digest;
  // The filter of the API takes whole types only.
  const std::string filter = artifact_type.empty() || artifact_type.ends_with('*')
                                 ? std::string()
                                 : "?artifactType=" + percent_encode(artifact_type);
  const std::string_view wanted = trim_end(artifact_type, '*');
  std::size_t seen = 0;
  TRY_DO(state_->each_page(
      "/referrers/" + digest + filter, max_manifest_body,
      [&](const HttpResponse& response) -> Result<bool> {
        if (response.status == 404 && seen == 0) {
          out.reset();
          return false;
        }
        if (response.status != 200)
          return registry_refused(response, "list", "the referrers of " + digest,
                                  state_->home_host());
        const std::string type = response.header("content-type").value_or("");
        // What is no index is what answers every path with a page of its own.
        if (!type.starts_with(oci_index_type) && seen == 0) {
          out.reset();
          return false;
        }
        TRY(auto page, parse_artifact(response.body, oci_index_type, where));
        if (!page.is_index) return fail(Fault::corrupt, "referrers that are no index", where);
        seen += page.manifests.size() + 1;
        for (Descriptor& entry : page.manifests)
          if (entry.artifact_type.empty() || entry.artifact_type.starts_with(wanted))
            out->push_back(std::move(entry));
        if (out->size() > max_referrers || seen > 10 * max_referrers)
          return fail(Fault::too_large,
                      fmt::format("over {} referrers: refused, because nobody can check them all",
                                  max_referrers),
                      where);
        return true;
      }));
  return out;
}

Result<std::vector<std::string>> Registry::tags(const std::string& prefix) {
  std::vector<std::string> out;
  std::size_t seen = 0;
  TRY_DO(state_->each_page(
      "/tags/list", max_tags_body, [&](const HttpResponse& response) -> Result<bool> {
        if (response.status == 404) return false;
        if (response.status != 200)
          return registry_refused(response, "list", "the tags", state_->home_host());
        TRY(const Document page, parse_json(response.body));
        const auto tags = page["tags"].items();
        seen += tags.size();
        if (seen > max_tags)
          return fail(Fault::too_large, fmt::format("over {} tags", max_tags), state_->name);
        for (const Value& tag : tags)
          if (tag.text().starts_with(prefix)) out.push_back(tag.string());
        return true;
      }));
  std::ranges::sort(out);
  const auto [first, last] = std::ranges::unique(out);
  out.erase(first, last);
  return out;
}

Result<bool> Registry::has_manifest(const std::string& reference) {
  HttpRequest request = request_of("HEAD");
  request.headers = {{"Accept", fmt::format("{}, {}, application/vnd.docker.distribution.manifest."
                                            "v2+json, application/vnd.docker.distribution."
                                            "manifest.list.v2+json",
                                            oci_manifest_type, oci_index_type)}};
  TRY(const auto response,
      state_->ask(state_->home(), "/manifests/" + percent_encode(reference, ":"),
                  std::move(request)));
  if (response.status == 200) return true;
  if (response.status == 404) return false;
  return registry_refused(response, "read", reference, state_->home_host());
}

Result<HttpRequest> Registry::State::upload_request(const HttpResponse& response) {
  const auto location = response.header("location");
  if (!location) return fail(Fault::corrupt, "an upload without a Location", home_host());
  TRY(const Url here, parse_url(response.url));
  TRY(const std::string base, base_of(home()));
  TRY(const Url registry, parse_url(base));
  auto target = resolve_url(here, *location);
  if (!target) return fail(Fault::corrupt, "an upload's Location that is no URL", home_host());
  if (target->origin() != registry.origin() && !upload_allowed(registry, *target)) {
    return fail(Fault::unsupported,
                fmt::format("wants the upload sent to {}: refused; if that is right, set "
                            "BOLTSEAL_UPLOAD_HOSTS={}={}",
                            target->origin(), registry.authority(), target->authority()),
                home_host());
  }
  HttpRequest request;
  request.url = target->text();
  request.cap = 1ULL << 20;
  request.max_redirects = 0;
  return request;
}

// To the registry with credentials, to an allowed other host without.
Result<HttpResponse> Registry::State::send_upload(HttpRequest request) {
  TRY(const std::string base, base_of(home()));
  TRY(const Url target, parse_url(request.url));
  TRY(const Url registry, parse_url(base));
  if (target.origin() == registry.origin()) return ask_url(home(), std::move(request));
  request.allow_http = !registry.https();
  return http(request);
}

// From the answer to an upload's start to its end.
Result<> Registry::State::upload(HttpResponse started, const std::string& digest,
                                 std::uint64_t size, const BlobPull& pull) {
  TRY(const HashKind kind, hash_of_digest(digest));
  Hasher hasher(kind);
  std::string chunk;
  std::uint64_t sent = 0, got = 0;
  const auto flush = [&]() -> Result<> {
    TRY(HttpRequest request, upload_request(started));
    request.method = "PATCH";
    request.headers = {{"Content-Type", "application/octet-stream"},
                       {"Content-Range", fmt::format("{}-{}", sent, sent + chunk.size() - 1)}};
    sent += chunk.size();
    request.body = std::exchange(chunk, {});
    TRY(started, send_upload(std::move(request)));
    if (started.status != 202)
      return registry_refused(started, "write", "blob " + digest, home_host());
    return {};
  };
  TRY_DO(pull([&](std::string_view bytes) -> Result<> {
    got += bytes.size();
    if (got > size) return fail(Fault::corrupt, "longer than its descriptor says", digest);
    hasher.update(bytes);
    chunk += bytes;
    return chunk.size() >= chunk_size ? flush() : Result<>();
  }));
  if (got != size || hex(hasher.finish()) != digest.substr(digest.find(':') + 1))
    return fail(Fault::corrupt, "the bytes are not those of its digest: not written", digest);
  TRY(HttpRequest request, upload_request(started));
  request.method = "PUT";
  request.url += (request.url.contains('?') ? "&digest=" : "?digest=") + percent_encode(digest);
  request.headers = {{"Content-Type", "application/octet-stream"}};
  request.body = std::move(chunk);
  TRY(const auto response, send_upload(std::move(request)));
  if (response.status != 201)
    return registry_refused(response, "write", "blob " + digest, home_host());
  return {};
}

Result<> Registry::put_blob(const std::string& digest, std::uint64_t size, const BlobPull& pull,
                            const std::string& mount_from) {
  if (!is_digest(digest)) return fail(Fault::corrupt, "not a digest", digest);
  const std::size_t home = state_->home();
  TRY(const auto there, state_->ask(home, "/blobs/" + digest, request_of("HEAD")));
  if (there.status == 200) return {};
  std::string path = "/blobs/uploads/";
  if (!mount_from.empty()) path += "?mount=" + digest + "&from=" + percent_encode(mount_from, "/");
  HttpRequest start = request_of("POST");
  start.max_redirects = 0;
  TRY(auto started, state_->ask(home, path, start));
  if (started.status == 201 && !mount_from.empty()) return {};
  // A registry that will not mount may say so with an error.
  if (started.status != 202 && !mount_from.empty()) {
    TRY(started, state_->ask(home, "/blobs/uploads/", start));
  }
  if (started.status != 202)
    return registry_refused(started, "write", "to " + state_->name, state_->home_host());
  return state_->upload(std::move(started), digest, size, pull);
}

Result<> Registry::put_blob(std::string_view bytes) {
  return put_blob(
      sha256_digest(bytes), bytes.size(),
      [&](const std::function<Result<>(std::string_view)>& sink) { return sink(bytes); });
}

Result<bool> Registry::put_manifest(const std::string& reference, const std::string& media_type,
                                    const std::string& body, const std::string& if_match) {
  HttpRequest request = request_of("PUT");
  request.max_redirects = 0;
  request.headers = {{"Content-Type", media_type}};
  if (!if_match.empty()) request.headers.emplace_back("If-Match", if_match);
  request.body = body;
  const std::string path = "/manifests/" + percent_encode(reference, ":");
  for (int attempt = 0;; ++attempt) {
    TRY(const auto response, state_->ask(state_->home(), path, request));
    if (response.status == 412)
      return fail(Fault::unsupported, "somebody else changed it at the same time", reference);
    if (response.status == 201 || response.status == 202 || response.status == 200)
      return response.header("oci-subject").has_value();
    if (attempt >= max_patience || !blob_unknown(response))
      return registry_refused(response, "write", "manifest " + reference, state_->home_host());
    std::this_thread::sleep_for(std::chrono::milliseconds(40L << attempt));
  }
}

Result<> Registry::remove_manifest(const std::string& reference) {
  TRY(const auto response,
      state_->ask(state_->home(), "/manifests/" + percent_encode(reference, ":"),
                  request_of("DELETE")));
  if (response.status == 202 || response.status == 200 || response.status == 204) return {};
  if (response.status == 405 || response.status == 400 || response.status == 501)
    return fail(
        Fault::unsupported,
        fmt::format("deletes nothing by this name (status {}); its owner can allow deleting",
                    response.status),
        state_->home_host());
  return registry_refused(response, "delete", reference, state_->home_host());
}

}  // namespace boltseal
