#include "cli/hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "cli/cosign_words.h"

namespace boltseal {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Commands of Trivy and Grype. What stands behind them goes into the answer.
constexpr auto commands_there = std::to_array<Pair>({
    {"image", "scan"},
    {"i", "scan"},
    {"fs", "scan dir:"},
    {"filesystem", "scan dir:"},
    {"rootfs", "scan dir:"},
    {"packages", "sbom"},
    {"clean", "cache clear"},
});

// Options of Trivy, Grype and Syft that have another name here.
constexpr auto options_there = std::to_array<Pair>({
    {"--ignore-unfixed", "--only-fixed"},
    {"--exit-code", "--fail-on high"},
    {"--format", "-o FORMAT"},
    {"-f", "-o FORMAT, or --fail-on"},
    {"--skip-dirs", "--exclude"},
    {"--skip-files", "--exclude"},
    {"--ignorefile", "--ignore-file"},
    {"--input", "a reference: docker-archive:FILE or oci-archive:FILE"},
    {"--file", "-o FORMAT=FILE"},
    {"--vuln-type", "--type"},
    {"--pkg-types", "--type"},
    {"--no-progress", "-q"},
    {"--insecure", "--insecure-http, for plain HTTP; a CA of your own goes into BOLTSEAL_CA_FILE"},
    {"--skip-db-update", "the default: only `boltseal db update` fetches advisories"},
    {"--offline-scan", "--offline"},
    {"--show-suppressed", "-o json, which holds them as \"dropped\""},
    {"--include-dev-deps", "the default; --no-dev leaves them out"},
    {"--debug", "-v"},
    {"--exit-on-eol", "--fail-on eol"},
    {"--username", "`docker login` or `podman login`, whose files are read"},
    {"--password", "`docker login` or `podman login`, whose files are read"},
    {"--list-all-pkgs", "-o json, which always holds all packages"},
    {"--scope", "the default: what a later layer removes is not in the image"},
    {"--from", "a reference with the source in front, such as docker:NAME"},
    {"--add-cpes-if-none", "not there: Boltseal does not guess CPEs"},
    {"--by-cve", "the default: a flaw is named by its CVE"},
    {"--json", "-o json"},
});

std::string_view answer(std::span<const Pair> pairs, std::string_view word) {
  const auto found = std::ranges::find(pairs, word, &Pair::first);
  return found == pairs.end() ? std::string_view{} : found->second;
}

}  // namespace

std::string hint_for(const std::vector<std::string_view>& words,
                     const std::vector<std::string_view>& commands) {
  const bool ours = !words.empty() && std::ranges::find(commands, words[0]) != commands.end();
  if (!words.empty() && !ours && !words[0].starts_with('-')) {
    const auto there = answer(commands_there, words[0]);
    if (!there.empty())
      return fmt::format("Here that is `boltseal {}{}`.", there,
                         there.starts_with("scan dir") ? "PATH"
                         : there == "cache clear"      ? ""
                                                       : " REF");
    return fmt::format("There is no command \"{}\". To scan an image: boltseal scan {}",
                       printable(words[0]), printable(words[0]));
  }
  for (const auto word : words) {
    const auto name = word.substr(0, word.find('='));
    if (const auto cosigns = cosign_option_here(words[0], name); !cosigns.empty())
      return fmt::format("What is {} in cosign is here: {}", name, cosigns);
    const auto here = answer(options_there, name);
    if (!here.empty()) return fmt::format("What is {} elsewhere is here: {}", name, here);
  }
  return {};
}

}  // namespace boltseal
