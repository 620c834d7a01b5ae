// What the table of findings and the table of packages have in common: the header, what could not
// be read, the notices.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/canvas.h"

namespace boltseal {
namespace {

std::string subject(const Report& report) {
  const Inventory& inventory = report.inventory;
  const ImageInfo& image = inventory.image;
  std::vector<std::string> parts;
  if (inventory.distribution) {
    const Distribution& distro = inventory.distribution;
    parts.push_back(distro.name.empty() ? distro.id + " " + distro.version_id : distro.name);
  } else if (image.kind == "image") {
    parts.emplace_back("no distribution");
  }
  if (!image.os.empty())
    parts.push_back(image.os + "/" + image.architecture +
                    (image.variant.empty() ? "" : "/" + image.variant));
  if (image.layers.size() > 1) parts.push_back(counted(image.layers.size(), "layer"));
  parts.push_back(counted(inventory.packages.size(), "package"));
  return printable(join(parts, " · "));
}

std::string short_digest(std::string_view digest) {
  return printable(digest.size() > 19 ? digest.substr(0, 19) : digest);
}

}  // namespace

void draw_header(Canvas& canvas, const Report& report, const RenderOptions& options) {
  const ImageInfo& image = report.inventory.image;
  const std::size_t room = canvas.width() - 4;
  std::vector<std::string> lines;
  lines.push_back(canvas.paint(Ink::bold, fit(printable(image.reference), room)));
  lines.push_back(fit(subject(report), room));
  const std::string& digest =
      image.manifest_digest.empty() ? image.config_digest : image.manifest_digest;
  const auto field = [&](std::string_view name, const std::string& text) {
    lines.push_back(canvas.paint(Ink::dim, padded(name, 12)) + fit(text, room - 12));
  };
  if (!digest.empty()) field("digest", short_digest(digest) + (digest.size() > 19 ? "…" : ""));
  if (options.findings) {
    const DatabaseInfo& database = report.database;
    std::string text = printable(database.date.empty() ? "no date" : database.date.substr(0, 10));
    if (!database.digest.empty()) text += " · " + short_digest(database.digest) + "…";
    if (database.starter) text += " · starter, see db update";
    field("advisories", text);
  }
  if (!report.end_of_life.empty())
    lines.push_back(canvas.paint(Ink::high, fit("! " + printable(report.end_of_life), room)));
  canvas.box("boltseal " + printable(report.tool_version), lines);
}

void draw_unknowns(Canvas& canvas, const Report& report) {
  const auto& unknowns = report.inventory.unknowns;
  if (unknowns.empty()) return;
  constexpr std::size_t most = 12;
  canvas.heading("COULD NOT READ", counted(unknowns.size(), "file"));
  for (std::size_t i = 0; i < std::min(unknowns.size(), most); ++i) {
    const Unknown& u = unknowns[i];
    canvas.line("  " + fit_path(printable(u.path), canvas.width() - 2));
    std::string text;
    if (report.inventory.image.layers.size() > 1) text = fmt::format("layer {} · ", u.layer + 1);
    text += fmt::format("{}: {}", name_of(u.fault), u.what);
    if (u.offset) text += fmt::format(" (at byte {})", *u.offset);
    canvas.line(canvas.paint(Ink::dim, "    " + fit(printable(text), canvas.width() - 4)));
  }
  if (unknowns.size() > most)
    canvas.line(canvas.paint(Ink::dim, fmt::format("  and {} more: -o json lists them",
                                                   grouped(unknowns.size() - most))));
}

void draw_notices(Canvas& canvas, const Report& report) {
  if (report.notices.empty()) return;
  canvas.heading("NOTICES", "");
  for (const auto& notice : report.notices) {
    const std::string safe = printable(notice);
    std::vector<std::string> items;
    for (const auto word : words(safe)) items.emplace_back(word);
    canvas.wrapped("  ·", 4, items, " ");
  }
}

}  // namespace boltseal
