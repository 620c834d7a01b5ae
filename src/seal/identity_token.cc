#include "seal/identity_token.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::string_view code = "identity-token-invalid";
constexpr const char* audience = "sigstore";
// Where a platform leaves the token of a job for cosign, and so for us.
constexpr const char* token_file = "/var/run/sigstore/cosign/oidc-token";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::unexpected<Refusal> invalid(std::string what, std::string field = "identity token",
                                 std::string wanted = {}, std::string found = {}) {
  return refuse(std::string(code), std::move(what), std::move(field), std::move(wanted),
                std::move(found));
}

Checked<std::string> claim(const Value& claims, std::string_view name) {
  if (!claims[name].is_text() || claims[name].text().empty())
    return invalid("a token without a claim that is needed", fmt::format("token.{}", name), "text");
  return claims[name].string();
}

// The value that a provider sent or a file holds; never shown, for it may be a token all the same.
Checked<IdentityToken> token_of(std::string_view text) { return parse_identity_token(trim(text)); }

Checked<IdentityToken> from_file(const std::string& path) {
  const auto text = read_file(path, max_identity_token);
  if (!text) return invalid(text.error().message());
  return token_of(*text);
}

bool github_offers() {
  return !environment("ACTIONS_ID_TOKEN_REQUEST_URL").empty() &&
         !environment("ACTIONS_ID_TOKEN_REQUEST_TOKEN").empty();
}

// https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments
Checked<IdentityToken> from_github(const ServiceAccess& access) {
  if (!github_offers())
    return refuse("identity-token-missing",
                  "GitHub Actions gives no token here: the job needs `permissions: id-token: "
                  "write`",
                  "identity token", "ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN", "none");
  HttpRequest request;
  request.url = environment("ACTIONS_ID_TOKEN_REQUEST_URL");
  request.url += (request.url.contains('?') ? "&audience=" : "?audience=") + std::string(audience);
  const std::string secret = environment("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
  request.authorization = "bearer " + secret;
  TRY(const auto response,
      ask_service("GitHub's token service", std::move(request), access, 0, secret));
  const auto document = parse_json(response.body);
  if (!document || !repeated_member(document->root()).empty() || !(*document)["value"].is_text())
    return invalid("GitHub's token service gave no token");
  return token_of((*document)["value"].text());
}

Checked<IdentityToken> from_provider(const TokenRequest& request) {
  const std::string variable = environment("SIGSTORE_ID_TOKEN");
  const bool any = request.provider.empty();
  if (request.provider == "environment" || (any && !variable.empty())) {
    if (variable.empty())
      return refuse("identity-token-missing", "SIGSTORE_ID_TOKEN is not set", "identity token");
    return token_of(variable);
  }
  if (request.provider == "github-actions" || (any && github_offers()))
    return from_github(request.access);
  if (request.provider == "filesystem" || (any && ::access(token_file, R_OK) == 0))
    return from_file(token_file);
  if (!any)
    return refuse("identity-token-missing", "no such provider of tokens", "--oidc-provider",
                  "github-actions, filesystem or environment", request.provider);
  return refuse("identity-token-missing",
                "a certificate is given to somebody: name a token by --identity-token FILE or "
                "SIGSTORE_ID_TOKEN, or sign in a job of GitHub Actions that may have one",
                "identity token");
}

Checked<IdentityToken> from_request(const TokenRequest& request) {
  if (request.given.empty()) return from_provider(request);
  if (::access(request.given.c_str(), F_OK) == 0) return from_file(request.given);
  if (!request.given.contains('.')) return invalid("neither a file that is here nor a token");
  return token_of(request.given);
}

}  // namespace

Checked<IdentityToken> parse_identity_token(std::string_view jwt) {
  if (jwt.size() > max_identity_token) return invalid("a token of more than 64 KiB");
  const auto parts = split(jwt, '.');
  if (parts.size() != 3 || parts[2].empty())
    return invalid("not a signed token (JWT)", "identity token", "three parts",
                   fmt::format("{}", parts.size()));
  const auto payload = unbase64(parts[1], Base64::url);
  const auto document = payload ? parse_json(*payload) : fail(Fault::corrupt, "no base64");
  if (!document || !document->root().is_object())
    return invalid("a token whose claims are no JSON");
  const Value& claims = document->root();
  if (!repeated_member(claims).empty()) return invalid("a token with a claim twice");
  IdentityToken out;
  out.text = jwt;
  TRY(auto issuer, claim(claims, "iss"));
  out.issuers.push_back(std::move(issuer));
  // Sigstore's own provider passes on what others vouch for, and the certificate names those.
  if (const Value& behind = claims["federated_claims"]["connector_id"]; !behind.text().empty())
    out.issuers.push_back(behind.string());
  if (claims["email"].is_text() && !claims["email"].text().empty()) {
    const Value& verified = claims["email_verified"];
    if (!verified.boolean() && verified.text() != "true")
      return invalid("the token's issuer has not verified its e-mail address",
                     "token.email_verified", "true", verified.scalar());
    out.email = out.subject = claims["email"].string();
  } else {
    TRY(out.subject, claim(claims, "sub"));
  }
  out.expires = claims["exp"].integer().value_or(0);
  return out;
}

Checked<IdentityToken> find_identity_token(const TokenRequest& request, std::int64_t now) {
  Checked<IdentityToken> out = from_request(request);
  if (out && out->expires != 0 && out->expires <= now)
    return refuse("identity-token-expired", "the identity token has run out: get another",
                  "token.exp", "after " + rfc3339(now), rfc3339(out->expires));
  return out;
}

}  // namespace boltseal
