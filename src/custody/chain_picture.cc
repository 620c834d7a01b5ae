// The chain as a picture: SVG 1.1 with presentation attributes only, so that it looks the same
// under a policy that allows no style. A box for each phase, an arrow for each "after".
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "codec/html.h"
#include "crypto/digest.h"
#include "custody/chain_show.h"

namespace boltseal {
namespace {

constexpr int left = 96, width = 720, height = 92, gap = 44, top = 72, per_line = 96;

constexpr std::string_view page_style =
    "body{margin:0;background:#f6f7f9;color:#1c2430;font:15px/1.5 system-ui,sans-serif}"
    "main{max-width:880px;margin:2rem auto;padding:0 "
    "1rem}svg{max-width:100%;height:auto;border-radius:10px}"
    "table{border-collapse:collapse;width:100%;margin-top:1rem;background:#fff}"
    "td,th{border:1px solid #d5dae1;padding:.35rem .6rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}th{background:#eef1f5;white-space:nowrap}"
    "@media(prefers-color-scheme:dark){body{background:#14181f;color:#e6e9ee}"
    "table{background:#1b212b}th{background:#232b37}td,th{border-color:#3a4453}}";

// The beginning of a text, cut between characters.
std::string shortened(std::string_view text, std::size_t limit) {
  const std::string safe = printable(text);
  if (columns(safe) <= limit) return safe;
  std::size_t end = 0;
  while (end < safe.size() && columns(std::string_view(safe).substr(0, end)) + 1 < limit) {
    ++end;
    while (end < safe.size() && (static_cast<unsigned char>(safe[end]) & 0xc0) == 0x80) ++end;
  }
  return safe.substr(0, end) + "…";
}

std::string text_at(int x, int y, int size, std::string_view colour, std::string_view weight,
                    std::string_view text) {
  return fmt::format(
      "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\" font-weight=\"{}\">{}</text>\n", x, y,
      size, colour, weight, html_escaped(text));
}

std::string box(const CustodyHop& hop, int y) {
  const bool good = hop.holds;
  const std::string_view colour = good ? "#2f7d4f" : hop.refusal ? "#b3261e" : "#8a6d00";
  std::string out = fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"#ffffff\" "
      "stroke=\"{}\" stroke-width=\"2\"/>\n<circle cx=\"{}\" cy=\"{}\" r=\"11\" fill=\"{}\"/>\n",
      left, y, width, height, colour, left + 24, y + 26, colour);
  out += fmt::format("<path d=\"{}\" stroke=\"#ffffff\" stroke-width=\"2.5\" fill=\"none\"/>\n",
                     good ? fmt::format("M{} {}l4 4l7 -8", left + 19, y + 26)
                          : fmt::format("M{} {}l9 9m0 -9l-9 9", left + 20, y + 22));
  out += text_at(left + 46, y + 32, 18, "#1c2430", "600", hop.phase);
  if (!hop.record) {
    out += text_at(left + 46, y + 56, 13, "#5b6675", "400", "no record");
  } else {
    const CustodyRecord& r = hop.record->record;
    out += fmt::format(
        "<text x=\"{}\" y=\"{}\" font-size=\"13\" fill=\"#5b6675\" "
        "text-anchor=\"end\">{}</text>\n",
        left + width - 16, y + 31,
        html_escaped(shortened(fmt::format("{} · {}", join(hop.keys, ", "), rfc3339(r.finished)),
                               per_line - 30)));
    std::string line = r.command.empty() ? "no command" : join(r.command, " ");
    if (r.git && !r.git->commit.empty()) line = "git " + r.git->commit.substr(0, 12) + " · " + line;
    out += text_at(
        left + 46, y + 56, 13, "#1c2430", "400",
        shortened(line + fmt::format(" · {} in, {} out", r.materials.size(), r.products.size()),
                  per_line));
  }
  if (hop.refusal)
    return out + text_at(left + 46, y + 78, 13, "#b3261e", "600",
                         shortened(hop.refusal->code + ": " + hop.refusal->what, per_line));
  return out +
         text_at(left + 46, y + 78, 13, "#5b6675", "400",
                 "record " + hop.record->file + " · sha256 " + hop.record->sha256.substr(0, 16));
}

std::string arrows(const CustodyPicture& picture, std::size_t at) {
  const auto& hops = picture.verdict.hops;
  const CustodyPhase* phase = picture.policy.phase(hops[at].phase);
  std::string out;
  for (std::size_t from = 0; phase && from < at; ++from) {
    if (std::ranges::find(phase->after, hops[from].phase) == phase->after.end()) continue;
    const int y1 = top + static_cast<int>(from) * (height + gap);
    const int y2 = top + static_cast<int>(at) * (height + gap);
    const std::string_view colour = hops[at].refusal ? "#b3261e" : "#5b6675";
    if (from + 1 == at)
      out += fmt::format(
          "<path d=\"M{0} {1}V{2}m-6 -9l6 9l6 -9\" stroke=\"{3}\" "
          "stroke-width=\"2\" fill=\"none\"/>\n",
          left + width / 2, y1 + height, y2 - 2, colour);
    else
      out += fmt::format(
          "<path d=\"M{0} {1}C{2} {1} {2} {3} {4} {3}m-9 -6l9 6l-9 6\" "
          "stroke=\"{5}\" stroke-width=\"2\" fill=\"none\"/>\n",
          left, y1 + height / 2, std::max(8, left - 30 * static_cast<int>(at - from)),
          y2 + height / 2, left - 2, colour);
  }
  return out;
}

std::string row(std::string_view name, std::string_view value) {
  return value.empty() ? ""
                       : fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", html_escaped(name),
                                     html_escaped(value));
}

}  // namespace

std::string custody_svg(const CustodyPicture& picture) {
  const CustodyVerdict& verdict = picture.verdict;
  const int total = top + static_cast<int>(verdict.hops.size()) * (height + gap);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"system-ui, sans-serif\" role=\"img\" "
      "aria-label=\"chain of custody\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#f6f7f9\"/>\n",
      left + width + 32, total, 0);
  out += text_at(left, 40, 20, "#1c2430", "600",
                 shortened(picture.policy.project +
                               (verdict.holds() ? ": the chain holds" : ": the chain is broken"),
                           60));
  for (std::size_t i = 0; i < verdict.hops.size(); ++i)
    out += box(verdict.hops[i], top + static_cast<int>(i) * (height + gap)) + arrows(picture, i);
  return out + "</svg>\n";
}

std::string custody_html(const CustodyPicture& picture) {
  const CustodyVerdict& verdict = picture.verdict;
  const std::string style_hash = hash(HashKind::sha256, page_style);
  std::string out = html_head({.title = "Custody of " + picture.policy.project,
                               .style = page_style,
                               .style_sha256 = style_hash,
                               .script_sha256 = {}});
  out += "<body><main>\n";
  out += custody_svg(picture) + "<table>\n";
  out += row("project", picture.policy.project);
  out += row("policy",
             fmt::format("version {}, sha256 {}, {}", picture.policy.version, picture.policy.sha256,
                         picture.policy_signed ? "signed" : "not signed"));
  if (verdict.refusal) {
    out += row("broken at", verdict.broken) + row("reason", verdict.refusal->code);
    out += row("meaning", verdict.refusal->what) + row("field", verdict.refusal->field);
    out += row("wanted", verdict.refusal->wanted) + row("found", verdict.refusal->found);
  }
  for (const auto& [path, artifact] : verdict.known) {
    if (artifact.mode == "image") out += row(path, "sha256:" + artifact.sha256);
  }
  return out + "</table>\n</main></body></html>\n";
}

}  // namespace boltseal
