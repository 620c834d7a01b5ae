// custody.yaml: the phases that code passes through on its way, and what each must have for the
// next to go on. doc/formats/custody.md
//
// Keys stand in the file itself, so that whoever signs the file signs them too.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"
#include "seal/dsse.h"
#include "seal/key_trust.h"
#include "seal/refusal.h"
#include "seal/trusted_root.h"

namespace boltseal {

constexpr std::string_view custody_policy_payload = "application/vnd.boltseal.custody-policy+yaml";
constexpr std::uint64_t max_custody_policy = 4 << 20;

// Limits on what a test run may say; nothing set: no test results are asked for.
struct TestDemand {
  std::uint64_t min_passed = 1, max_failed = 0;
};

// What a report of `boltseal scan -o json` may say. What nobody saw or judged is none unless the
// policy allows it: an image that cannot be read has no findings either.
struct ScanDemand {
  std::map<std::string, std::uint64_t> most = {
      {"unread", 0},
      {"uncovered", 0},
      {"undecided", 0}};                     // a name of scan_counts → at most so many
  std::optional<std::int64_t> database_age;  // seconds from its date to the end of the phase
};

// Materials that a phase takes as an earlier one had them (in-toto's MATCH … FROM).
struct OriginDemand {
  std::string phase;
  std::vector<std::string> globs;  // each must stand for a material
};

// An attestation by somebody else, under a signature of its own.
struct AttestationDemand {
  std::string predicate_type;
  std::vector<std::string> keys;  // names
  std::size_t threshold = 1;
  bool about_image = true;                    // its subject is an image of the record
  std::map<std::string, std::string> fields;  // predicate member ("verdict") → wanted scalar
};

struct CustodyPhase {
  std::string name;
  std::vector<std::string> after;  // earlier phases; empty: this one begins a chain
  std::vector<std::string> keys;   // names of who may sign
  std::size_t threshold = 1;
  std::vector<std::string> command;              // patterns, one for each word; empty: any command
  bool command_required = false;                 // a record without a command is not enough
  std::vector<std::string> materials, products;  // globs of what is recorded and must be there
  std::vector<std::string> new_materials;        // globs of what no earlier phase need know
  std::vector<OriginDemand> from;
  std::vector<std::string> environment;  // names whose values are recorded
  std::optional<std::int64_t> max_age;   // seconds
  bool git_clean = false;                // a commit, and nothing changed since
  std::optional<TestDemand> tests;
  std::optional<ScanDemand> scan;
  std::vector<AttestationDemand> attestations;
};

struct CustodyPolicy {
  std::string project;
  std::uint64_t version = 1;
  std::map<std::string, PublicKey> keys;
  std::vector<CustodyPhase> phases;                           // in their order
  std::vector<std::pair<std::string, std::string>> separate;  // phases that no key acts both in
  std::string sha256;                                         // of the file's bytes, hex
  // From elsewhere: which keys were revoked, and whose timestamps tell what those signed before.
  KeyTrust trust;
  TrustedRoot authorities;

  const CustodyPhase* phase(std::string_view name) const;
  // The keys of those names, in order.
  std::vector<PublicKey> keys_of(const std::vector<std::string>& names) const;
  // Refuses unless `threshold` of those names have signed, with keys that count.
  Checked<VerifiedPayload> verify(const DsseEnvelope& envelope,
                                  const std::vector<std::string>& names,
                                  std::size_t threshold) const;
  // The name that a key id has here; the id itself when it has none.
  std::string name_of_key(std::string_view id) const;
};

// corrupt for what is none: a member that this version does not know (a misspelt demand would be no
// demand), a name that nothing has, a threshold that cannot be met, phases that wait for later
// ones.
Result<CustodyPolicy> parse_custody_policy(std::string_view yaml);

// "36h", "7d", "90m", "2w", "30s" in seconds.
std::optional<std::int64_t> parse_duration(std::string_view text);

// Whether `name` can name a phase: it becomes a part of a file's name.
bool is_phase_name(std::string_view name);

// Refuses unless `envelope`, a DSSE of the policy's bytes, is signed by `require` of `owners`. The
// policy keeps `trust` and `authorities`.
Checked<CustodyPolicy> open_signed_policy(std::string_view yaml, std::string_view envelope,
                                          const std::vector<PublicKey>& owners, std::size_t require,
                                          const KeyTrust& trust = {},
                                          const TrustedRoot& authorities = {});

struct PhaseKey {
  std::string phase, name, pem;
};
// A first custody.yaml with the phases given, one key name for each PhaseKey.
std::string custody_template(std::string_view project, const std::vector<std::string>& phases,
                             const std::vector<PhaseKey>& keys);

}  // namespace boltseal
