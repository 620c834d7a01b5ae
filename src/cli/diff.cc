// What changed from one image, SBOM or folder to another: packages that came, went or moved,
// findings that came or went.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "codec/json_writer.h"

namespace boltseal {
namespace {

struct DiffCommand {
  std::string before, after;
  CommonOptions common;
  MatchingOptions matching;
  bool json = false;

  int run() const;
};

struct Change {
  std::string type, name;
  std::vector<std::string> before, after;  // versions, sorted
};

struct Difference {
  std::vector<Change> packages;
  std::vector<std::string> fixed, introduced;  // "CVE-… package severity", sorted
};

using Versions = std::map<std::pair<std::string, std::string>, std::set<std::string>>;

Versions versions_of(const Inventory& inventory) {
  Versions versions;
  for (const Package& p : inventory.packages)
    versions[{std::string(name_of(p.type)), p.name}].insert(p.version);
  return versions;
}

std::set<std::string> findings_of(const Report& report) {
  std::set<std::string> all;
  for (const Finding& f : report.findings) {
    all.insert(fmt::format("{} {} {}", f.id, report.inventory.packages[f.package].name,
                           name_of(f.severity)));
  }
  return all;
}

Difference difference(const Report& before, const Report& after) {
  Difference out;
  const Versions a = versions_of(before.inventory), b = versions_of(after.inventory);
  Versions all = a;
  all.insert(b.begin(), b.end());
  const auto list = [](const Versions& in, const auto& key) {
    const auto found = in.find(key);
    return found == in.end() ? std::vector<std::string>{}
                             : std::vector<std::string>(found->second.begin(), found->second.end());
  };
  for (const auto& [key, versions] : all) {
    Change change{key.first, key.second, list(a, key), list(b, key)};
    if (change.before != change.after) out.packages.push_back(std::move(change));
  }
  const auto old_findings = findings_of(before), new_findings = findings_of(after);
  std::ranges::set_difference(old_findings, new_findings, std::back_inserter(out.fixed));
  std::ranges::set_difference(new_findings, old_findings, std::back_inserter(out.introduced));
  return out;
}

std::string as_text(const Difference& d) {
  std::string out;
  for (const Change& c : d.packages) {
    const char sign = c.before.empty() ? '+' : c.after.empty() ? '-' : '~';
    const std::string arrow = c.before.empty() || c.after.empty() ? "" : " → ";
    out += fmt::format("{} {:<9} {} {}{}{}\n", sign, c.type, c.name, fmt::join(c.before, ", "),
                       arrow, fmt::join(c.after, ", "));
  }
  for (const auto& f : d.fixed) out += fmt::format("- finding   {}\n", f);
  for (const auto& f : d.introduced) out += fmt::format("+ finding   {}\n", f);
  if (out.empty()) out = "no difference in packages or findings\n";
  return printable(out, true);
}

std::string as_json(const Difference& d) {
  JsonWriter json;
  json.object().key("packages").array();
  for (const Change& c : d.packages)
    json.object()
        .member("type", c.type)
        .member("name", c.name)
        .texts("before", c.before)
        .texts("after", c.after)
        .end();
  json.end().key("fixed").array();
  for (const auto& f : d.fixed) json.value(f);
  json.end().key("introduced").array();
  for (const auto& f : d.introduced) json.value(f);
  json.end().end();
  return json.take();
}

int DiffCommand::run() const {
  const auto first = run_scan(before, common, &matching, false);
  if (!first) return complain(first.error());
  const auto second = run_scan(after, common, &matching, false);
  if (!second) return complain(second.error());
  const auto d = difference(*first, *second);
  const std::string out = json ? as_json(d) : as_text(d);
  std::fwrite(out.data(), 1, out.size(), stdout);
  return d.introduced.empty() ? Exit::clean : Exit::findings;
}

}  // namespace

void add_diff(CLI::App& program, int& exit) {
  auto* command =
      program.add_subcommand("diff", "What changed between two images, folders or SBOMs");
  const auto state = std::make_shared<DiffCommand>();
  command->add_option("BEFORE", state->before, "The older image, archive, folder or SBOM")
      ->required();
  command
      ->add_option("AFTER", state->after,
                   "The newer one; exit code 1 when it has findings that the older has not")
      ->required();
  command->add_flag("--json", state->json, "Print JSON instead of lines");
  add_common_options(*command, state->common);
  add_matching_options(*command, state->matching);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
