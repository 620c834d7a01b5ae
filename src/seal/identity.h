// Who a certificate of Fulcio was given to, by which issuer of identities, and rules for both.
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"
#include "seal/refusal.h"

namespace re2 {
class RE2;
}

namespace boltseal {

struct CertificateIdentity {
  std::vector<std::string> names;  // of the SAN: e-mail addresses, URIs, user names
  std::string issuer;
  std::vector<std::pair<std::string, std::string>> claims;  // "sourceRepositoryURI", …; as found
};

// Refusal "certificate-identity-invalid" for one without names, or whose extensions cannot be read
// or say two things of the issuer.
Checked<CertificateIdentity> identity_of(const Certificate& certificate);

// A text that must be equal, or be found by an expression in the syntax of RE2.
class TextRule {
 public:
  static TextRule exact(std::string text);
  // As cosign takes it: found anywhere, so that who means the whole text writes ^…$.
  static Result<TextRule> expression(std::string_view pattern);

  bool matches(std::string_view text) const;
  std::string text() const;  // for messages
  // False for an expression that is not held by ^ and $ at its ends.
  bool anchored() const;

 private:
  TextRule() = default;
  std::string text_;
  std::shared_ptr<const re2::RE2> expression_;
};

struct IdentityRule {
  TextRule identity, issuer;
  // Claims that must be there with these values, by their names of CertificateIdentity.
  std::vector<std::pair<std::string, std::string>> claims{};
};

// Refuses unless one rule matches a name, the issuer and the claims: "identity-mismatch",
// "issuer-mismatch", "claim-mismatch". Gives the name that matched.
Checked<std::string> match_identity(const CertificateIdentity& identity,
                                    const std::vector<IdentityRule>& rules);

}  // namespace boltseal
