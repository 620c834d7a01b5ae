// What is in an image, for a terminal: how many of what, every package, the licences.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "report/canvas.h"
#include "report/common.h"

namespace boltseal {
namespace {

constexpr std::string_view ecosystem_of(PackageType type) {
  constexpr std::string_view names[] = {"Debian packages",
                                        "Alpine packages",
                                        "RPM packages",
                                        "Python",
                                        "Node",
                                        "Java",
                                        "Go",
                                        "Rust",
                                        "Ruby",
                                        "PHP",
                                        ".NET",
                                        "Other"};
  return names[static_cast<std::size_t>(type)];
}

struct Tally {
  std::uint64_t count = 0;
  std::string name;
};

std::vector<Tally> largest_first(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<Tally> list;
  for (const auto& [name, count] : counts) list.push_back({count, name});
  std::ranges::stable_sort(list, [](const Tally& a, const Tally& b) { return a.count > b.count; });
  return list;
}

void draw_bars(Canvas& canvas, const std::vector<Tally>& list, std::size_t most) {
  if (list.empty()) return;
  std::size_t names = 0;
  const std::size_t shown = std::min(list.size(), most);
  for (std::size_t i = 0; i < shown; ++i) names = std::max(names, columns(list[i].name));
  names = std::min(names, canvas.width() / 2);
  const std::size_t room = canvas.width() - names - 12;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto length = std::max<std::size_t>(1, list[i].count * room / list.front().count);
    std::string bar;
    for (std::size_t n = 0; n < length; ++n) bar += "▆";
    canvas.line("  " + padded(fit(list[i].name, names), names) +
                right_aligned(grouped(list[i].count), 8) + " " + canvas.paint(Ink::low, bar));
  }
  if (list.size() > shown)
    canvas.line(canvas.paint(Ink::dim, fmt::format("  and {} more", grouped(list.size() - shown))));
}

// Packages stand in the order of the inventory, which is by type, so a type is one run.
void draw_packages(Canvas& canvas, const Inventory& inventory) {
  const auto& packages = inventory.packages;
  for (std::size_t begin = 0; begin < packages.size();) {
    std::size_t end = begin, widest = 8;
    for (; end < packages.size() && packages[end].type == packages[begin].type; ++end)
      widest = std::max(widest, columns(printable(packages[end].name)));
    const std::size_t room = canvas.width() - 6;
    const std::size_t names = std::min(widest, room * 2 / 5), versions = room * 3 / 10;
    const std::size_t licences = room - names - versions;
    std::string title(ecosystem_of(packages[begin].type));
    std::ranges::transform(title, title.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    canvas.heading(title, grouped(end - begin));
    for (; begin < end; ++begin) {
      const Package& p = packages[begin];
      const std::string licence = p.licence.empty() ? "-" : printable(p.licence);
      canvas.line("  " + padded(fit(printable(p.name), names), names) + "  " +
                  padded(fit(printable(p.version), versions), versions) + "  " +
                  canvas.paint(Ink::dim, fit(licence, licences)));
    }
  }
}

}  // namespace

std::string write_inventory_table(const Report& report, const RenderOptions& options) {
  Canvas canvas(options);
  draw_header(canvas, report, options);
  std::map<std::string, std::uint64_t> types, licences;
  for (const Package& package : report.inventory.packages) {
    ++types[std::string(ecosystem_of(package.type))];
    ++licences[package.licence.empty() ? "none declared" : printable(package.licence)];
  }
  canvas.line();
  if (report.inventory.packages.empty()) canvas.line("  No package found.");
  draw_bars(canvas, largest_first(types), types.size());
  draw_packages(canvas, report.inventory);
  if (!licences.empty()) {
    canvas.heading("LICENCES", counted(licences.size(), "expression"));
    draw_bars(canvas, largest_first(licences), 15);
  }
  draw_unknowns(canvas, report);
  draw_notices(canvas, report);
  return canvas.take();
}

}  // namespace boltseal
