// The own JSON of a report, also the data of the HTML page.
#pragma once
#include "codec/json_writer.h"
#include "report/report.h"

namespace boltseal {

struct JsonParts {
  bool fixed = true;  // dropped candidates that are merely at or past their fix: most of them, and
                      // rarely of interest
};

void write_report(JsonWriter& json, const Report& report, const RenderOptions& options,
                  JsonParts parts);

// One of its packages (by index, without what it depends on) or findings, as it stands there.
void write_package(JsonWriter& json, const Inventory& inventory, std::uint32_t index);
void write_finding(JsonWriter& json, const Finding& finding);

}  // namespace boltseal
