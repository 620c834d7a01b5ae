// Which licences a user wants: allow, warn, deny, by category or by id.
//
//   licences:
//     allow: [permissive, notice, public-domain, LGPL-2.1-or-later]
//     warn:  [weak-copyleft, unknown]
//     deny:  [network-copyleft, proprietary, GPL-3.0-only]
//     otherwise: warn
//
// A rule for an id beats one for its category; among rules of one kind deny beats warn beats allow.
// Of a choice (OR) the best verdict counts, of a sum (AND) the worst. `otherwise` is for what no
// rule names: warn when `allow` has entries, else allow. A package without a licence is judged as
// category "unknown".
#pragma once
#include <string>
#include <vector>

#include "codec/value.h"
#include "inventory/finding.h"

namespace boltseal {

enum class LicenceVerdict : std::uint8_t { allow, warn, deny };
std::string_view name_of(LicenceVerdict verdict);

struct LicencePolicy {
  std::vector<std::string> allow, warn,
      deny;  // categories, SPDX ids, LicenseRefs, "X WITH exception"
  LicenceVerdict otherwise = LicenceVerdict::allow;
  bool empty() const {
    return allow.empty() && warn.empty() && deny.empty() && otherwise == LicenceVerdict::allow;
  }
};

// Reads the mapping above. corrupt for an unknown key, or for a name that is neither category nor
// id, so that a slip of the pen never becomes a rule that matches nothing.
Result<LicencePolicy> read_licence_policy(const Value& config);

struct LicenceJudgement {
  LicenceVerdict verdict = LicenceVerdict::allow;
  std::string reason;  // "GPL-3.0-only is strong-copyleft, which the policy denies"
};
// `expression` as Package::licence; "" is no licence.
LicenceJudgement judge_licence(const LicencePolicy& policy, std::string_view expression);

// Fills licence_issues of a report whose inventory is set.
void judge_licences(const LicencePolicy& policy, Report& report);

}  // namespace boltseal
