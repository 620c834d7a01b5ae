// One writer per format; each is a pure function from the report to bytes.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "inventory/finding.h"

namespace boltseal {

struct RenderOptions {
  bool colour = false;     // ANSI colours, for a terminal
  std::size_t width = 80;  // columns of the terminal
  bool findings = true;    // false: inventory only (sbom)
  unsigned threads = 1;    // 0: as many as there are cores; the bytes are the same
  std::string
      timestamp;  // RFC 3339, from SOURCE_DATE_EPOCH or the image's creation time; empty: left out
};

struct ReportFormat {
  std::string_view name;  // as in -o NAME
  std::string_view what;  // one line for --help
  bool needs_findings;    // not for `sbom`
  bool shows_proofs;      // of findings and of dropped candidates
  bool names_unread;      // files that could not be read
  // Calls `drain` with piece after piece: the longest need no memory of their own length.
  void (*write)(const Report& report, const RenderOptions& options,
                const std::function<void(std::string_view)>& drain);
};

std::span<const ReportFormat> report_formats();
const ReportFormat* report_format(std::string_view name);  // nullptr when there is none

}  // namespace boltseal
