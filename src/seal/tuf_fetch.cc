// Where the files of a TUF repository come from.
#include "base/fd.h"
#include "base/text.h"
#include "net/http.h"
#include "seal/tuf_client.h"

namespace boltseal {
namespace {

Result<std::string> over_http(const std::string& url, std::uint64_t cap, bool allow_http) {
  HttpRequest request;
  request.url = url;
  request.cap = cap;
  request.allow_http = allow_http;
  TRY(auto response, http(request));
  if (response.status == 200) return std::move(response.body);
  // Stores without the right to list answer 403 for what is not there.
  const bool missing = response.status == 404 || response.status == 403;
  return fail(missing ? Fault::not_found : Fault::io,
              "the server answers " + std::to_string(response.status), url);
}

}  // namespace

Result<TufFetch> tuf_fetch_from(const std::string& base, bool allow_http) {
  if (base.empty()) return fail(Fault::unsupported, "no address of the repository is given");
  const std::string folder(trim_end(base, '/'));
  if (base.starts_with("https://") || base.starts_with("http://")) {
    return [folder, allow_http](const std::string& name, std::uint64_t cap) {
      return over_http(folder + "/" + name, cap, allow_http);
    };
  }
  const std::string path = folder.starts_with("file://") ? folder.substr(7) : folder;
  return [path](const std::string& name, std::uint64_t cap) {
    return read_file(path + "/" + name, cap);
  };
}

}  // namespace boltseal
