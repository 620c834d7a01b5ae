#include "net/url.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace boltseal {
namespace {

bool is_address(const std::string& host) {
  unsigned char buffer[16];
  return ::inet_pton(AF_INET, host.c_str(), buffer) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), buffer) == 1;
}

bool sound_host(std::string_view host) {
  const auto fine = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; };
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, fine) &&
         host.front() != '.';
}

// A host that ends in a number must be a dotted IPv4 address: "2130706433" and "127.1" mean
// loopback to some resolvers.
bool odd_number(const std::string& host) {
  const std::string_view last = std::string_view(host).substr(host.rfind('.') + 1);
  const bool numeric = parse_u64(last).has_value() || last.starts_with("0x");
  return numeric && !is_address(host);
}

// libpsl comes with libcurl nearly everywhere; its list is the one that browsers use for cookies.
struct PublicSuffixes {
  using Latest = void*(const char*);
  using Registrable = const char*(const void*, const char*);
  void* list = nullptr;
  Registrable* registrable = nullptr;

  PublicSuffixes() {
    void* library = ::dlopen("libpsl.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    auto* latest = reinterpret_cast<Latest*>(::dlsym(library, "psl_latest"));
    registrable = reinterpret_cast<Registrable*>(::dlsym(library, "psl_registrable_domain"));
    if (latest != nullptr && registrable != nullptr) list = latest(nullptr);
  }
};

}  // namespace

std::string Url::authority() const {
  const std::string name = host.contains(':') ? "[" + host + "]" : host;
  return port == (https() ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}
std::string Url::origin() const { return scheme + "://" + authority(); }
std::string Url::text() const { return origin() + target; }
std::string Url::shown() const { return origin() + target.substr(0, target.find('?')); }

Result<Url> parse_url(std::string_view text) {
  const auto bad = [](std::string_view why) {
    return fail(Fault::corrupt, fmt::format("not a URL: {}", why));
  };
  if (text.size() > 16384) return bad("too long");
  const auto odd = [](char c) { return c <= ' ' || c == '\x7f' || c == '\\'; };
  if (std::ranges::any_of(text, odd)) return bad("a space, control character or backslash in it");
  Url url;
  const auto parts = cut(text, "://");
  if (!parts) return bad("no scheme");
  url.scheme = lower(parts->first);
  if (url.scheme != "http" && url.scheme != "https") return bad("only http and https are spoken");
  const auto end = std::min(parts->second.find_first_of("/?#"), parts->second.size());
  std::string_view authority = parts->second.substr(0, end);
  std::string_view target = parts->second.substr(end);
  target = target.substr(0, target.find('#'));
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  if (authority.contains('@')) return bad("a user name in it; use docker login instead");
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return bad("an IPv6 address without its end");
    url.host = lower(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!url.host.contains(':') || !is_address(url.host))
      return bad("no IPv6 address in the brackets");
    if (!port.empty() && port.front() != ':') return bad("rubbish after the address");
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    url.host = lower(authority.substr(0, colon));
    port = authority.substr(colon);
    if (!sound_host(url.host) || odd_number(url.host)) return bad("the host name is no host name");
  }
  url.port = url.https() ? 443 : 80;
  if (port.size() > 1) {
    const auto number = parse_u64(port.substr(1));
    if (!number || *number == 0 || *number > 65535) return bad("the port is no port");
    url.port = static_cast<std::uint16_t>(*number);
  }
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view location) {
  const auto head = location.substr(0, location.find_first_of("/?#"));
  if (head.contains(':')) return parse_url(location);
  if (location.starts_with("//")) return parse_url(base.scheme + ":" + std::string(location));
  if (location.starts_with('/')) return parse_url(base.origin() + std::string(location));
  const std::string path = base.target.substr(0, base.target.find('?'));
  if (location.starts_with('?')) return parse_url(base.origin() + path + std::string(location));
  return parse_url(base.origin() + path.substr(0, path.rfind('/') + 1) + std::string(location));
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
         (host.starts_with("127.") && is_address(std::string(host)));
}

std::string registrable_domain(std::string_view host) {
  const std::string name = lower(trim_end(host, '.'));
  if (is_address(name) || !name.contains('.')) return {};
  static const PublicSuffixes suffixes;
  // Without the list (libcurl can be built so) at least whoever has a login at the Hub can use it.
  if (suffixes.list == nullptr) return name.ends_with(".docker.io") ? "docker.io" : std::string();
  const char* domain = suffixes.registrable(suffixes.list, name.c_str());
  return domain == nullptr ? std::string{} : std::string(domain);
}

}  // namespace boltseal
