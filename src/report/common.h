// What several writers need to say the same thing in the same words.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inventory/finding.h"

namespace boltseal {

// The writers, one file each.
struct RenderOptions;
std::string write_table(const Report& report, const RenderOptions& options);
std::string write_inventory_table(const Report& report, const RenderOptions& options);
void write_json(const Report& report, const RenderOptions& options,
                const std::function<void(std::string_view)>& drain);
std::string write_sarif(const Report& report, const RenderOptions& options);
std::string write_cyclonedx(const Report& report, const RenderOptions& options);
std::string write_spdx(const Report& report, const RenderOptions& options);
std::string write_purls(const Report& report, const RenderOptions& options);
std::string write_html(const Report& report, const RenderOptions& options);

// About how long a document with all of the report is; memory asked for and not used costs nothing.
std::size_t roughly_bytes(const Report& report);
// One purl per package, by index.
std::vector<std::string> purls_of(const Inventory& inventory);
// The purl of the image itself (pkg:oci/…); empty without a manifest digest.
std::string image_purl(const ImageInfo& image);
// "@scope/name" and "group:artifact" in their two parts; the first is empty where the ecosystem has
// no such part.
std::pair<std::string, std::string> group_and_name(const Package& package);

// An address that may become a link: http(s), printable ASCII, nothing that needs quoting.
bool is_web_address(std::string_view text);
bool is_timestamp(std::string_view text);  // RFC 3339 with a time
// A date or a timestamp as an RFC 3339 timestamp in UTC with whole seconds, as SPDX wants it; empty
// for anything else.
std::string utc_seconds(std::string_view text);
// A page about a vulnerability: of its references the first that may be a link, else its page at
// osv.dev or the NVD.
std::string help_address(const Finding& finding);

// A number for tools that sort by score: the first CVSS base score, held inside the band of the
// judged severity.
double security_score(const Finding& finding);
// "Upgrade openssl to 3.0.15-1", or why there is nothing to do.
std::string recommendation(const Finding& finding, const Package& package);

// A UUID (RFC 9562 version 8: of our own making) from the SHA-256 of `content`.
std::string uuid_of(std::string_view content);

}  // namespace boltseal
