// Names by https://ossf.github.io/osv-schema/#defined-ecosystems; who keys by source and who by
// binary package is known from there and from the feeds themselves: Debian, Ubuntu, Alpine and
// their kin by source, AlmaLinux and Red Hat by binary, Wolfi and its kin by "package", which may
// be either, and so may those whose records name sources that share their binaries' names.
#include "match/ecosystem.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "inventory/codenames.h"

namespace boltseal {
namespace {

// alike: by source, as far as the binary package has the version of its source.
enum class By : std::uint8_t { source, binary, either, alike };

struct DistributionName {
  std::string_view id;    // of os-release
  std::string_view name;  // of the ecosystem
  int parts;              // of VERSION_ID that the ecosystem writes after ":"; 0: none
  By by;
  std::string_view prefix;  // between ":" and the version
};

constexpr auto distributions = std::to_array<DistributionName>({
    {"almalinux", "AlmaLinux", 1, By::binary, ""},
    {"alpaquita", "Alpaquita", 1, By::source, ""},
    {"alpine", "Alpine", 2, By::source, "v"},
    {"amzn", "Amazon Linux", 1, By::binary, ""},
    {"azurelinux", "Azure Linux", 1, By::either, ""},
    {"bellsoft-hardened-containers", "BellSoft Hardened Containers", 1, By::source, ""},
    {"centos", "Red Hat", 1, By::binary, "enterprise_linux:"},
    {"chainguard", "Chainguard", 0, By::either, ""},
    {"cleanstart", "CleanStart", 0, By::either, ""},
    {"clnstrt", "CleanStart", 0, By::either, ""},
    {"debian", "Debian", 1, By::source, ""},
    {"echo", "Echo", 0, By::source, ""},
    {"fedora", "Fedora", 1, By::binary, ""},
    {"mageia", "Mageia", 1, By::either, ""},
    {"mariner", "Azure Linux", 1, By::either, ""},
    {"minimos", "MinimOS", 0, By::either, ""},
    {"ol", "Oracle Linux", 1, By::binary, ""},
    {"openeuler", "openEuler", 2, By::either, ""},
    {"opensuse-leap", "openSUSE", 2, By::either, "Leap "},
    {"opensuse-leap-micro", "openSUSE", 2, By::either, "Leap Micro "},
    {"opensuse-tumbleweed", "openSUSE", 0, By::either, "Tumbleweed"},
    {"photon", "Photon OS", 2, By::either, ""},
    {"rhel", "Red Hat", 1, By::binary, "enterprise_linux:"},
    {"rocky", "Rocky Linux", 1, By::alike, ""},
    {"sl-micro", "SUSE", 2, By::either, "Linux Micro "},
    {"sle-micro", "SUSE", 2, By::either, "Linux Enterprise Micro "},
    {"sle_hpc", "SUSE", 2, By::either, "Linux Enterprise High Performance Computing "},
    {"sled", "SUSE", 2, By::either, "Linux Enterprise Desktop "},
    {"sles", "SUSE", 2, By::either, "Linux Enterprise Server "},
    {"suse-microos", "SUSE", 2, By::either, "Linux Enterprise Micro "},
    {"ubuntu", "Ubuntu", 2, By::source, ""},
    {"wolfi", "Wolfi", 0, By::either, ""},
});

// What packages of other purl types are called: "hex:phoenix" as name of a generic package.
constexpr auto other_types = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"bioconductor", "Bioconductor"},
     {"bitnami", "Bitnami"},
     {"conan", "ConanCenter"},
     {"cran", "CRAN"},
     {"github", "GitHub Actions"},
     {"githubactions", "GitHub Actions"},
     {"hackage", "Hackage"},
     {"hex", "Hex"},
     {"julia", "Julia"},
     {"opam", "opam"},
     {"pub", "Pub"},
     {"swift", "SwiftURL"},
     {"vscode-extension", "VSCode"}});

// "3.18.4" in two parts: "3.18".
std::string first_parts(std::string_view version, int parts) {
  std::size_t end = 0;
  for (int i = 0; i < parts && end != std::string_view::npos; ++i)
    end = version.find('.', i == 0 ? 0 : end + 1);
  return std::string(version.substr(0, end));
}

std::string release_of(const Distribution& d, const DistributionName& name) {
  if (d.id == "alpine" && d.codename == "edge") return "edge";
  std::string version = d.version_id;
  if (version.empty() && d.id == "debian") {
    version = release_of_codename(d.codename);
  }
  version = first_parts(version, name.parts);
  if (version.empty()) return {};
  const auto parts = split(version, '.');
  // Up to 15, "15.5" is "15 SP5"; since 16 there are no service packs.
  if ((d.id == "sles" || d.id == "sled" || d.id == "sle_hpc") &&
      parse_u64(parts[0]).value_or(0) < 16) {
    version = std::string(parts[0]) +
              (parts.size() > 1 && parts[1] != "0" ? " SP" + std::string(parts[1]) : "");
  } else if (d.id == "openeuler") {
    // "openEuler 22.03 (LTS-SP3)": the service pack stands in the name only.
    const auto open = d.name.find('('), close = d.name.find(')');
    if (open < close && close != std::string::npos)
      version += "-" + replace_all(d.name.substr(open + 1, close - open - 1), " ", "-");
  }
  return std::string(name.prefix) + version;
}

// Whether a database's ecosystem is the wanted one or a part of it ("Ubuntu:22.04:LTS", "Red
// Hat:enterprise_linux:9::baseos", since RHEL 10 with its minor release, "…:10.0"). SUSE names the
// module that a package comes with: "SUSE:Linux Enterprise Module for Basesystem 15 SP5" is a part
// of "SUSE:Linux Enterprise Server 15 SP5".
bool is_part(std::string_view ecosystem, std::string_view wanted) {
  constexpr std::string_view module = "SUSE:Linux Enterprise Module for ";
  const bool has_modules =
      wanted.starts_with("SUSE:Linux Enterprise ") && wanted.find(" Micro ") == wanted.npos;
  if (const auto release = wanted.find_first_of("0123456789");
      has_modules && release != wanted.npos && ecosystem.starts_with(module))
    return ecosystem.ends_with(wanted.substr(release - 1));
  if (ecosystem == wanted) return true;
  if (!ecosystem.starts_with(wanted)) return false;
  const char next = ecosystem[wanted.size()];
  return next == ':' || (next == '.' && wanted.starts_with("Red Hat:"));
}

// With the epoch of the binary package where that is of the same version.
std::string_view source_version_of(const Package& package) {
  if (package.source_version.empty()) return package.version;
  std::string_view plain = package.version;
  if (package.type == PackageType::rpm)
    if (const auto parts = cut(plain, ":"); parts && parse_u64(parts->first)) plain = parts->second;
  return plain == package.source_version ? package.version : package.source_version;
}

}  // namespace

std::string_view language_ecosystem(const Package& package) {
  if (package.type == PackageType::generic) {
    const auto parts = cut(package.name, ":");
    if (!parts) return {};
    const auto found = std::ranges::find(other_types, parts->first,
                                         &std::pair<std::string_view, std::string_view>::first);
    return found == other_types.end() ? std::string_view{} : found->second;
  }
  switch (package.type) {
    case PackageType::pypi:
      return "PyPI";
    case PackageType::npm:
      return "npm";
    case PackageType::maven:
      return "Maven";
    case PackageType::golang:
      return "Go";
    case PackageType::cargo:
      return "crates.io";
    case PackageType::gem:
      return "RubyGems";
    case PackageType::composer:
      return "Packagist";
    case PackageType::nuget:
      return "NuGet";
    default:
      return {};
  }
}

Ecosystems::Ecosystems(const Database& database, const Distribution& distribution) {
  const auto add = [&](std::string_view name) {
    if (!name.empty() && database.covers(name)) languages_.push_back(name);
  };
  for (int type = 0; type <= static_cast<int>(PackageType::generic); ++type) {
    Package any;
    any.type = static_cast<PackageType>(type);
    add(language_ecosystem(any));
  }
  for (const auto& [type, name] : other_types) add(name);
  const auto known =
      std::ranges::find(distributions, std::string_view(distribution.id), &DistributionName::id);
  if (known == distributions.end()) return;
  by_source_ = known->by != By::binary;
  by_binary_ = known->by != By::source;
  alike_only_ = known->by == By::alike;
  wanted_ = known->name;
  if (known->parts > 0 || !known->prefix.empty()) {
    const auto release =
        known->parts > 0 ? release_of(distribution, *known) : std::string(known->prefix);
    lacks_release_ = release.empty();
    if (lacks_release_) return;
    wanted_ += ":" + release;
  }
  // Fixes of a paid service count only where it is in use, which the image alone does not tell: see
  // keys().
  const std::string pro =
      known->id == "ubuntu" ? "Ubuntu:Pro:" + wanted_.substr(wanted_.find(':') + 1) : "";
  for (auto& name : database.ecosystems())
    if (is_part(name, wanted_) || (!pro.empty() && is_part(name, pro)))
      distribution_.push_back(std::move(name));
}

bool Ecosystems::covers(const Package& package) const {
  if (is_os_package(package.type)) return !distribution_.empty();
  return std::ranges::find(languages_, language_ecosystem(package)) != languages_.end();
}

std::vector<Key> Ecosystems::keys(const Package& package) const {
  std::vector<Key> out;
  if (!is_os_package(package.type)) {
    if (!covers(package)) return out;
    std::string_view name = package.name;
    if (package.type == PackageType::generic) name.remove_prefix(name.find(':') + 1);
    out.push_back({language_ecosystem(package), name, package.version});
    return out;
  }
  const bool has_source = !package.source_name.empty();
  for (const std::string& ecosystem : distribution_) {
    // A package of Ubuntu Pro says so in its version ("2.31-0ubuntu9.9+esm1").
    if (ecosystem.starts_with("Ubuntu:Pro:") && package.version.find("esm") == std::string::npos)
      continue;
    if (by_binary_ || !has_source) out.push_back({ecosystem, package.name, package.version});
    if (!by_source_ || !has_source) continue;
    if (by_binary_ && package.source_name == package.name) continue;
    // A source rpm names no epoch. Where the binary package has the same version, it has the epoch
    // too; "perl-Errno 1.30" of "perl 4:5.32" has not, and 5.32 would be older than any fix of
    // perl.
    const auto version = source_version_of(package);
    if (alike_only_ && version.data() != package.version.data()) continue;
    out.push_back({ecosystem, package.source_name, version, true});
  }
  return out;
}

}  // namespace boltseal
