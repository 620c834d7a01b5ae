// An http(s) URL taken apart strictly (RFC 3986): what looks odd is refused instead of being read
// in two ways.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace boltseal {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target;  // path and query, begins with "/"; no fragment

  bool https() const { return scheme == "https"; }
  std::string authority() const;  // host, and the port where it is not the scheme's own
  std::string origin() const;  // "https://host:port"; two URLs of one origin may share credentials
  std::string text() const;
  std::string shown() const;  // for messages: without the query, which may hold a signature
};

// User names in URLs, other schemes, control characters, spaces and backslashes are refused.
Result<Url> parse_url(std::string_view text);
// What a Location header means, seen from `base`.
Result<Url> resolve_url(const Url& base, std::string_view location);

// Addresses that only this machine or this link knows. Takes a name ("localhost", "127.0.0.1",
// "::1").
bool is_loopback_host(std::string_view host);
// The part of a host name that one owner registered ("gitlab.example.co.uk" → "example.co.uk"), by
// the public suffix list of libpsl when it is installed; "" for addresses, public suffixes, and
// when nobody can tell.
std::string registrable_domain(std::string_view host);

}  // namespace boltseal
