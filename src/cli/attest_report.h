// --attest of `scan` and `sbom`: the result is attached to the image that it is of.
#pragma once
#include <string>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/store_options.h"
#include "report/report.h"

namespace boltseal {

struct AttestReportFlags {
  bool attest = false, replace = false;
  SignFlags how;
};
// --attest, --key, --attest-format, --replace and those of passwords.
void add_attest_report_options(Command& command, AttestReportFlags& flags);

// Attaches the report to the manifest that was scanned (whatever its tag means by now): a scan as
// cosign's vulnerability attestation, an inventory as CycloneDX, or as SPDX where `format` is
// "spdx". `started` is RFC 3339.
Result<> attest_report(const Report& report, const std::string& reference, bool findings,
                       std::string_view format, const std::string& started,
                       const CommonOptions& common, const AttestReportFlags& flags);

}  // namespace boltseal
