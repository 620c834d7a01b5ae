// One page for a browser: no network, nothing but what is in the file.
//
// The page is three files of web/report/ with the report's JSON as data. Its
// Content-Security-Policy names the digests of exactly our style and our script, so nothing else
// runs even where an escape were forgotten (security-record row 25); the script puts data on the
// page as text only.
#include <string>
#include <string_view>

#include "base/text.h"
#include "crypto/digest.h"
#include "report/common.h"
#include "report/json.h"

namespace boltseal {

// Made by boltseal_embed (cmake/Embed.cmake).
std::string_view report_html();
std::string_view report_css();
std::string_view report_js();

namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? digits[word >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string source_hash(std::string_view text) {
  return "'sha256-" + base64(hash(HashKind::sha256, text)) + "'";
}

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

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string write_html(const Report& report, const RenderOptions& options) {
  JsonWriter json(false);
  write_report(json, report, options, {.fixed = false});
  const std::string policy = "default-src 'none'; style-src " + source_hash(report_css()) +
                             "; script-src " + source_hash(report_js()) +
                             "; base-uri 'none'; form-action 'none'";
  // The page has each mark once, in this order; what is put in is never searched for marks.
  const std::pair<std::string_view, std::string> parts[] = {
      {"{{policy}}", policy},
      {"{{title}}", escaped(report.inventory.image.reference)},
      {"{{style}}", std::string(report_css())},
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
