// `why` prints the proof of a finding, `why-not` the reason for its absence: the same scan, told
// for one flaw.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace boltseal {
namespace {

struct WhyCommand {
  std::vector<std::string> words;  // ID [PKG] REF
  CommonOptions common;
  MatchingOptions matching;
  bool negated = false;

  int run() const;
};

bool same_id(const Finding& finding, std::string_view id) {
  const auto equal = [&](std::string_view other) { return lower(other) == lower(id); };
  return equal(finding.id) || std::ranges::any_of(finding.aliases, equal) || equal(finding.record);
}

std::string text_of(const Finding& finding, const Inventory& inventory) {
  const Package& package = inventory.packages[finding.package];
  std::string out = fmt::format("{} in {} {} ({}): {}\n", finding.id, package.name, package.version,
                                name_of(package.type), name_of(finding.verdict));
  if (!finding.aliases.empty())
    out += fmt::format("  also known as {}\n", fmt::join(finding.aliases, ", "));
  if (!finding.title.empty()) out += fmt::format("  {}\n", finding.title);
  std::size_t number = 0;
  for (const ProofStep& step : finding.proof)
    out += fmt::format("  {:>2}. {:<18} {}\n", ++number, step.rule, step.text);
  return printable(out, true);
}

std::vector<const Finding*> select(const std::vector<Finding>& all, const Inventory& inventory,
                                   std::string_view id, std::string_view package) {
  std::vector<const Finding*> chosen;
  for (const Finding& finding : all) {
    const Package& p = inventory.packages[finding.package];
    if (same_id(finding, id) && (package.empty() || p.name == package || p.source_name == package))
      chosen.push_back(&finding);
  }
  return chosen;
}

// No candidate record spoke of a package of this image. Why?
std::string absence(const Report& report, const Database& database, const std::string& id,
                    const std::string& package) {
  const auto& packages = report.inventory.packages;
  if (!package.empty() && std::ranges::none_of(packages, [&](const Package& p) {
        return p.name == package || p.source_name == package;
      })) {
    return fmt::format("the image holds no package named {}\n", package);
  }
  const auto names = database.alias_class(id);
  std::set<std::string> records;
  if (names) {
    for (const auto& name : *names) {
      if (database.find_id(name)) records.insert(name);
    }
  }
  std::string out =
      records.empty()
          ? fmt::format("no record of the database is, or is an alias of, {}", id)
          : fmt::format(
                "the database knows it ({}), but no record of it names a package of this image",
                fmt::join(records, ", "));
  out += fmt::format("\n  database {} of {}\n", report.database.digest, report.database.date);
  for (const Uncovered& set : report.uncovered)
    out += fmt::format("  not covered: {} ({})\n", set.what, set.reason);
  return out;
}

int WhyCommand::run() const {
  const std::string& id = words.front();
  const std::string& reference = words.back();
  const std::string package = words.size() == 3 ? words[1] : "";
  const auto report = run_scan(reference, common, &matching, true);
  if (!report) return complain(report.error());
  const auto present = select(report->findings, report->inventory, id, package);
  const auto absent = select(report->dropped, report->inventory, id, package);
  std::string out;
  for (const auto* finding : negated ? absent : present)
    out += text_of(*finding, report->inventory) + "\n";
  if (out.empty() && negated && !present.empty()) {
    std::fputs(
        fmt::format("{} is a finding of this image; see `boltseal why`\n", printable(id)).c_str(),
        stderr);
    return Exit::findings;
  }
  if (out.empty() && !absent.empty()) {
    std::fputs(
        fmt::format("{} is no finding of this image; see `boltseal why-not`\n", printable(id))
            .c_str(),
        stderr);
    return Exit::findings;
  }
  if (out.empty()) {
    const auto database = open_database(matching.database);
    if (!database) return complain(database.error());
    out = fmt::format("{}: {}", id, absence(*report, *database, id, package));
    std::fputs(printable(out, true).c_str(), stdout);
    return negated ? Exit::clean : Exit::findings;
  }
  out.pop_back();
  std::fputs(out.c_str(), stdout);
  return Exit::clean;
}

void add_one(CLI::App& program, int& exit, bool negated) {
  auto* command = negated
                      ? program.add_subcommand("why-not", "Why a flaw is not a finding of an image")
                      : program.add_subcommand("why", "The proof of a finding, step by step");
  const auto state = std::make_shared<WhyCommand>();
  state->negated = negated;
  command
      ->add_option("ID [PKG] REF", state->words,
                   "Flaw (any of its names), perhaps one package, and the image")
      ->required()
      ->expected(2, 3);
  add_common_options(*command, state->common);
  add_matching_options(*command, state->matching);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace

void add_why(CLI::App& program, int& exit) {
  add_one(program, exit, false);
  add_one(program, exit, true);
}

}  // namespace boltseal
