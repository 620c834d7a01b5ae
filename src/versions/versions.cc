#include "versions/versions.h"

#include <array>

#include "versions/schemes.h"

namespace boltseal {
namespace {

struct Entry {
  std::string_view ecosystem;
  Scheme scheme;
};

// The ecosystems of the OSV schema (https://ossf.github.io/osv-schema/#defined-ecosystems) and of
// the feeds we read besides.
constexpr auto entries = std::to_array<Entry>({
    {"AlmaLinux", Scheme::rpm},
    {"Alpaquita", Scheme::apk},
    {"Alpine", Scheme::apk},
    {"Amazon Linux", Scheme::rpm},
    {"Azure Linux", Scheme::rpm},
    {"BellSoft Hardened Containers", Scheme::apk},
    {"CBL-Mariner", Scheme::rpm},
    {"CentOS", Scheme::rpm},
    {"Chainguard", Scheme::apk},
    {"Debian", Scheme::dpkg},
    {"Echo", Scheme::dpkg},
    {"Fedora", Scheme::rpm},
    {"Go", Scheme::go},
    {"Hex", Scheme::semver},
    {"Julia", Scheme::semver},
    {"Mageia", Scheme::rpm},
    {"Maven", Scheme::maven},
    {"MinimOS", Scheme::apk},
    {"NuGet", Scheme::nuget},
    {"Oracle Linux", Scheme::rpm},
    {"Packagist", Scheme::packagist},
    {"Photon OS", Scheme::rpm},
    {"Pub", Scheme::semver},
    {"PyPI", Scheme::pep440},
    {"Red Hat", Scheme::rpm},
    {"Rocky Linux", Scheme::rpm},
    {"RubyGems", Scheme::rubygems},
    {"SUSE", Scheme::rpm},
    {"SwiftURL", Scheme::semver},
    {"Ubuntu", Scheme::dpkg},
    {"Wolfi", Scheme::apk},
    {"crates.io", Scheme::semver},
    {"npm", Scheme::npm},
    {"openEuler", Scheme::rpm},
    {"openSUSE", Scheme::rpm},
    {"rpm", Scheme::rpm},
    {"semver", Scheme::semver},
});

constexpr std::array<std::string_view, 11> names = {"dpkg",      "apk",   "rpm", "semver",
                                                    "pep440",    "maven", "npm", "rubygems",
                                                    "packagist", "nuget", "go"};

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
  }
  return std::nullopt;
}

std::optional<Scheme> scheme_of(std::string_view ecosystem) {
  const auto name = ecosystem.substr(0, ecosystem.find(':'));
  const auto found = std::ranges::find(entries, name, &Entry::ecosystem);
  if (found == entries.end()) return std::nullopt;
  return found->scheme;
}

std::string_view name_of(Scheme scheme) { return names.at(static_cast<std::size_t>(scheme)); }

}  // namespace boltseal
