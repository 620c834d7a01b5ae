// CVSS base scores computed from their vectors: 2.0, 3.0, 3.1 and 4.0
// (https://www.first.org/cvss/).
#pragma once
#include <string_view>

#include "base/result.h"
#include "inventory/finding.h"

namespace boltseal {

// The score of a vector: "AV:N/AC:L/Au:N/C:P/I:P/A:P" (2.0, with or without "CVSS2#" or
// parentheses) or "CVSS:3.1/…", "CVSS:4.0/…". Temporal, environmental and threat metrics count
// where they are given: the score is that of the last group of which a metric is not "X". corrupt
// for anything the specification does not allow: unknown, repeated or missing metrics.
Result<double> cvss_score(std::string_view vector);

// The qualitative rating of a score (CVSS 3.1 section 5; for 2.0 vectors the NVD's three steps).
Severity cvss_severity(double score, bool version2 = false);

}  // namespace boltseal
