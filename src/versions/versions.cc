#include "versions/versions.h"

#include <array>

#include "base/text.h"
#include "versions/schemes.h"

namespace boltseal {
namespace {

struct Entry {
  std::string_view ecosystem;
  Scheme scheme;
};

// The ecosystems of the OSV schema (https://ossf.github.io/osv-schema/#defined-ecosystems) and of
// the feeds we read besides. Those that are not here have no packages in an image (Android, Linux,
// OSS-Fuzz, GIT) or an order of their own that we do not have (FreeBSD).
constexpr auto entries = std::to_array<Entry>({
    {"AlmaLinux", Scheme::rpm},
    {"Alpaquita", Scheme::apk},
    {"Alpine", Scheme::apk},
    {"Amazon Linux", Scheme::rpm},
    {"Azure Linux", Scheme::rpm},
    {"BellSoft Hardened Containers", Scheme::apk},
    {"Bioconductor", Scheme::cran},
    {"Bitnami", Scheme::bitnami},
    {"CBL-Mariner", Scheme::rpm},
    {"CRAN", Scheme::cran},
    {"CentOS", Scheme::rpm},
    {"CentOS Hyperscale", Scheme::rpm},
    {"Chainguard", Scheme::apk},
    {"CleanStart", Scheme::apk},
    {"ConanCenter", Scheme::loose},
    {"Debian", Scheme::dpkg},
    {"Docker Hardened Images", Scheme::loose},
    {"Echo", Scheme::dpkg},
    {"Fedora", Scheme::rpm},
    {"GHC", Scheme::hackage},
    {"GitHub Actions", Scheme::loose},
    {"Go", Scheme::go},
    {"Hackage", Scheme::hackage},
    {"Hex", Scheme::semver},
    {"Julia", Scheme::pub},
    {"Kubernetes", Scheme::loose},
    {"Mageia", Scheme::rpm},
    {"Maven", Scheme::maven},
    {"MinimOS", Scheme::apk},
    {"NuGet", Scheme::nuget},
    {"Oracle Linux", Scheme::rpm},
    {"Packagist", Scheme::packagist},
    {"Photon OS", Scheme::rpm},
    {"Pub", Scheme::pub},
    {"PyPI", Scheme::pep440},
    {"Red Hat", Scheme::rpm},
    {"Rocky Linux", Scheme::rpm},
    {"RubyGems", Scheme::rubygems},
    {"SUSE", Scheme::rpm},
    {"SwiftURL", Scheme::semver},
    {"Ubuntu", Scheme::dpkg},
    {"VSCode", Scheme::loose},
    {"Wolfi", Scheme::apk},
    {"crates.io", Scheme::semver},
    {"npm", Scheme::npm},
    {"opam", Scheme::opam},
    {"openEuler", Scheme::rpm},
    {"openSUSE", Scheme::rpm},
    {"rpm", Scheme::rpm},
    {"semver", Scheme::semver},
});

constexpr auto names = std::to_array<std::string_view>(
    {"dpkg", "apk", "rpm", "semver", "pep440", "maven", "npm", "rubygems", "packagist", "nuget",
     "go", "pub", "cran", "hackage", "opam", "bitnami", "loose"});

}  // namespace

std::optional<std::strong_ordering> compare_versions(Scheme scheme, std::string_view a,
                                                     std::string_view b) {
  using namespace versions;
  switch (scheme) {
    case Scheme::dpkg:
      return compare_dpkg(a, b);
    case Scheme::apk:
      return compare_apk(a, b);
    case Scheme::rpm:
      return compare_rpm(a, b);
    case Scheme::semver:
      return compare_semver(a, b);
    case Scheme::pep440:
      return compare_pep440(a, b);
    case Scheme::maven:
      return compare_maven(a, b);
    case Scheme::npm:
      return compare_npm(a, b);
    case Scheme::rubygems:
      return compare_rubygems(a, b);
    case Scheme::packagist:
      return compare_packagist(a, b);
    case Scheme::nuget:
      return compare_nuget(a, b);
    case Scheme::go:
      return compare_go(a, b);
    case Scheme::pub:
      return compare_pub(a, b);
    case Scheme::cran:
      return compare_cran(a, b);
    case Scheme::hackage:
      return compare_hackage(a, b);
    case Scheme::opam:
      return compare_opam(a, b);
    case Scheme::bitnami:
      return compare_bitnami(a, b);
    case Scheme::loose:
      return compare_loose(a, b);
  }
  return std::nullopt;
}

bool is_go_commit(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  version = version.substr(0, version.find('+'));
  constexpr std::string_view untagged = "0.0.0-";
  constexpr std::size_t date = 14, hash = 12;
  if (!version.starts_with(untagged)) return false;
  version.remove_prefix(untagged.size());
  return version.size() == date + 1 + hash && version[date] == '-' &&
         versions::all_digits(version.substr(0, date)) &&
         unhex(version.substr(date + 1)).has_value();
}

std::optional<Scheme> scheme_of(std::string_view ecosystem) {
  auto name = ecosystem.substr(0, ecosystem.find(':'));
  // Builds of other ecosystems' packages: "Root:Debian:12", "TuxCare:npm", "Echo:PyPI".
  if (name.size() < ecosystem.size() && (name == "Root" || name == "TuxCare" || name == "Echo")) {
    const auto inner = ecosystem.substr(name.size() + 1);
    // Their builds of npm's packages are told apart by build metadata alone: "1.2.3+echo.1".
    if (inner == "npm") return Scheme::pub;
    name = inner.substr(0, inner.find(':'));
  }
  const auto found = std::ranges::find(entries, name, &Entry::ecosystem);
  if (found == entries.end()) return std::nullopt;
  return found->scheme;
}

std::string_view name_of(Scheme scheme) { return names.at(static_cast<std::size_t>(scheme)); }

}  // namespace boltseal
