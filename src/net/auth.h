// How a registry asks who we are, and what we answer: Basic, or a Bearer token from the realm it
// names (https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/).
//
// The realm comes from the registry's answer, so it is an attacker's way to the user's password
// (CVE-2026-48978): a credential goes to a realm of the same registrable domain only, or to one the
// user allowed in BOLTSEAL_AUTH_REALMS
// ("registry=realm-host,…"). Without credentials any https realm may be asked, as one may be
// redirected anywhere: not to this machine by a registry elsewhere.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/credentials.h"
#include "net/url.h"

namespace boltseal {

// One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1).
struct Challenge {
  std::string scheme;  // lower case: "basic", "bearer"
  std::string realm, service;
};
std::vector<Challenge> parse_challenges(std::string_view header);

// May the credentials for `registry` go to `realm`?
bool realm_may_have_credentials(const Url& registry, const Url& realm);

// The value of the Authorization header that answers `header` for `actions` ("pull", "pull,push")
// on `repository`; "" when the registry asks for nothing that needs one. `registry` is the origin
// that sent the challenge; plain http is used only if that was http. `near`: the registry is known
// to be on this machine, so a realm may be too. An Error names the registry and what to do, and
// never holds a secret.
Result<std::string> answer_challenge(const Url& registry, std::string_view header,
                                     const std::string& repository,
                                     const std::optional<Credentials>& credentials,
                                     std::string_view actions = "pull", bool near = false);

}  // namespace boltseal
