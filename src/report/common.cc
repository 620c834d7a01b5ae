#include "report/common.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "inventory/image_name.h"
#include "inventory/purl.h"

namespace boltseal {
namespace {

bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  return true;
}

}  // namespace

std::size_t roughly_bytes(const Report& report) {
  constexpr std::size_t frame = 65536, package = 1600, finding = 1600;  // seen in real images
  return frame + package * report.inventory.packages.size() +
         finding * (report.findings.size() + report.dropped.size());
}

std::vector<std::string> purls_of(const Inventory& inventory) {
  std::vector<std::string> purls;
  purls.reserve(inventory.packages.size());
  for (const Package& package : inventory.packages)
    purls.push_back(purl(package, inventory.distribution));
  return purls;
}

// https://github.com/package-url/purl-spec, type "oci": the name is the last part of the
// repository, in lower case.
std::string image_purl(const ImageInfo& image) {
  // The file name of an SBOM does not tell what the image is called.
  if (image.manifest_digest.empty() || image.kind == "sbom") return {};
  const auto is_place = name_of_place(image.reference);
  std::string_view where = is_place ? *is_place : name_in_registry(image.reference);
  where = trim_end(where.substr(0, where.find('@')), '/');
  const auto slash = where.rfind('/');
  const auto colon = where.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash))
    where = where.substr(0, colon);
  const std::string name = lower(slash == std::string_view::npos ? where : where.substr(slash + 1));
  if (name.empty() || name == "." || name == "..") return {};
  std::string out = fmt::format("pkg:oci/{}@{}", percent_encode(name, ""),
                                percent_encode(image.manifest_digest, ":"));
  char mark = '?';
  const auto qualifier = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out += fmt::format("{}{}={}", mark, key, percent_encode(value, ":"));
    mark = '&';
  };
  qualifier("arch", image.architecture);
  // Only a reference with a host is a repository.
  const auto host = where.substr(0, where.find('/'));
  if (!is_place && slash != std::string_view::npos && slash > 0 &&
      host.find('.') != std::string_view::npos && host.front() != '.')
    qualifier("repository_url", lower(where));
  return out;
}

std::pair<std::string, std::string> group_and_name(const Package& package) {
  const std::string& name = package.name;
  char by = 0;
  if (package.type == PackageType::maven) by = ':';
  if (package.type == PackageType::composer) by = '/';
  if (package.type == PackageType::npm && name.starts_with('@')) by = '/';
  const auto at = by ? name.find(by) : std::string::npos;
  if (at == std::string::npos || at == 0 || at + 1 == name.size()) return {{}, name};
  return {name.substr(0, at), name.substr(at + 1)};
}

bool is_web_address(std::string_view text) {
  const auto rest = text.starts_with("https://")  ? text.substr(8)
                    : text.starts_with("http://") ? text.substr(7)
                                                  : std::string_view{};
  if (rest.empty() || !is_alnum(rest.front())) return false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (!is_alnum(c) && std::string_view("-._~:/?#@!$&'()*+,;=%").find(c) == std::string_view::npos)
      return false;
    if (c == '%' && !unhex(rest.substr(i + 1, 2))) return false;
    if (c == '%' && rest.size() < i + 3) return false;
  }
  return std::ranges::count(rest, '#') <= 1;
}

bool is_timestamp(std::string_view text) {
  if (!has_shape(text, "0000-00-00T00:00:00")) return false;
  auto zone = text.substr(19);
  if (zone.starts_with('.')) {
    zone.remove_prefix(1);
    if (zone.empty() || !is_digit(zone.front())) return false;
    while (!zone.empty() && is_digit(zone.front())) zone.remove_prefix(1);
  }
  const bool zoned =
      zone == "Z" || (zone.size() == 6 && (has_shape(zone, "+00:00") || has_shape(zone, "-00:00")));
  return zoned && parse_rfc3339(text).has_value();
}

std::string utc_seconds(std::string_view text) {
  const bool day = text.size() == 10 && has_shape(text, "0000-00-00");
  const std::string whole = std::string(text) + (day ? "T00:00:00Z" : "");
  return is_timestamp(whole) ? rfc3339(*parse_rfc3339(whole)) : std::string();
}

std::string help_address(const Finding& finding) {
  for (const auto& address : finding.references)
    if (is_web_address(address)) return std::string(address);
  const bool plain = !finding.id.empty() && std::ranges::all_of(finding.id, [](char c) {
    return is_alnum(c) || c == '-' || c == ':' || c == '.';
  });
  if (!plain) return {};
  if (finding.id.starts_with("CVE-"))
    return fmt::format("https://nvd.nist.gov/vuln/detail/{}", finding.id);
  return fmt::format("https://osv.dev/vulnerability/{}", finding.id);
}

double security_score(const Finding& finding) {
  struct Band {
    double low, high, middle;
  };
  constexpr Band bands[] = {{0, 10, 0},    {0, 0.9, 0.5}, {1, 3.9, 2},
                            {4, 6.9, 5.5}, {7, 8.9, 8},   {9, 10, 9.5}};
  const Band& band = bands[static_cast<std::size_t>(finding.severity)];
  return finding.cvss.empty() ? band.middle
                              : std::clamp(finding.cvss.front().score, band.low, band.high);
}

std::string recommendation(const Finding& finding, const Package& package) {
  if (!finding.fixed_versions.empty())
    return fmt::format("Upgrade {} to {}.", package.name,
                       fmt::join(finding.fixed_versions, " or "));
  switch (finding.fix_state) {
    case FixState::wont_fix:
      return "The vendor will not fix this.";
    case FixState::deferred:
      return "The vendor has put the fix off.";
    case FixState::end_of_life:
      return "The release is out of support: there will be no fix.";
    default:
      return "There is no fixed version yet.";
  }
}

std::string uuid_of(std::string_view content) {
  std::string bytes = hash(HashKind::sha256, content).substr(0, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x80);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string text = hex(bytes);
  const std::string_view view = text;
  return fmt::format("{}-{}-{}-{}-{}", view.substr(0, 8), view.substr(8, 4), view.substr(12, 4),
                     view.substr(16, 4), view.substr(20));
}

}  // namespace boltseal
