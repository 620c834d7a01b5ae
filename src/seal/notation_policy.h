// Notation's trust policy: which identities may sign what, and how hard that is enforced.
// https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"

namespace boltseal {

enum class NotationCheck : std::uint8_t {
  integrity,
  authenticity,
  authentic_timestamp,
  expiry,
  revocation
};
constexpr std::size_t notation_checks = 5;
std::string_view name_of(NotationCheck check);  // as `override` names it: "authenticTimestamp"

enum class NotationAction : std::uint8_t { enforce, log, skip };

// Attributes of a distinguished name by their short names, as identities compare them.
using DistinguishedName = std::map<std::string, std::string>;
// RFC 4514. corrupt for two attributes in one, one twice, or without C, ST and O.
Result<DistinguishedName> parse_distinguished_name(std::string_view text);

// Whether every attribute of `part` stands in `whole` with the same value.
bool is_part_of(const DistinguishedName& part, const DistinguishedName& whole);

struct NotationPolicy {
  std::string name;
  std::vector<std::string> scopes;  // of images: "registry/repository", or "*" alone
  bool global = false;              // of blobs
  bool skip = false;                // level skip: nothing is verified, because nothing is signed
  std::array<NotationAction, notation_checks> actions{};
  bool timestamp_after_expiry_only = false;
  std::vector<std::string> stores;  // "ca:NAME", "signingAuthority:NAME", "tsa:NAME"
  bool any_identity = false;
  std::vector<DistinguishedName> identities;

  NotationAction action(NotationCheck check) const {
    return actions[static_cast<std::size_t>(check)];
  }
  std::vector<std::string> stores_of(std::string_view type) const;  // names of that type
};

enum class NotationSubject : std::uint8_t { image, blob };

// trustpolicy.json, trustpolicy.oci.json or trustpolicy.blob.json; every rule of the specification
// holds in what comes back.
Result<std::vector<NotationPolicy>> parse_notation_policy(std::string_view json,
                                                          NotationSubject subject);

// The policy for "registry/repository", by its own scope before "*"; not_found when none applies.
Result<const NotationPolicy*> policy_of_image(const std::vector<NotationPolicy>& policies,
                                              std::string_view repository);
// The policy called so; the global one for "".
Result<const NotationPolicy*> policy_of_blob(const std::vector<NotationPolicy>& policies,
                                             std::string_view name);

// The certificates of DIRECTORY/x509/TYPE/NAME/*.{pem,crt,cer}; io for a link among them, not_found
// for an empty store, unsupported for what is neither an authority nor self-signed (for timestamps:
// both). Folders inside are passed over.
Result<std::vector<Certificate>> read_trust_store(const std::string& directory,
                                                  std::string_view type, std::string_view name);

}  // namespace boltseal
