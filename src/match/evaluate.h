// Whether a version is affected by what one record says of its package: the evaluation of
// https://ossf.github.io/osv-schema/#evaluation, with each comparison kept for the proof.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "advisories/record.h"
#include "inventory/finding.h"
#include "versions/versions.h"

namespace boltseal {

struct Judgement {
  Verdict verdict = Verdict::not_affected;  // affected, undecided, fixed or not_affected
  std::vector<ProofStep> steps;
  std::vector<std::string_view> fixed_versions;  // newer than the version; lowest first
  bool at_a_bound = false;  // the version is exactly a fix that the record names
};

// Without `explain` there are no steps but those that say why something is undecided. Their texts
// go into `texts`; the fixed versions are those of `affected`.
Judgement evaluate(const Affected& affected, Scheme scheme, std::string_view version, bool explain,
                   Texts& texts);

// Puts versions in the order of their ecosystem, each once.
void sort_versions(Scheme scheme, std::vector<std::string_view>& versions);

}  // namespace boltseal
