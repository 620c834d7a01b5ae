// What the reading and the writing half of Registry share; only registry.cc and registry_write.cc
// include this.
#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/registry.h"
#include "net/url.h"

namespace boltseal {

// One endpoint with what was learnt of it.
struct Place {
  Endpoint endpoint;
  std::string scheme;         // "" until it is known
  std::string authorization;  // the answer to its last challenge
  bool served = false;        // a manifest came from it
};

struct BlobRead;

struct Registry::State {
  std::string name;  // host/repository as the user knows it
  RegistryOptions options;
  std::vector<Place> places;
  std::size_t current = 0;  // the place that served the manifest
  std::mutex mutex;         // guards scheme, authorization, served and current

  // The registry itself: where things are written.
  std::size_t home() const { return places.size() - 1; }
  const std::string& home_host() const { return places.back().endpoint.host; }
  // "https://host"; where plain HTTP is allowed, both are knocked at once.
  Result<std::string> base_of(std::size_t index);
  // A mirror for tags only serves what such a tag leads to as well.
  bool may_serve(std::size_t index, bool by_digest);
  // Asks for a path behind /v2/NAME, logging in where that is wanted.
  Result<HttpResponse> ask(std::size_t index, const std::string& path, HttpRequest request);
  // The same for a whole URL of that place's origin.
  Result<HttpResponse> ask_url(std::size_t index, HttpRequest request);
  Result<std::string> log_in(std::size_t index, const HttpResponse& response,
                             const std::string& stale);
  template <class Use>
  auto each_place(const bool& fatal, Use use) -> decltype(use(std::size_t{0}));
  Result<> read_once(std::size_t index, BlobRead& read);
  Result<> read_from(std::size_t index, BlobRead& read);

  // registry_write.cc. Calls page(response), which says whether it wants more, for each page of a
  // list of the registry itself (a mirror that knows of no referrers says nothing of the registry).
  // A page that leads to another origin or to itself ends in an Error, as do too many.
  Result<> each_page(const std::string& path, std::uint64_t cap,
                     const std::function<Result<bool>(const HttpResponse&)>& page);
  // The URL that an upload goes to, from the Location of an answer.
  Result<HttpRequest> upload_request(const HttpResponse& response);
  Result<HttpResponse> send_upload(HttpRequest request);
  Result<> upload(HttpResponse started, const std::string& digest, std::uint64_t size,
                  const BlobPull& pull);
};

// The Error for an answer that is none of those wanted. `doing`: "read", "write", "delete".
std::unexpected<Error> registry_refused(const HttpResponse& response, std::string_view doing,
                                        const std::string& what, const std::string& host);

}  // namespace boltseal
