// Text for HTML, and the head that every page of ours has: nothing of the network, and of style and
// script only what is in the page.
#pragma once
#include <string>
#include <string_view>

namespace boltseal {

// For text and for values in quotes; what a terminal would obey is made visible.
std::string html_escaped(std::string_view text);

struct HtmlHead {
  std::string_view title;          // escaped here
  std::string_view style;          // the style sheet, as it is
  std::string_view style_sha256;   // 32 bytes, of exactly that
  std::string_view script_sha256;  // of the one script of the page; empty: it has none
};
// From the doctype to </head>. Its Content-Security-Policy lets no other style or script through,
// even where an escape were forgotten.
std::string html_head(const HtmlHead& head);

}  // namespace boltseal
