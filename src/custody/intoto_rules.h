// The rules of layouts: a queue of artifacts that rules take from, one after the other.
// in-toto-spec.md, 4.3.3 and 5.2.2
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "custody/intoto_metadata.h"
#include "seal/refusal.h"

namespace boltseal {

// corrupt for a rule of none of the known forms; keywords in any case.
Result<> check_in_toto_rule(const InTotoRule& rule);

// The first rule that is broken; `about` names the step or inspection.
std::optional<Refusal> apply_in_toto_rules(const std::string& about, bool products,
                                           const std::vector<InTotoRule>& rules,
                                           const InTotoLink& link,
                                           const std::map<std::string, InTotoLink>& links);

}  // namespace boltseal
