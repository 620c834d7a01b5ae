// The vendors of rpm distributions are what their own packages say (rpm -q --qf '%{VENDOR}'), the
// publishers of apks what theirs do ("m:" in lib/apk/db/installed). The publishers of debs were
// taken from the packages of their repositories; none of the addresses and marks occurs in the
// package lists of Debian 12 and 13 and Ubuntu 24.04, which is what makes them usable.
// osrfoundation.org is one that does: its people maintain packages inside of Debian.
#include "inventory/origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace boltseal {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Distribution id, and how its vendor begins, in lower case. A distribution of no line is not
// judged.
constexpr auto own_vendors = std::to_array<Pair>({
    {"almalinux", "almalinux"},
    {"almalinux", "cloudlinux"},
    {"amzn", "amazon"},
    {"azurelinux", "microsoft corporation"},
    {"centos", "centos"},
    {"centos", "red hat"},
    {"fedora", "fedora project"},
    {"mariner", "microsoft corporation"},
    {"ol", "oracle america"},
    {"opensuse-leap", "opensuse"},
    {"opensuse-leap", "suse"},
    {"opensuse-tumbleweed", "opensuse"},
    {"opensuse-tumbleweed", "suse"},
    {"photon", "broadcom"},
    {"photon", "vmware"},
    {"rhel", "red hat"},
    {"rocky", "rocky"},
    {"sles", "suse"},
});

// Ends of the maintainer's address, in lower case; one with a name before "@" is a whole address.
constexpr auto deb_publishers = std::to_array<std::string_view>({
    "@aquasec.com",
    "@azul.com",
    "@clickhouse.com",
    "@cloudflare.com",
    "@confluent.io",
    "@datadoghq.com",
    "@docker.com",
    "@elastic.co",
    "@f5.com",
    "@gitlab.com",
    "@grafana.com",
    "@hashicorp.com",
    "@heroku.com",
    "@influxdata.com",
    "@influxdb.com",
    "@konghq.com",
    "@microsoft.com",
    "@mongodb.com",
    "@newrelic.com",
    "@nginx.com",
    "@nodesource.com",
    "@openrobotics.org",
    "@percona.com",
    "@puppet.com",
    "@puppetlabs.com",
    "@rabbitmq.com",
    "@redis.io",
    "@sap.com",
    "@sysdig.com",
    "@tailscale.com",
    "@zabbix.com",
    "chromium-dev@chromium.org",
    "corretto-team@amazon.com",
    "cudatools@nvidia.com",
    "dev@couchdb.apache.org",
    "dev@kubernetes.io",
    "developers@lists.mariadb.org",
    "maria-developers@lists.launchpad.net",
    "mysql-build@oss.oracle.com",
    "support@brave.com",
    "support@signal.org",
    "temurin-dev@eclipse.org",
    "yarn@dan.cx",
});

// The same of apks that are not Alpine's.
constexpr auto apk_publishers = std::to_array<std::string_view>({
    "@azul.com",
    "corretto-team@amazon.com",
    "nginx-packaging@f5.com",
    "nginx-packaging@nginx.com",
});

// The whole maintainer field of who gives no address.
constexpr auto nameless = std::to_array<std::string_view>(
    {"GitHub", "Google Cloud CLI Authors", "HashiCorp", "Kubernetes Authors"});

// Marks in versions, and whose they are.
constexpr auto marks = std::to_array<Pair>({
    {"deb.sury.org", "deb.sury.org"},
    {"dotdeb", "dotdeb.org"},
    {"nodesource", "NodeSource"},
    {".pgdg", "apt.postgresql.org"},
    {"ppa", "a personal package archive"},
});

// What a distribution's own packages are; nullopt when that is not known. What is of another type
// came with a program that was copied from elsewhere (a package note in it), or with a second
// package manager.
std::optional<PackageType> package_type_of(const Distribution& distribution) {
  const auto of_id = [](std::string_view id) -> std::optional<PackageType> {
    for (const std::string_view deb : {"debian", "ubuntu"})
      if (id == deb) return PackageType::deb;
    for (const std::string_view apk : {"alpaquita", "alpine", "chainguard", "minimos", "wolfi"})
      if (id == apk) return PackageType::apk;
    for (const std::string_view rpm : {"mageia", "openeuler", "suse"})
      if (id == rpm) return PackageType::rpm;
    const bool known = std::ranges::find(own_vendors, id, &Pair::first) != own_vendors.end();
    return known ? std::optional(PackageType::rpm) : std::nullopt;
  };
  if (const auto type = of_id(distribution.id)) return type;
  for (const std::string& like : distribution.id_like)
    if (const auto type = of_id(like)) return type;
  return std::nullopt;
}

// "1.27.0-1~bookworm": who builds one version for several releases tells them apart so. Debian and
// Ubuntu write "+deb12u1" and "ubuntu0.22.04.1".
bool names_codename(std::string_view version, std::string_view codename) {
  if (codename.size() < 3) return false;
  const auto at = version.rfind(codename);
  if (at == version.npos || at == 0) return false;
  const auto after = at + codename.size();
  return std::string_view("~+.-").find(version[at - 1]) != std::string_view::npos &&
         (after == version.size() || !is_alpha(version[after]));
}

// "Docker <support@docker.com>" → "support@docker.com".
std::string address_of(std::string_view maintainer) {
  const auto open = maintainer.rfind('<');
  if (open != maintainer.npos) maintainer.remove_prefix(open + 1);
  return lower(trim(trim_end(trim(maintainer), '>')));
}

bool is_one_of(std::span<const std::string_view> publishers, std::string_view maintainer) {
  const std::string address = address_of(maintainer);
  return std::ranges::any_of(publishers, [&](auto end) {
    return end[0] == '@' ? address.ends_with(end) : address == end;
  });
}

std::string foreign_apk(const Package& package) {
  if (!is_one_of(apk_publishers, package.supplier)) return {};
  return fmt::format("its maintainer is {}", package.supplier);
}

std::string foreign_deb(const Package& package, std::string_view codename) {
  if (is_one_of(deb_publishers, package.supplier) ||
      std::ranges::find(nameless, std::string_view(package.supplier)) != nameless.end())
    return fmt::format("its maintainer is {}", package.supplier);
  for (const auto& [mark, whose] : marks)
    if (package.version.find(mark) != std::string::npos)
      return fmt::format("its version is one of {}", whose);
  if (names_codename(package.version, codename))
    return fmt::format("its version names {}, as only others' do", codename);
  return {};
}

// Who signs with no vendor at all may still be the distribution (packages of Amazon do so).
std::string foreign_rpm(const Package& package, std::string_view distribution) {
  if (package.supplier.empty()) return {};
  const std::string vendor = lower(package.supplier);
  bool known = false;
  for (const auto& [id, begin] : own_vendors) {
    if (id != distribution) continue;
    if (vendor.starts_with(begin)) return {};
    known = true;
  }
  return known ? fmt::format("its vendor is {}", package.supplier) : std::string();
}

}  // namespace

std::string third_party(const Package& package, const Distribution& distribution) {
  if (!is_os_package(package.type)) return {};
  const auto own = package_type_of(distribution);
  if (own && *own != package.type)
    return fmt::format("it is of type {}, and {} has packages of type {}", name_of(package.type),
                       distribution.id, name_of(*own));
  if (package.type == PackageType::rpm) return foreign_rpm(package, distribution.id);
  if (package.type == PackageType::apk && distribution.id == "alpine") return foreign_apk(package);
  if (package.type == PackageType::deb &&
      (distribution.id == "debian" || distribution.id == "ubuntu"))
    return foreign_deb(package, distribution.codename);
  return {};
}

}  // namespace boltseal
