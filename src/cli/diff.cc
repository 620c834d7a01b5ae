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

  int run() const;
};

struct Change {
  std::string type, name;
  std::vector<std::string> before, after;  // versions, sorted
};

// A finding, whatever the version it was found in.
struct Flaw {
  std::string id, type, package;
  Severity severity = Severity::unknown;
  auto operator<=>(const Flaw&) const = default;
};

struct Difference {
  std::vector<Change> packages;
  std::vector<Flaw> fixed, introduced;  // sorted
};

using Versions = std::map<std::pair<std::string, std::string>, std::set<std::string>>;

Versions versions_of(const Inventory& inventory) {
  Versions versions;
  for (const Package& p : inventory.packages)
    versions[{std::string(name_of(p.type)), p.name}].insert(p.version);
  return versions;
}

std::set<Flaw> findings_of(const Report& report) {
  std::set<Flaw> all;
  for (const Finding& f : report.findings) {
    const Package& p = report.inventory.packages[f.package];
    all.insert({std::string(f.id), std::string(name_of(p.type)), p.name, f.severity});
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
  const auto list = [&](char sign, const std::vector<Flaw>& flaws) {
    for (const Flaw& f : flaws)
      out += fmt::format("{} finding   {} {} {}\n", sign, f.id, f.package, name_of(f.severity));
  };
  list('-', d.fixed);
  list('+', d.introduced);
  if (out.empty()) out = "no difference in packages or findings\n";
  return printable(out, true);
}

void image(JsonWriter& json, std::string_view name, const Report& report) {
  const ImageInfo& image = report.inventory.image;
  json.key(name).object().member("reference", image.reference);
  json.text_if("manifestDigest", image.manifest_digest).end();
}

void flaws(JsonWriter& json, std::string_view name, const std::vector<Flaw>& list) {
  json.key(name).array();
  for (const Flaw& f : list)
    json.object()
        .member("id", f.id)
        .member("type", f.type)
        .member("package", f.package)
        .member("severity", name_of(f.severity))
        .end();
  json.end();
}

std::string as_json(const Difference& d, const Report& before, const Report& after) {
  JsonWriter json;
  json.object();
  image(json, "before", before);
  image(json, "after", after);
  json.key("packages").array();
  for (const Change& c : d.packages)
    json.object()
        .member("type", c.type)
        .member("name", c.name)
        .texts("before", c.before)
        .texts("after", c.after)
        .end();
  json.end();
  flaws(json, "fixed", d.fixed);
  flaws(json, "introduced", d.introduced);
  json.end();
  return json.take();
}

int DiffCommand::run() const {
  const auto outputs = read_outputs(common.outputs, "table", answer_formats);
  if (!outputs) return complain_of_call(outputs.error());
  const auto first = run_scan(before, common, &matching, false);
  if (!first) return complain(first.error());
  const auto second = run_scan(after, common, &matching, false);
  if (!second) return complain(second.error());
  const auto d = difference(*first, *second);
  for (const Output& output : *outputs) {
    const auto written =
        write_output(output, output.format == "json" ? as_json(d, *first, *second) : as_text(d));
    if (!written) return complain(written.error());
  }
  return d.introduced.empty() ? Exit::clean : Exit::findings;
}

}  // namespace

void add_diff(Command& program, int& exit) {
  auto* command =
      program.add_subcommand("diff", "What changed between two images, folders or SBOMs");
  const auto state = std::make_shared<DiffCommand>();
  command->add_option("BEFORE", state->before, "The older image, archive, folder or SBOM")
      ->required();
  command
      ->add_option("AFTER", state->after,
                   "The newer one; exit code 1 when it has findings that the older has not")
      ->required();
  add_common_options(*command, state->common, "table, json");
  add_matching_options(*command, state->matching);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
