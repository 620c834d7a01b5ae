#include "codec/html.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/base64.h"

namespace boltseal {

std::string html_escaped(std::string_view text) {
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

std::string html_head(const HtmlHead& head) {
  std::string policy =
      fmt::format("default-src 'none'; style-src 'sha256-{}'", base64(head.style_sha256));
  if (!head.script_sha256.empty())
    policy += fmt::format("; script-src 'sha256-{}'", base64(head.script_sha256));
  policy += "; base-uri 'none'; form-action 'none'";
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{} · Boltseal</title>\n<style>{}</style>\n</head>\n",
      policy, html_escaped(head.title), head.style);
}

}  // namespace boltseal
