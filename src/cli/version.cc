// `version compare` shows how an ecosystem orders versions, so that anybody can check what a match
// rests on.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "base/text.h"
#include "cli/commands.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

char sign_of(Scheme scheme, std::string_view a, std::string_view b) {
  const auto order = compare_versions(scheme, a, b);
  if (!order) return '?';
  return *order < 0 ? '<' : *order > 0 ? '>' : '=';
}

struct CompareCommand {
  std::string ecosystem;
  std::vector<std::string> pair;

  int run() const {
    const auto scheme = scheme_of(ecosystem);
    if (!scheme) {
      std::fputs(
          fmt::format(
              "boltseal: no order is known for the ecosystem {}; use its OSV name, rpm or semver\n",
              printable(ecosystem))
              .c_str(),
          stderr);
      return Exit::usage;
    }
    if (pair.size() == 2) {
      std::fputs(fmt::format("{} {} {}\n", printable(pair[0]), sign_of(*scheme, pair[0], pair[1]),
                             printable(pair[1]))
                     .c_str(),
                 stdout);
      return Exit::clean;
    }
    if (!pair.empty()) {
      std::fputs("boltseal: give two versions, or none and rows \"A<TAB>B\" on standard input\n",
                 stderr);
      return Exit::usage;
    }
    std::string line, out;
    while (std::getline(std::cin, line)) {
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty()) continue;
      const auto row = cut(line, "\t");
      if (!row) {
        std::fputs(fmt::format("boltseal: a row without a tab: {}\n", printable(line)).c_str(),
                   stderr);
        return Exit::usage;
      }
      out += fmt::format("{}\t{}\t{}\n", row->first, row->second,
                         sign_of(*scheme, row->first, row->second));
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
    return Exit::clean;
  }
};

}  // namespace

void add_version(Command& program, int& exit) {
  auto* version =
      program.add_subcommand("version", "Versions and their order")->require_subcommand(1);
  auto* command = version->add_subcommand(
      "compare",
      "Print <, = or > between two versions as the ecosystem orders them, ? if it cannot");
  const auto state = std::make_shared<CompareCommand>();
  command
      ->add_option("ECOSYSTEM", state->ecosystem,
                   "By its OSV name (Debian, PyPI, npm, …), or rpm or semver")
      ->required();
  command
      ->add_option("A\u00a0B", state->pair,  // as in why.cc
                   "Two versions; without them rows \"A<TAB>B\" are read from standard input")
      ->expected(0, 2);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
