#include "report/report.h"

#include <algorithm>

#include "report/common.h"

namespace boltseal {
namespace {

// A format that is written in one piece.
template <std::string (*write)(const Report& report, const RenderOptions& options)>
void whole(const Report& report, const RenderOptions& options,
           const std::function<void(std::string_view)>& drain) {
  drain(write(report, options));
}

constexpr ReportFormat formats[] = {
    {"table", "for people, in a terminal: what to do next", false, false, true, whole<write_table>},
    {"json", "everything, documented in doc/formats/report-json.md", false, true, true, write_json},
    {"html", "one page for a browser, without network", false, true, true, whole<write_html>},
    {"sarif", "SARIF 2.1.0, for code scanning", true, true, true, whole<write_sarif>},
    {"cyclonedx", "CycloneDX 1.6 JSON, with vulnerabilities when there are any", false, true, true,
     whole<write_cyclonedx>},
    {"spdx", "SPDX 2.3 JSON", false, false, false, whole<write_spdx>},
    {"purls", "one package URL per line", false, false, false, whole<write_purls>},
};

}  // namespace

std::span<const ReportFormat> report_formats() { return formats; }

const ReportFormat* report_format(std::string_view name) {
  const auto* found = std::ranges::find(formats, name, &ReportFormat::name);
  return found == std::end(formats) ? nullptr : found;
}

}  // namespace boltseal
