#include "net/auth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/value.h"
#include "net/http.h"

namespace boltseal {
namespace {

constexpr std::size_t max_challenges = 8;
constexpr std::size_t max_token = 64U << 10;

constexpr bool is_token(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

// Reads the header from left to right; what is odd ends the reading.
class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : text_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> out;
    while (out.size() < max_challenges) {
      skip(" ,\t");
      const std::string name = lower(token());
      if (name.empty()) break;
      skip(" \t");
      if (!text_.starts_with('=')) {
        out.push_back({name, {}, {}});
        continue;
      }
      text_.remove_prefix(1);
      skip(" \t");
      const std::string value = text_.starts_with('"') ? quoted() : std::string(token());
      if (out.empty()) break;
      if (name == "realm") out.back().realm = value;
      if (name == "service") out.back().service = value;
    }
    return out;
  }

 private:
  void skip(std::string_view characters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
  }
  std::string_view token() {
    std::size_t end = 0;
    while (end < text_.size() && is_token(text_[end])) ++end;
    const auto out = text_.substr(0, end);
    text_.remove_prefix(end);
    return out;
  }
  std::string quoted() {
    std::string out;
    std::size_t at = 1;
    for (; at < text_.size() && text_[at] != '"'; ++at) {
      if (text_[at] == '\\' && at + 1 < text_.size()) ++at;
      out += text_[at];
    }
    text_.remove_prefix(std::min(at + 1, text_.size()));
    return out;
  }
  std::string_view text_;
};

// "registry=realm-host" pairs that the user trusts.
bool allowed_by_user(const Url& registry, const Url& realm) {
  const char* list = std::getenv("BOLTSEAL_AUTH_REALMS");
  if (list == nullptr) return false;
  for (const std::string_view entry : split(list, ',')) {
    const auto pair = cut(trim(entry), "=");
    if (pair && pair->first == registry.authority() && pair->second == realm.authority())
      return true;
  }
  return false;
}

std::string basic(const Credentials& credentials) {
  return "Basic " + base64(credentials.user + ":" + credentials.password);
}

Result<std::string> read_token(const HttpResponse& response, const Url& registry,
                               const Url& realm) {
  if (response.status == 401 || response.status == 403) {
    return fail(
        Fault::io,
        fmt::format(
            "{} refused the login (status {}): check the credentials with `docker login {}`",
            realm.shown(), response.status, registry.authority()),
        registry.authority());
  }
  if (response.status != 200) {
    const char* advice = response.status == 429 ? ": too many requests; log in, or try again later"
                         : response.status >= 500 ? ": try again later"
                                                  : "";
    return fail(
        Fault::io,
        fmt::format("{} gave no token (status {}){}", realm.shown(), response.status, advice),
        registry.authority());
  }
  const auto parsed = parse_json(response.body);
  std::string token;
  if (parsed)
    token = (*parsed)["token"].text().empty() ? (*parsed)["access_token"].string()
                                              : (*parsed)["token"].string();
  const auto sound = [](char c) { return c > ' ' && c < '\x7f'; };
  if (token.empty() || token.size() > max_token || !std::ranges::all_of(token, sound)) {
    return fail(Fault::corrupt, realm.shown() + " gave no usable token", registry.authority());
  }
  return "Bearer " + token;
}

Result<std::string> bearer(const Url& registry, const Challenge& challenge,
                           const std::string& repository,
                           const std::optional<Credentials>& credentials, std::string_view actions,
                           bool near) {
  auto realm = parse_url(challenge.realm);
  if (!realm)
    return fail(Fault::corrupt, "names a login server that is no URL", registry.authority());
  if (!realm->https() && registry.https()) {
    return fail(Fault::unsupported,
                fmt::format("wants the login at {} without encryption: refused", realm->shown()),
                registry.authority());
  }
  if (credentials && !realm_may_have_credentials(registry, *realm)) {
    return fail(Fault::unsupported,
                fmt::format("wants your credentials sent to another owner's host, {}: refused; if "
                            "that is right, set "
                            "BOLTSEAL_AUTH_REALMS={}={}",
                            realm->origin(), registry.authority(), realm->authority()),
                registry.authority());
  }
  // The scope is what we need, not what the registry would like us to ask for.
  const std::string scope = fmt::format("repository:{}:{}", repository, actions);
  HttpRequest request;
  request.allow_http = !registry.https();
  request.cap = 1ULL << 20;
  request.named_from_outside = !near && !is_loopback_host(registry.host) &&
                               realm->origin() != registry.origin() &&
                               !allowed_by_user(registry, *realm);
  request.url = realm->text();
  if (credentials && !credentials->identity_token.empty()) {
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = fmt::format(
        "grant_type=refresh_token&service={}&client_id=boltseal&scope={}&refresh_token={}",
        percent_encode(challenge.service), percent_encode(scope),
        percent_encode(credentials->identity_token));
  } else {
    request.url +=
        fmt::format("{}{}{}scope={}", realm->target.contains('?') ? '&' : '?',
                    challenge.service.empty() ? "" : "service=" + percent_encode(challenge.service),
                    challenge.service.empty() ? "" : "&", percent_encode(scope, ":/,"));
    if (credentials) request.authorization = basic(*credentials);
  }
  TRY(const auto response, http(request));
  return read_token(response, registry, *realm);
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  return ChallengeReader(header).read();
}

bool realm_may_have_credentials(const Url& registry, const Url& realm) {
  if (registry.https() && !realm.https()) return false;
  if (registry.origin() == realm.origin()) return true;
  if (allowed_by_user(registry, realm)) return true;
  const std::string owner = registrable_domain(registry.host);
  // Without a registered name in common (addresses, localhost) another port is another server. The
  // same name on another port is the same owner's, as GitLab has it.
  return !owner.empty() && owner == registrable_domain(realm.host);
}

Result<std::string> answer_challenge(const Url& registry, std::string_view header,
                                     const std::string& repository,
                                     const std::optional<Credentials>& credentials,
                                     std::string_view actions, bool near) {
  const auto challenges = parse_challenges(header);
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme == "bearer" && !challenge.realm.empty()) {
      return bearer(registry, challenge, repository, credentials, actions, near);
    }
  }
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme != "basic") continue;
    if (!credentials || credentials->password.empty()) {
      return fail(Fault::io,
                  fmt::format("needs a login: run `docker login {}` or `podman login {}` first",
                              registry.authority(), registry.authority()),
                  registry.authority());
    }
    return basic(*credentials);
  }
  return fail(Fault::unsupported,
              "asks for a login in a way that is not understood (neither Basic nor Bearer)",
              registry.authority());
}

}  // namespace boltseal
