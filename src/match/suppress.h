// What the user has judged: ignore rules, VEX statements, --only-fixed.
#pragma once
#include <string_view>

#include "match/match.h"

namespace boltseal {

// Moves the findings that the user's judgement covers to `dropped`, each with the step that says
// so; adds notices on rules that have expired and on rules and statements that nothing met.
void suppress(const MatchOptions& options, Report& report);

// Whether it was not the user's judgement of the flaw that took a finding away, but the call:
// --only-fixed, --severity, --pkg-types.
bool left_out_by_the_call(const Finding& finding);

// Whether a VEX statement speaks of this package of this image.
bool speaks_of(const VexStatement& statement, std::string_view package_purl,
               const ImageInfo& image);

// A purl that names what `purl`, one of ours, is: equal, or without version or qualifiers that
// `purl` has. The spellings of other tools count as the same: epoch, point release of the
// distribution, platform of a gem. A qualifier that says more than ours can is no match.
bool purl_covers(std::string_view pattern, std::string_view purl);

}  // namespace boltseal
