// Names by https://ossf.github.io/osv-schema/#defined-ecosystems; who keys by source and who by
// binary package is known from the feeds themselves: Debian, Ubuntu, Alpine and their kin by
// source, the rebuilds of RHEL by binary, the rest by either.
#include "match/ecosystem.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace boltseal {
namespace {

enum class By : std::uint8_t { source, binary, either };

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
    {"chainguard", "Chainguard", 0, By::source, ""},
    {"debian", "Debian", 1, By::source, ""},
    {"echo", "Echo", 0, By::source, ""},
    {"fedora", "Fedora", 1, By::binary, ""},
    {"mageia", "Mageia", 1, By::either, ""},
    {"mariner", "Azure Linux", 1, By::either, ""},
    {"minimos", "MinimOS", 0, By::source, ""},
    {"ol", "Oracle Linux", 1, By::binary, ""},
    {"openeuler", "openEuler", 2, By::either, ""},
    {"opensuse-leap", "openSUSE", 2, By::either, "Leap "},
    {"opensuse-tumbleweed", "openSUSE", 0, By::either, "Tumbleweed"},
    {"photon", "Photon OS", 2, By::either, ""},
    {"rhel", "Red Hat", 1, By::binary, "enterprise_linux:"},
    {"rocky", "Rocky Linux", 1, By::binary, ""},
    {"sles", "SUSE", 2, By::either, "Linux Enterprise Server "},
    {"ubuntu", "Ubuntu", 2, By::source, ""},
    {"wolfi", "Wolfi", 0, By::source, ""},
});

constexpr auto debian_codenames =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"squeeze", "6"},
                                                                  {"wheezy", "7"},
                                                                  {"jessie", "8"},
                                                                  {"stretch", "9"},
                                                                  {"buster", "10"},
                                                                  {"bullseye", "11"},
                                                                  {"bookworm", "12"},
                                                                  {"trixie", "13"},
                                                                  {"forky", "14"}});

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
    const auto known = std::ranges::find(debian_codenames, std::string_view(d.codename),
                                         &std::pair<std::string_view, std::string_view>::first);
    if (known != debian_codenames.end()) version = known->second;
  }
  version = first_parts(version, name.parts);
  if (version.empty()) return {};
  if (d.id == "sles") {
    const auto parts = split(version, '.');
    version = std::string(parts[0]) +
              (parts.size() > 1 && parts[1] != "0" ? " SP" + std::string(parts[1]) : "");
  } else if (d.id == "openeuler" && contains_nocase(d.name, "LTS")) {
    version += "-LTS";
  }
  return std::string(name.prefix) + version;
}

// Whether a database's ecosystem is the wanted one or a part of it ("Ubuntu:22.04:LTS", "Red
// Hat:enterprise_linux:9::baseos").
bool is_part(std::string_view ecosystem, std::string_view wanted) {
  return ecosystem == wanted || (ecosystem.starts_with(wanted) && ecosystem[wanted.size()] == ':');
}

}  // namespace

std::string_view language_ecosystem(PackageType type) {
  switch (type) {
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
  for (int type = 0; type <= static_cast<int>(PackageType::generic); ++type) {
    const auto name = language_ecosystem(static_cast<PackageType>(type));
    languages_.push_back(!name.empty() && database.covers(name));
  }
  const auto known =
      std::ranges::find(distributions, std::string_view(distribution.id), &DistributionName::id);
  if (known == distributions.end()) return;
  by_source_ = known->by != By::binary;
  by_binary_ = known->by != By::source;
  wanted_ = known->name;
  if (known->parts > 0 || !known->prefix.empty()) {
    const auto release =
        known->parts > 0 ? release_of(distribution, *known) : std::string(known->prefix);
    if (release.empty()) return;
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

bool Ecosystems::covers(PackageType type) const {
  return is_os_package(type) ? !distribution_.empty()
                             : languages_.at(static_cast<std::size_t>(type));
}

std::vector<Key> Ecosystems::keys(const Package& package) const {
  std::vector<Key> out;
  if (!is_os_package(package.type)) {
    if (covers(package.type))
      out.push_back({language_ecosystem(package.type), package.name, package.version});
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
    const auto& version = package.source_version.empty() ? package.version : package.source_version;
    out.push_back({ecosystem, package.source_name, version, true});
  }
  return out;
}

}  // namespace boltseal
