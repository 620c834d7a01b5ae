// The custody.yaml that `custody init` begins with: everything that can be asked of a phase is
// there, what needs a decision as a comment.
#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "codec/json_writer.h"
#include "custody/chain_policy.h"

namespace boltseal {
namespace {

struct Usual {
  std::string_view materials, products, evidence;
};

// What the phases that most projects have usually ask for.
const std::map<std::string_view, Usual>& usual() {
  static const std::map<std::string_view, Usual> all = {
      {"source", {"", "[\"**\"]", "git: clean"}},
      {"test", {"[\"**\"]", "[]", "command: true\n      tests: { min-passed: 1, max-failed: 0 }"}},
      {"build", {"[\"**\"]", "[]", "command: true"}},
      {"scan", {"[]", "[]", "scan: { max-critical: 0 }"}},
  };
  return all;
}

}  // namespace

std::string custody_template(std::string_view project, const std::vector<std::string>& phases,
                             const std::vector<PhaseKey>& keys) {
  std::string out = fmt::format(
      "# Who may do what with the code, from the first commit on; doc/custody.md explains it.\n"
      "# Raise the version with every change: an older policy is refused where a newer was seen.\n"
      "custody: 1\nproject: {}\nversion: 1\n\nkeys:\n",
      json_quote(project));
  std::map<std::string, std::string> named;
  for (const PhaseKey& key : keys) named.emplace(key.name, key.pem);
  for (const auto& [name, pem] : named) {
    out += fmt::format("  {}: |\n", json_quote(name));
    each_line(pem, [&](std::string_view line) { out += fmt::format("    {}\n", line); });
  }
  out += "\nphases:\n";
  for (const auto& phase : phases) {
    std::vector<std::string> names;
    for (const PhaseKey& key : keys)
      if (key.phase == phase) names.push_back(json_quote(key.name));
    out += fmt::format("  - name: {}\n    keys: [{}]\n    threshold: 1\n", phase,
                       fmt::join(names, ", "));
    const auto known = usual().find(phase);
    if (known != usual().end()) {
      const Usual& u = known->second;
      if (!u.materials.empty()) out += fmt::format("    materials: {}\n", u.materials);
      out += fmt::format("    products: {}\n    evidence:\n      {}\n", u.products, u.evidence);
    }
    out += "    # command: make check\n    # max-age: 7d\n";
  }
  out += "\n# No key acts in two phases of one line.\n";
  std::string pairs;
  for (const auto& phase : phases) pairs += (pairs.empty() ? "" : ", ") + phase;
  return out + fmt::format("{}separate:\n{}  - [{}]\n", phases.size() < 2 ? "# " : "",
                           phases.size() < 2 ? "# " : "", pairs);
}

}  // namespace boltseal
