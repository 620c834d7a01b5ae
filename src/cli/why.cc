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
#include "inventory/purl.h"
#include "match/suppress.h"
#include "report/json.h"

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

// Whether the user means this package: by its name or its source's, however large the letters, or
// by a package URL, with a version or without.
bool is_called(const Package& package, const Inventory& inventory, std::string_view asked) {
  if (asked.starts_with("pkg:")) return purl_covers(asked, purl(package, inventory.distribution));
  const std::string name = lower(asked);
  if (package.type == PackageType::pypi && lower(package.name) == replace_all(name, "_", "-"))
    return true;
  return lower(package.name) == name || lower(package.source_name) == name;
}

std::vector<const Finding*> select(const std::vector<Finding>& all, const Inventory& inventory,
                                   std::string_view id, std::string_view package) {
  std::vector<const Finding*> chosen;
  for (const Finding& finding : all) {
    const Package& p = inventory.packages[finding.package];
    if (same_id(finding, id) && (package.empty() || is_called(p, inventory, package)))
      chosen.push_back(&finding);
  }
  return chosen;
}

// No candidate record spoke of such a package of this image. Why?
std::string absence(const Report& report, const Database& database, const std::string& id,
                    const std::string& package) {
  const Inventory& inventory = report.inventory;
  if (!package.empty() && std::ranges::none_of(inventory.packages, [&](const Package& p) {
        return is_called(p, inventory, package);
      })) {
    return fmt::format("the image holds no package named {}", package);
  }
  for (const Finding* other : select(report.findings, inventory, id, {}))
    return fmt::format("no record of it names {}, but it is a finding in {}", package,
                       inventory.packages[other->package].name);
  const auto names = database.alias_class(id);
  std::set<std::string> records;
  if (names) {
    for (const auto& name : *names) {
      if (database.find_id(name)) records.insert(name);
    }
  }
  if (records.empty())
    return fmt::format("no record of the database is, or is an alias of, {}", id);
  return fmt::format(
      "the database knows it ({}), but no record of it names a package of this image",
      fmt::join(records, ", "));
}

struct Answer {
  std::vector<const Finding*> findings;  // that show it
  std::string text;                      // what there is to say without them
  bool holds = false;                    // the question was right
  bool searched = false;                 // nothing is known of it: what was searched counts
};

Result<Answer> answer_of(const WhyCommand& command, const Report& report, const std::string& id,
                         const std::string& package) {
  const auto present = select(report.findings, report.inventory, id, package);
  const auto absent = select(report.dropped, report.inventory, id, package);
  const auto& asked = command.negated ? absent : present;
  // One copy may be fixed where another is not: then it is a finding.
  if (!asked.empty() && (!command.negated || present.empty())) return Answer{asked, {}, true};
  if (command.negated && !present.empty())
    return Answer{{}, fmt::format("{} is a finding of this image; see `boltseal why`", id), false};
  if (!absent.empty())
    return Answer{
        {}, fmt::format("{} is no finding of this image; see `boltseal why-not`", id), false};
  TRY(const auto database, open_database(command.matching.database));
  return Answer{
      {}, fmt::format("{}: {}", id, absence(report, database, id, package)), command.negated, true};
}

std::string as_text(const Answer& answer, const Report& report) {
  std::string out;
  for (const auto* finding : answer.findings)
    out += (out.empty() ? "" : "\n") + text_of(*finding, report.inventory);
  if (!answer.text.empty()) out += answer.text + "\n";
  if (!answer.searched) return printable(out, true);
  out += fmt::format("  database {} of {}\n", report.database.digest, report.database.date);
  for (const Uncovered& set : report.uncovered)
    out += fmt::format("  not covered: {} ({})\n", set.what, set.reason);
  return printable(out, true);
}

std::string as_json(const WhyCommand& command, const Answer& answer, const Report& report) {
  JsonWriter json;
  json.object().member("question", command.negated ? "why-not" : "why");
  json.member("id", command.words.front()).member("reference", command.words.back());
  json.member("holds", answer.holds).text_if("answer", answer.text).key("findings").array();
  for (const Finding* finding : answer.findings) {
    json.object().key("package");
    write_package(json, report.inventory, finding->package);
    json.key("finding");
    write_finding(json, *finding);
    json.end();
  }
  json.end().key("database").object().member("digest", report.database.digest);
  json.member("date", report.database.date).end().end();
  return json.take();
}

int WhyCommand::run() const {
  const auto outputs = read_outputs(common.outputs, "table", answer_formats);
  if (!outputs) return complain_of_call(outputs.error());
  const std::string& id = words.front();
  const std::string& reference = words.back();
  const std::string package = words.size() == 3 ? words[1] : "";
  const auto report = run_scan(reference, common, &matching, true);
  if (!report) return complain(report.error());
  const auto answer = answer_of(*this, *report, id, package);
  if (!answer) return complain(answer.error());
  for (const Output& output : *outputs) {
    const auto written =
        write_output(output, output.format == "json" ? as_json(*this, *answer, *report)
                                                     : as_text(*answer, *report));
    if (!written) return complain(written.error());
  }
  return answer->holds ? Exit::clean : Exit::findings;
}

void add_one(Command& program, int& exit, bool negated) {
  auto* command = negated
                      ? program.add_subcommand("why-not", "Why a flaw is not a finding of an image")
                      : program.add_subcommand("why", "The proof of a finding, step by step");
  const auto state = std::make_shared<WhyCommand>();
  state->negated = negated;
  command
      ->add_option("ID\u00a0[PKG]\u00a0REF", state->words,  // CLI11 2.4 refuses spaces that break
                   "Flaw (any of its names), perhaps one package, and the image")
      ->required()
      ->expected(2, 3);
  add_common_options(*command, state->common, "table, json");
  add_matching_options(*command, state->matching);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace

void add_why(Command& program, int& exit) {
  add_one(program, exit, false);
  add_one(program, exit, true);
}

}  // namespace boltseal
