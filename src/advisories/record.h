// An advisory as the importers give it: OSV's own shape (https://ossf.github.io/osv-schema/), which
// holds all other feeds.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "inventory/finding.h"

namespace boltseal {

struct Event {
  enum class Kind : std::uint8_t { introduced, fixed, last_affected, limit };
  Kind kind = Kind::introduced;
  std::string
      version;  // "0" as introduced: from the first one; "0" as fixed: never affected (Wolfi)
};

struct Affected {
  std::string ecosystem;                   // "Debian:12", "PyPI", "Alpine:v3.11", "Wolfi"
  std::string name;                        // normalised as its ecosystem does (PEP 503 for PyPI)
  std::vector<std::vector<Event>> ranges;  // each one a range; events in the feed's order
  std::vector<std::string> versions;       // affected besides the ranges
  std::vector<std::string>
      unaffected;      // ranges that are expressly not affected, as written (RubySec)
  std::string arch;    // only this one; empty: any
  std::string module;  // rpm modules "name:stream", spaces between; empty: none or unknown
  Severity severity = Severity::unknown;   // the feed's own judgement of this package
  FixState fix_state = FixState::unknown;  // when there is no fix
};

struct Advisory {
  std::string id;
  std::vector<std::string> aliases;  // the same flaw under other names
  std::vector<std::string>
      upstream;  // flaws this record repackages (DEBIAN-CVE → CVE; ALSA → CVEs from `related`)
  std::string published, modified, withdrawn;  // RFC 3339 or empty
  std::string summary;                         // one line; left out of the starter database
  std::vector<std::pair<std::string, std::string>> severities;  // {"CVSS_V3", vector}
  std::vector<std::string> references;
  Severity severity = Severity::unknown;  // the feed's own, for all packages
  std::string feed;                       // "Debian", "Go", "Wolfi", …
  std::vector<Affected> affected;
};

// CISA's list of flaws known to be exploited.
struct ExploitedFlaw {
  std::string cve;
  std::string added, due;  // dates
  bool ransomware = false;
};

}  // namespace boltseal
