#include "net/guard.h"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace boltseal {
namespace {

std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

// The first of them that is set. HTTP_PROXY is not read: a web server sets it from a header of the
// client that asks.
std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (auto value = environment(name); !value.empty()) return value;
  return {};
}

bool excluded(const std::string& host) {
  std::string list = first_of({"no_proxy", "NO_PROXY"});
  std::ranges::replace(list, ',', ' ');
  const std::string name = lower(trim_end(host, '.'));
  return std::ranges::any_of(words(list), [&](std::string_view word) {
    if (word == "*") return true;
    if (word.starts_with('.')) word.remove_prefix(1);
    const std::string entry = lower(trim_end(word, '.'));
    return !entry.empty() && (name == entry || name.ends_with("." + entry));
  });
}

}  // namespace

bool near_address(const sockaddr_storage& address) {
  const auto near4 = [](const std::uint8_t* ip) {
    return ip[0] == 127 || ip[0] == 0 || (ip[0] == 169 && ip[1] == 254);
  };
  std::uint8_t ip[16] = {};
  if (address.ss_family == AF_INET) {
    std::memcpy(ip, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    return near4(ip);
  }
  if (address.ss_family != AF_INET6) return false;
  std::memcpy(ip, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  constexpr std::uint8_t zeros[15] = {}, mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(ip, mapped, 12) == 0) return near4(ip + 12);
  return (std::memcmp(ip, zeros, 15) == 0 && ip[15] <= 1) ||
         (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
}

bool near_host(const std::string& host) {
  if (is_loopback_host(host)) return true;
  addrinfo want{}, *found = nullptr;
  want.ai_flags = AI_NUMERICHOST;  // nothing is asked of anybody
  if (::getaddrinfo(host.c_str(), nullptr, &want, &found) != 0) return false;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> freed(found, ::freeaddrinfo);
  sockaddr_storage address{};
  std::memcpy(&address, found->ai_addr, std::min<std::size_t>(found->ai_addrlen, sizeof address));
  return near_address(address);
}

bool goes_by_proxy(const Url& url) {
  const auto proxy = url.https()
                         ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                         : first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  return !proxy.empty() && !excluded(url.host);
}

}  // namespace boltseal
