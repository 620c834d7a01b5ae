// Parses references. The grammar of names is that of github.com/distribution/reference: a
// repository has lower-case components parted by "/", so neither "..", control characters nor a
// second host can hide in it.
#include "source/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <filesystem>

#include "base/fd.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_reference = 4096;
constexpr std::size_t max_repository = 255;
constexpr std::size_t max_tag = 128;

struct Scheme {
  std::string_view name;
  Reference::Kind kind;
};
constexpr std::array schemes = {
    Scheme{"oci", Reference::Kind::oci_layout},
    Scheme{"oci-dir", Reference::Kind::oci_layout},
    Scheme{"oci-archive", Reference::Kind::archive},
    Scheme{"docker-archive", Reference::Kind::archive},
    Scheme{"dir", Reference::Kind::directory},
    Scheme{"sbom", Reference::Kind::sbom},
    Scheme{"docker", Reference::Kind::daemon},
    Scheme{"podman", Reference::Kind::daemon},
    Scheme{"containerd", Reference::Kind::containerd},
};

std::unexpected<Error> bad(std::string what, const std::string& text) {
  return fail(Fault::corrupt, "not an image reference: " + std::move(what), text.substr(0, 300));
}

bool lower_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }

// alphanumerics, parted by one of "." "_" "__" or any number of "-".
bool path_component(std::string_view text) {
  while (!text.empty()) {
    const auto word = std::ranges::find_if_not(text, lower_alnum) - text.begin();
    if (word == 0) return false;
    text.remove_prefix(static_cast<std::size_t>(word));
    if (text.empty()) return true;
    const char first = text[0];
    std::size_t length = 0;
    while (length < text.size() && text[length] == first) ++length;
    if (!(first == '-' || (first == '.' && length == 1) || (first == '_' && length <= 2)))
      return false;
    text.remove_prefix(length);
    if (text.empty()) return false;
  }
  return false;
}

bool is_tag(std::string_view text) {
  const auto word = [](char c) { return is_alnum(c) || c == '_'; };
  return !text.empty() && text.size() <= max_tag && word(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return word(c) || c == '.' || c == '-'; });
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {  // an IPv6 address
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    const auto address = text.substr(1, end - 1);
    const auto port = text.substr(end + 1);
    return !address.empty() &&
           std::ranges::all_of(address, [](char c) { return is_alnum(c) || c == ':'; }) &&
           (port.empty() || (port[0] == ':' && parse_u64(port.substr(1)).value_or(0) - 1 < 65535));
  }
  if (const auto port = cut(text, ":")) {
    if (parse_u64(port->second).value_or(0) - 1 >= 65535) return false;
    text = port->first;
  }
  return std::ranges::all_of(split(text, '.'), [](std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; });
  });
}

// Docker's rule: what stands before the first "/" is a host when it could not be a folder of the
// hub.
bool names_host(std::string_view head) {
  return head.find_first_of(".:[") != std::string_view::npos || head == "localhost" ||
         std::ranges::any_of(head, [](char c) { return c >= 'A' && c <= 'Z'; });
}

Result<> read_name(std::string_view name, Reference& out) {
  const auto slash = cut(name, "/");
  if (slash && names_host(slash->first)) {
    out.host = slash->first;
    out.repository = slash->second;
    if (!is_host(out.host)) return bad(fmt::format("\"{}\" is no host name", out.host), out.text);
  } else {
    out.host = "docker.io";
    out.repository = name;
  }
  if (out.host == "index.docker.io" || out.host == "registry-1.docker.io") out.host = "docker.io";
  if (out.host == "docker.io" && !out.repository.contains('/'))
    out.repository = "library/" + out.repository;
  if (out.repository.size() > max_repository)
    return bad("the name is over 255 characters", out.text);
  if (!std::ranges::all_of(split(out.repository, '/'), path_component)) {
    const bool upper =
        std::ranges::any_of(out.repository, [](char c) { return c >= 'A' && c <= 'Z'; });
    return bad(
        upper ? "repository names are lower-case"
              : "a repository name is made of a-z, 0-9 and single separators . _ -, parted by /",
        out.text);
  }
  return {};
}

bool is_directory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool exists(const std::string& path) {
  std::error_code error;
  return !path.empty() && fs::exists(path, error);
}

// "PATH", "PATH:NAME" or "PATH@sha256:…". A colon may be part of a path, so the longest prefix that
// exists is the path; when nothing exists the first colon parts the two.
void cut_path(const std::string& text, Reference& out) {
  out.location = text;
  if (exists(text)) return;
  if (const auto at = text.rfind('@'); at != std::string::npos && is_digest(text.substr(at + 1))) {
    out.location = text.substr(0, at);
    out.name = text.substr(at + 1);
    return;
  }
  for (auto colon = text.rfind(':'); colon != std::string::npos && colon > 0;
       colon = text.rfind(':', colon - 1)) {
    if (exists(text.substr(0, colon)) || text.find(':') == colon) {
      out.location = text.substr(0, colon);
      out.name = text.substr(colon + 1);
      return;
    }
  }
}

bool printable_text(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
}

Result<Reference> parse_scheme(const Scheme& scheme, std::string_view rest,
                               const std::string& text) {
  Reference out;
  out.kind = scheme.kind;
  out.text = text;
  out.scheme = scheme.name == "oci-dir" ? "oci" : scheme.name;
  if (rest.empty())
    return bad(fmt::format("after \"{}:\" something is missing", scheme.name), text);
  if (scheme.kind == Reference::Kind::daemon || scheme.kind == Reference::Kind::containerd) {
    out.location = rest;
    // A name or an id; which of the two is the daemon's to say, but it must not be able to leave
    // its place in a request.
    if (const auto name = parse_registry_reference(out.location); !name)
      return std::unexpected(name.error());
  } else if (scheme.kind == Reference::Kind::oci_layout ||
             scheme.kind == Reference::Kind::archive) {
    cut_path(std::string(rest), out);
  } else {
    out.location = rest;
  }
  return out;
}

// What lies at a path that the user wrote without a scheme.
Result<Reference> guess_path(const std::string& text, const std::string& path) {
  Reference out;
  out.text = text;
  out.guessed = true;
  out.location = path;
  if (is_directory(path)) {
    const bool layout = exists(path + "/oci-layout") && exists(path + "/index.json");
    out.kind = layout ? Reference::Kind::oci_layout : Reference::Kind::directory;
    out.scheme = layout ? "oci" : "dir";
    return out;
  }
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return fail(Fault::unsupported,
                "neither a directory nor a file; for a pipe write docker-archive:" + path, path);
  }
  TRY(const Fd fd, open_read(path));
  TRY(const std::string head, read_head(fd.get(), 512, path));
  std::string_view start = head;
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  start = trim(start);
  const bool document = start.starts_with('{') || start.starts_with('<') ||
                        start.starts_with("SPDXVersion:") || start.starts_with('#');
  out.kind = document ? Reference::Kind::sbom : Reference::Kind::archive;
  if (document) out.scheme = "sbom";
  return out;
}

bool looks_like_path(const std::string& text) {
  return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") ||
         text == "." || text == ".." || text.starts_with("~/");
}

}  // namespace

std::string Reference::canonical() const {
  if (kind != Kind::registry)
    return scheme + ":" + location +
           (name.empty()      ? ""
            : is_digest(name) ? "@" + name
                              : ":" + name);
  return (plain_http ? "http://" : "") + host + "/" + repository + (tag.empty() ? "" : ":" + tag) +
         (digest.empty() ? "" : "@" + digest);
}

Result<Reference> parse_registry_reference(const std::string& text) {
  Reference out;
  out.text = text;
  std::string_view rest = text;
  if (text.size() > max_reference)
    return fail(Fault::too_large, "a reference of over 4096 characters");
  if (rest.starts_with("https://"))
    rest.remove_prefix(8);
  else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    out.plain_http = true;
  }
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    out.digest = rest.substr(at + 1);
    if (!is_digest(out.digest))
      return bad("after \"@\" stands no digest (sha256: and 64 hex digits)", text);
    rest = rest.substr(0, at);
  }
  const auto slash = rest.rfind('/');
  const auto colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    out.tag = rest.substr(colon + 1);
    if (!is_tag(out.tag)) return bad("a tag is made of letters, digits, . _ -, at most 128", text);
    rest = rest.substr(0, colon);
  }
  if (rest.empty()) return bad("it is empty", text);
  TRY_DO(read_name(rest, out));
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  return out;
}

Result<Reference> parse_reference(const std::string& text) {
  if (text.empty()) return bad("it is empty", text);
  if (text.size() > max_reference)
    return fail(Fault::too_large, "a reference of over 4096 characters");
  if (!printable_text(text)) return bad("control characters", text);
  // skopeo's spelling of a registry.
  if (text.starts_with("docker://")) {
    auto out = parse_registry_reference(text.substr(9));
    if (out) out->text = text;
    return out;
  }
  if (const auto parts = cut(text, ":")) {
    for (const Scheme& scheme : schemes) {
      if (scheme.name == parts->first) return parse_scheme(scheme, parts->second, text);
    }
    if (parts->first == "file") return guess_path(text, std::string(parts->second));
  }
  if (exists(text)) return guess_path(text, text);
  if (looks_like_path(text)) return fail(Fault::not_found, "no such file or directory", text);
  auto out = parse_registry_reference(text);
  if (out) {
    out->guessed = true;
    return out;
  }
  out.error().what += "; nor is there a file or directory of that name";
  return out;
}

bool same_image_name(const std::string& a, const std::string& b) {
  const auto left = parse_registry_reference(a);
  const auto right = parse_registry_reference(b);
  return left && right && left->canonical() == right->canonical();
}

}  // namespace boltseal
