// CISA's Known Exploited Vulnerabilities catalogue
// (https://www.cisa.gov/known-exploited-vulnerabilities-catalog), JSON. Used: the CVE, the day it
// was added, the day United States agencies must have fixed it, and ransomware use. Its prose is
// not.
#include "advisories/format.h"
#include "advisories/importers.h"
#include "base/time.h"

namespace boltseal {

Result<ImportReport> import_kev(std::string_view json, const std::string& where,
                                DatabaseInput& out) {
  TRY(const auto document, parse_json(json));
  const auto& root = document.root();
  if (!root["vulnerabilities"].is_array()) {
    return fail(Fault::corrupt, "no catalogue: no vulnerabilities", where);
  }
  ImportReport report;
  for (const auto& item : root["vulnerabilities"].items()) {
    ExploitedFlaw flaw;
    flaw.cve = item["cveID"].string();
    if (!flaw.cve.starts_with("CVE-") || !sound_text(flaw.cve)) {
      report.skip(where, Error{Fault::corrupt, "an entry without a CVE", {}, {}});
      continue;
    }
    flaw.added = item["dateAdded"].string();
    flaw.due = item["dueDate"].string();
    flaw.ransomware = item["knownRansomwareCampaignUse"].text() == "Known";
    out.exploited.push_back(std::move(flaw));
    ++report.records;
  }
  if (const auto released = parse_time(root["dateReleased"].text())) {
    report.newest = rfc3339(*released);
  }
  return report;
}

}  // namespace boltseal
