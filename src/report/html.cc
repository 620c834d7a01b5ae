// One page for a browser: no network, nothing but what is in the file.
//
// The page is three files of web/report/ with the report's JSON as data. Its head names the digests
// of exactly our style and our script, so nothing else runs even where an escape were forgotten
// (security-record row 25); the script puts data on the page as text only.
#include <string>
#include <string_view>

#include "codec/html.h"
#include "crypto/digest.h"
#include "report/common.h"
#include "report/json.h"

namespace boltseal {

// Made by boltseal_embed (cmake/Embed.cmake).
std::string_view report_html();
std::string_view report_css();
std::string_view report_js();

namespace {

// JSON inside <script>: no "<" at all, so neither "</script" nor "<!--" can end or open anything.
// Characters that JSON allows in strings and that occur nowhere else in JSON.
std::string script_safe(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 16);
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string write_html(const Report& report, const RenderOptions& options) {
  JsonWriter json(false);
  write_report(json, report, options, {.fixed = false});
  const std::string style_hash = hash(HashKind::sha256, report_css());
  const std::string script_hash = hash(HashKind::sha256, report_js());
  // The page has each mark once, in this order; what is put in is never searched for marks.
  const std::pair<std::string_view, std::string> parts[] = {
      {"{{head}}", html_head({.title = report.inventory.image.reference,
                              .style = report_css(),
                              .style_sha256 = style_hash,
                              .script_sha256 = script_hash})},
      {"{{data}}", script_safe(json.take())},
      {"{{script}}", std::string(report_js())},
  };
  std::string out;
  std::string_view page = report_html();
  for (const auto& [mark, text] : parts) {
    const auto at = page.find(mark);
    if (at == std::string_view::npos) continue;
    out += page.substr(0, at);
    out += text;
    page.remove_prefix(at + mark.size());
  }
  out += page;
  return out;
}

}  // namespace boltseal
