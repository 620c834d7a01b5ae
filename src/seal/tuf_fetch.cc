// Where the files of a TUF repository come from.
#include <optional>

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

// A name without its URL's encoding; nothing where that could lead elsewhere.
std::optional<std::string> plain_name(std::string_view name) {
  std::string out;
  for (const auto part : split(name, '/')) {
    const auto plain = percent_decode(part);
    if (!plain || plain->empty() || *plain == "." || *plain == ".." ||
        plain->find_first_of(std::string_view("/\0", 2)) != std::string::npos)
      return std::nullopt;
    out += (out.empty() ? "" : "/") + *plain;
  }
  return out;
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
  // In a folder a file is called as in the URL, as our channels write it, or plainly, as others do.
  return [path](const std::string& name, std::uint64_t cap) -> Result<std::string> {
    auto bytes = read_file(path + "/" + name, cap);
    if (bytes || bytes.error().fault != Fault::not_found) return bytes;
    const auto plain = plain_name(name);
    return plain ? read_file(path + "/" + *plain, cap) : std::move(bytes);
  };
}

}  // namespace boltseal
