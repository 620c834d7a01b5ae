// The report for a terminal, grouped by what to do next. Readable at 80 columns; no line is wider
// than the screen.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "match/suppress.h"
#include "report/advice.h"
#include "report/canvas.h"
#include "report/common.h"

namespace boltseal {
namespace {

constexpr std::size_t cell = 5;  // columns of one count
constexpr std::size_t cells = 5 * cell;

// Critical, high, medium, low, and all that is below.
std::array<std::uint32_t, 5> columns_of(const SeverityCounts& c) {
  return {c[Severity::critical], c[Severity::high], c[Severity::medium], c[Severity::low],
          c[Severity::negligible] + c[Severity::unknown]};
}
constexpr Ink inks[] = {Ink::critical, Ink::high, Ink::medium, Ink::low, Ink::rest};
constexpr std::string_view titles[] = {"critical", "high", "medium", "low", "other"};

std::string count_cells(const Canvas& canvas, const SeverityCounts& counts) {
  std::string out;
  const auto numbers = columns_of(counts);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto text = numbers[i] ? std::to_string(numbers[i]) : std::string("·");
    out += canvas.paint(numbers[i] ? inks[i] : Ink::dim, right_aligned(text, cell));
  }
  return out;
}

void draw_summary(Canvas& canvas, const Advice& advice) {
  const auto numbers = columns_of(advice.counts);
  const std::uint32_t total = advice.counts.total();
  canvas.line();
  std::string legend = "  ";
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!numbers[i]) continue;
    const std::string item = fmt::format("■ {} {}", grouped(numbers[i]), titles[i]);
    if (shown_columns(legend) + columns(item) > canvas.width()) {
      canvas.line(legend);
      legend = "  ";
    }
    legend += canvas.paint(inks[i], item) + "  ";
  }
  canvas.line(legend);
  // One bar as wide as the screen; whatever is there gets at least one column.
  const std::size_t room = canvas.width() - 4;
  std::string bar = "  ";
  std::uint64_t before = 0;
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!numbers[i]) continue;
    before += numbers[i];
    const std::size_t end =
        std::min(room, std::max(drawn + 1, static_cast<std::size_t>(before * room / total)));
    std::string part;
    for (; drawn < end; ++drawn) part += i < 2 ? "█" : i == 2 ? "▓" : i == 3 ? "▒" : "░";
    bar += canvas.paint(inks[i], part);
  }
  canvas.line(bar);
  std::vector<std::string> facts;
  if (advice.exploited)
    facts.push_back(fmt::format("{} known to be exploited", grouped(advice.exploited)));
  if (advice.fixable)
    facts.push_back(fmt::format("{} of {} gone with {}", grouped(advice.fixable), grouped(total),
                                counted(advice.upgrades.size(), "upgrade")));
  else
    facts.push_back(counted(total, "finding") + ", none with a fix");
  canvas.wrapped("", 2, facts, " · ");
}

// The ids of a step, those that matter first, as many as fit in one line.
std::string id_line(const Report& report, const Step& step, std::size_t room) {
  std::vector<std::string> ids;
  std::set<std::string_view> seen;
  for (const auto i : step.findings)
    if (seen.insert(report.findings[i].id).second) ids.push_back(printable(report.findings[i].id));
  std::string out;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string next = (out.empty() ? "" : ", ") + ids[i];
    const std::string more = i + 1 < ids.size() ? fmt::format(" +{}", ids.size() - i - 1) : "";
    if (columns(out) + columns(next) + columns(more) > room)
      return out.empty() ? fit(ids[0], room) : out + fmt::format(" +{}", ids.size() - i);
    out += next;
  }
  return out;
}

// Where to look: the file of a library, the binary packages of a source package.
std::string place_line(const Report& report, const Step& step, std::size_t room) {
  const auto& packages = report.inventory.packages;
  if (is_os_package(step.type)) {
    std::vector<std::string> names;
    for (const auto p : step.packages)
      if (names.empty() || names.back() != packages[p].name) names.push_back(packages[p].name);
    if (names.size() == 1 && names.front() == step.name) return {};
    return fit(printable(join(names, ", ")), room);
  }
  std::set<std::string> paths;
  for (const auto p : step.packages)
    for (const Evidence& evidence : packages[p].evidence) paths.insert(evidence.path);
  if (paths.empty()) return {};
  const std::string more = paths.size() > 1 ? fmt::format(" +{} more", paths.size() - 1) : "";
  return fit_path(printable(*paths.begin()), room - std::min(room, columns(more))) + more;
}

void draw_upgrade(Canvas& canvas, const Report& report, const Step& step, std::size_t number) {
  const std::size_t room = canvas.width() - cells - 4;
  const std::string name = printable(step.name);
  const std::string from = printable(step.installed), to = printable(step.target);
  const std::string change = from + " → " + canvas.paint(Ink::good, to);
  const std::string head = canvas.paint(Ink::dim, right_aligned(std::to_string(number), 3)) + " ";
  const bool one_line = columns(name) + 1 + shown_columns(change) <= room;
  const std::string shown = canvas.paint(Ink::bold, fit(name, room));
  canvas.line(head + padded(one_line ? shown + " " + change : shown, room) +
              count_cells(canvas, step.counts));
  const std::size_t below = canvas.width() - 4;
  if (!one_line) {
    const std::size_t half = (below - 3) / 2;
    const std::size_t old_room = std::max(half, below - 3 - std::min(below - 3, columns(to)));
    const std::string old = fit(from, old_room);
    canvas.line("    " + old + " → " + canvas.paint(Ink::good, fit(to, below - 3 - columns(old))));
  }
  std::string mark = step.exploited ? canvas.paint(Ink::critical, "exploited") + " " : "";
  mark += canvas.paint(Ink::dim, std::string(name_of(step.type)) + " · ");
  canvas.line("    " + mark +
              canvas.paint(Ink::dim, id_line(report, step, below - shown_columns(mark))));
  const std::string place = place_line(report, step, below);
  if (!place.empty()) canvas.line("    " + canvas.paint(Ink::dim, place));
}

void draw_upgrades(Canvas& canvas, const Report& report, const Advice& advice) {
  if (advice.upgrades.empty()) return;
  std::string right;
  for (const std::string_view title : {"crit", "high", "med", "low", "rest"})
    right += right_aligned(title, cell);
  canvas.heading("UPGRADE", fmt::format("removes {}", counted(advice.fixable, "finding")),
                 right.substr(1));
  for (std::size_t i = 0; i < advice.upgrades.size(); ++i)
    draw_upgrade(canvas, report, advice.upgrades[i], i + 1);
}

// Where there is no fix, a person wants to know the worst by name and the rest by number.
void draw_no_fix(Canvas& canvas, const Report& report, const Advice& advice) {
  if (advice.no_fix.empty()) return;
  std::uint32_t total = 0;
  for (const Step& step : advice.no_fix) total += step.counts.total();
  canvas.heading("NO FIX YET", fmt::format("{} in {}", counted(total, "finding"),
                                           counted(advice.no_fix.size(), "package")));
  for (const Severity severity : worst_first) {
    const bool by_name = severity == Severity::critical || severity == Severity::high;
    std::vector<std::string> items;
    for (const Step& step : advice.no_fix) {
      if (!step.counts[severity]) continue;
      std::string item = printable(step.name);
      if (by_name) {
        std::set<std::string> ids;
        for (const auto i : step.findings)
          if (report.findings[i].severity == severity) ids.insert(printable(report.findings[i].id));
        item += " " + fmt::format("{}", fmt::join(ids, " "));
      } else if (step.counts[severity] > 1) {
        item += fmt::format(" ×{}", step.counts[severity]);
      }
      items.push_back(item);
    }
    if (items.empty()) continue;
    const std::string head = "  " + canvas.paint(ink_of(severity), name_of(severity));
    if (!by_name) canvas.wrapped(head, 14, items);
    for (std::size_t i = 0; by_name && i < items.size(); ++i) {
      std::vector<std::string> parts;
      for (const auto word : words(items[i])) parts.emplace_back(word);
      canvas.wrapped(i ? "" : head, 14, parts, " ");
    }
  }
}

void draw_undecided(Canvas& canvas, const Report& report, const Advice& advice) {
  if (advice.undecided.empty()) return;
  constexpr std::size_t most = 12;
  canvas.heading("UNDECIDED",
                 counted(advice.undecided.size(), "finding") + " that nobody can judge by version");
  for (std::size_t n = 0; n < std::min(advice.undecided.size(), most); ++n) {
    const Finding& finding = report.findings[advice.undecided[n]];
    const Package& package = report.inventory.packages[finding.package];
    const std::string text = fmt::format("{} {} {}", finding.id, package.name, package.version);
    canvas.line("  " + fit(printable(text), canvas.width() - 2));
    if (!finding.proof.empty())
      canvas.line(canvas.paint(
          Ink::dim, "    " + fit(printable(finding.proof.back().text), canvas.width() - 4)));
  }
  if (advice.undecided.size() > most)
    canvas.line(canvas.paint(Ink::dim, fmt::format("  and {} more: -o json lists them",
                                                   advice.undecided.size() - most)));
}

void draw_uncovered(Canvas& canvas, const Report& report) {
  if (report.uncovered.empty()) return;
  canvas.heading("NOT COVERED", "not covered is not clean");
  for (const Uncovered& u : report.uncovered) {
    std::vector<std::string> items;
    const std::string safe = printable(u.what + ": " + u.reason);
    for (const auto word : words(safe)) items.emplace_back(word);
    canvas.wrapped("  ·", 4, items, " ");
  }
}

// Packages are many and reasons few: one entry for each reason, with as many names as two lines
// hold.
void draw_licences(Canvas& canvas, const Report& report) {
  if (report.licence_issues.empty()) return;
  constexpr std::size_t most = 16;
  struct Entry {
    bool denied = false;
    std::string reason;
    std::set<std::string> names;
  };
  std::map<std::pair<bool, std::string>, Entry> by_reason;
  for (const LicenceIssue& issue : report.licence_issues) {
    Entry& entry = by_reason[{issue.denied, issue.reason}];
    entry.denied = issue.denied;
    entry.reason = printable(issue.reason);
    entry.names.insert(printable(report.inventory.packages[issue.package].name));
  }
  std::vector<Entry> entries;
  for (auto& [key, entry] : by_reason) entries.push_back(std::move(entry));
  std::ranges::stable_sort(entries, [](const Entry& a, const Entry& b) {
    return a.denied != b.denied ? a.denied : a.names.size() > b.names.size();
  });
  canvas.heading("LICENCES", "what your policy denies or warns of");
  for (std::size_t i = 0; i < std::min(entries.size(), most); ++i) {
    const Entry& entry = entries[i];
    const auto mark = entry.denied ? canvas.paint(Ink::high, "denied") : std::string("warned");
    canvas.line("  " + mark + " " + fit(entry.reason, canvas.width() - 9));
    std::vector<std::string> items;
    std::size_t used = 0;
    for (const auto& name : entry.names) {
      used += columns(name) + 2;
      if (used > 2 * (canvas.width() - 9) - 12) break;
      items.push_back(name);
    }
    if (items.size() < entry.names.size())
      items.push_back(fmt::format("+{} more", entry.names.size() - items.size()));
    canvas.wrapped("", 9, items, ", ", Ink::dim);
  }
  if (entries.size() > most)
    canvas.line(fmt::format("    and {} more reasons: -o json lists them", entries.size() - most));
}

void draw_end(Canvas& canvas, const Report& report, const Advice& advice) {
  const auto dropped = count_dropped(report);
  std::vector<std::string> aside;
  const auto note = [&](std::uint64_t n, std::string_view words) {
    if (n > 0) aside.push_back(fmt::format("{} {}", grouped(n), words));
  };
  const auto of = [&](Verdict verdict) { return dropped[static_cast<std::size_t>(verdict)]; };
  const auto by_call =
      static_cast<std::uint64_t>(std::ranges::count_if(report.dropped, left_out_by_the_call));
  note(of(Verdict::suppressed) - by_call, "by your rules");
  note(by_call, "not asked for");
  note(of(Verdict::not_affected), "not affected");
  note(of(Verdict::covered_by_owner), "judged by the package that owns the file");
  canvas.line();
  if (!aside.empty())
    canvas.wrapped(canvas.paint(Ink::dim, "Set aside: "), 11, aside, ", ", Ink::dim);
  const Finding* first = nullptr;
  for (const auto* steps : {&advice.upgrades, &advice.no_fix})
    if (!first && !steps->empty()) first = &report.findings[steps->front().findings.front()];
  if (!first) return;
  const auto command = [&](std::string_view reference) {
    return "  " + printable(fmt::format("boltseal why {} {}", first->id, reference));
  };
  // A command that is cut is of no use; a reference too long for the line stands as a word.
  std::string text = command(report.inventory.image.reference);
  if (columns(text) > canvas.width()) text = fit(command("REF"), canvas.width());
  canvas.line(canvas.paint(Ink::dim, "The proof of a finding:"));
  canvas.line(text);
}

}  // namespace

std::string write_table(const Report& report, const RenderOptions& options) {
  if (!options.findings) return write_inventory_table(report, options);
  Canvas canvas(options);
  const Advice advice = advise(report);
  draw_header(canvas, report, options);
  if (advice.counts.total()) {
    draw_summary(canvas, advice);
  } else {
    const bool clean =
        advice.undecided.empty() && report.uncovered.empty() && report.inventory.unknowns.empty();
    canvas.line();
    if (report.inventory.packages.empty())
      canvas.line("  No package was recognised, so nothing was judged.");
    else if (std::ranges::any_of(report.dropped, left_out_by_the_call))
      canvas.line("  No known vulnerability of those asked for.");
    else if (clean)
      canvas.line("  " + canvas.paint(Ink::good, "✔ No known vulnerability"));
    else
      canvas.line("  No known vulnerability in what could be judged; below is what could not.");
  }
  draw_upgrades(canvas, report, advice);
  draw_no_fix(canvas, report, advice);
  draw_undecided(canvas, report, advice);
  draw_uncovered(canvas, report);
  draw_licences(canvas, report);
  draw_unknowns(canvas, report);
  draw_notices(canvas, report);
  draw_end(canvas, report, advice);
  return canvas.take();
}

}  // namespace boltseal
