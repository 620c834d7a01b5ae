// trusted_root.json: whom a verification of Sigstore's material trusts, and for which time.
// https://github.com/sigstore/protobuf-specs (sigstore_trustroot.proto)
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/public_key.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::uint64_t max_trusted_root = 16ULL << 20;

// A closed interval of time. It always has a beginning: what has none is not trusted for ever.
struct Window {
  std::int64_t start = 0;
  std::optional<std::int64_t> end;
  bool contains(std::int64_t moment) const { return start <= moment && (!end || moment <= *end); }
  std::string text() const;  // "2022-01-01T00:00:00Z to now"
};

// A transparency log, of signatures (Rekor) or of certificates (CT).
struct TrustedLog {
  std::string base_url;
  std::string host;  // of the URL: the origin that a Rekor v2 log signs with
  std::string id;    // raw; what entries and SCTs call it by
  PublicKey key;
  Window valid;
};

struct TrustedAuthority {
  std::string name;                // its URL, else the subject
  std::vector<Certificate> chain;  // the leaf's side first, the anchor last; never empty
  Window valid;
};

struct TrustedRoot {
  std::vector<TrustedLog> logs, ct_logs;
  std::vector<TrustedAuthority> certificate_authorities, timestamp_authorities;
  std::string source;  // "built in", or the file's name

  const TrustedLog* log(std::string_view id) const;  // nullptr when it is unknown
  const TrustedLog* ct_log(std::string_view id) const;
};

// Refusal "trusted-root-invalid" for anything that is not as specified; a log whose kind of key we
// do not know is left out.
Checked<TrustedRoot> parse_trusted_root(std::string_view json);

// The root of Sigstore's public-good instance that came with the program (data/README.md has its
// date): both generations of its log, its certificate logs and authorities, its timestamp
// authority.
Checked<TrustedRoot> public_good_root();

}  // namespace boltseal
