// Identity tokens (OpenID Connect), by which a certificate authority knows who signs.
// https://openid.net/specs/openid-connect-core-1_0.html (2), RFC 7519
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "seal/refusal.h"
#include "seal/service_request.h"

namespace boltseal {

constexpr std::size_t max_identity_token = 64 << 10;

// What a token says of its bearer. Whether that is true is for the authority to judge, who gets it.
struct IdentityToken {
  std::string text;     // the token: a secret while it lasts
  std::string subject;  // what the proof of possession is made over: the e-mail address or `sub`
  std::string email;    // "" where it names none
  std::vector<std::string> issuers;  // `iss`, and the one behind a federation
  std::int64_t expires = 0;          // 0: not told
};

// Refusal "identity-token-invalid" for what is no JWT with a subject and an issuer, says a thing
// twice, or has an e-mail address that its issuer has not verified. Its signature is not looked at.
Checked<IdentityToken> parse_identity_token(std::string_view jwt);

struct TokenRequest {
  std::string given;  // --identity-token: a file, or the token itself
  std::string
      provider;  // github-actions, filesystem or environment; "" for the first that is there
  ServiceAccess access;
};
// Refusals: "identity-token-missing", "identity-token-invalid", "identity-token-expired", and those
// of ask_service. GitHub is asked only where its two variables are set, as a workflow with
// `id-token: write` has them.
Checked<IdentityToken> find_identity_token(const TokenRequest& request, std::int64_t now);

}  // namespace boltseal
