// The purl of a package and back, by https://github.com/package-url/purl-spec and its type
// definitions (August 2026), whose test suite it was measured with.
//
// Where the definitions leave room: the case of Go and npm names is kept (they are marked
// case-sensitive, and module paths are); an rpm epoch is a qualifier and a deb epoch stands in the
// version, as the specification's own examples have it, but both are read in both places;
// `upstream` is "name@version", for rpm the file name of the source rpm, which is what Syft writes
// and Grype reads. "type:name" as name of a generic package is a package of that purl type.
#include "inventory/purl.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "inventory/codenames.h"
#include "inventory/rpm_module.h"

namespace boltseal {
namespace {

constexpr std::size_t max_purl_bytes = 16384;

using Qualifiers = std::map<std::string, std::string>;

struct Parts {
  std::string type, space, name, version;  // space: the namespace, segments joined by "/"
  Qualifiers qualifiers;
  std::string subpath;
};

bool purl_type_text(std::string_view text) {
  return !text.empty() && is_alpha(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '.' || c == '-'; });
}

bool qualifier_key(std::string_view text) {
  return !text.empty() && !is_digit(text[0]) && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_';
  });
}

// What a type asks of its names; the same for writing and reading.
void normalise(Parts& parts) {
  const std::string_view type = parts.type;
  const auto among = [&](auto... types) { return ((type == types) || ...); };
  const bool both = among("alpm", "apk", "bitbucket", "brew", "composer", "deb", "github", "hex",
                          "luarocks", "vscode-extension");
  if (both || among("qpkg", "rpm", "yocto")) parts.space = lower(parts.space);
  if (both || among("bitnami", "chrome-extension", "oci", "otp", "pub", "pypi"))
    parts.name = lower(parts.name);
  if (among("huggingface", "oci", "vscode-extension")) parts.version = lower(parts.version);
  if (type == "pypi") std::ranges::replace(parts.name, '_', '-');
  if (type == "mlflow" && parts.qualifiers["repository_url"].contains("azuredatabricks.net"))
    parts.name = lower(parts.name);  // other registries of models mind the case
  if (type == "pub") std::ranges::replace_if(parts.name, [](char c) { return !is_alnum(c); }, '_');
}

// What the definition of a type forbids beyond the general form; empty when all is well.
std::string_view breach(const Parts& parts) {
  const std::string_view type = parts.type;
  if ((type == "otp" || type == "vcpkg") && !parts.space.empty())
    return "the type has no namespace";
  if ((type == "swift" || type == "vscode-extension") && parts.space.empty())
    return "the type wants a namespace";
  if (type == "cpan" && parts.name.contains("::")) return "a module in place of a distribution";
  if (type == "julia" && !parts.qualifiers.contains("uuid")) return "the type wants a uuid";
  if (type == "chrome-extension") {
    const auto in_name = [](char c) { return c >= 'a' && c <= 'p'; };
    const auto in_version = [](char c) { return is_digit(c) || c == '.'; };
    if (parts.name.size() != 32 || !std::ranges::all_of(parts.name, in_name))
      return "no id of an extension";
    if (!std::ranges::all_of(parts.version, in_version) ||
        std::ranges::count(parts.version, '.') > 3)
      return "no version of an extension";
  }
  return {};
}

std::string write(const Parts& parts) {
  std::string out = "pkg:" + parts.type + "/";
  if (!parts.space.empty()) {
    for (const std::string_view segment : split(parts.space, '/')) {
      if (!segment.empty()) out += percent_encode(segment, ":") + "/";
    }
  }
  out += percent_encode(parts.name, ":");
  if (!parts.version.empty()) out += "@" + percent_encode(parts.version, ":");
  char mark = '?';
  for (const auto& [key, value] : parts.qualifiers) {
    if (value.empty()) continue;
    out += mark + key + "=" + percent_encode(value, ":");
    mark = '&';
  }
  if (!parts.subpath.empty()) {
    mark = '#';
    for (const std::string_view segment : split(parts.subpath, '/')) {
      out += mark + percent_encode(segment, ":");
      mark = '/';
    }
  }
  return out;
}

// "3:1.2" as epoch and rest; no epoch when what stands before the colon is no number.
std::pair<std::string_view, std::string_view> cut_epoch(std::string_view version) {
  if (const auto parts = cut(version, ":");
      parts && parse_u64(parts->first) && !parts->second.empty())
    return *parts;
  return {{}, version};
}

std::string_view namespace_of(PackageType type, std::string_view id) {
  if (type != PackageType::rpm) return id;
  if (id == "rhel") return "redhat";
  return id.starts_with("opensuse") ? "opensuse" : id;
}

std::string upstream_of(const Package& package) {
  const bool same_name = package.source_name.empty() || package.source_name == package.name;
  const bool same_version =
      package.source_version.empty() || package.source_version == package.version;
  if (same_name && same_version) return {};
  const std::string& name = same_name ? package.name : package.source_name;
  if (package.type == PackageType::rpm) {
    const auto& version = package.source_version.empty() ? package.version : package.source_version;
    return name + "-" + std::string(cut_epoch(version).second) + ".src.rpm";
  }
  return same_version ? name : name + "@" + package.source_version;
}

void os_parts(const Package& package, const Distribution& distribution, Parts& parts) {
  parts.space = namespace_of(package.type, distribution.id);
  auto& qualifiers = parts.qualifiers;
  if (distribution) {
    qualifiers["distro"] = distribution.id;
    if (!distribution.version_id.empty()) qualifiers["distro"] += "-" + distribution.version_id;
  }
  qualifiers["arch"] = package.arch;
  qualifiers["upstream"] = upstream_of(package);
  if (package.type != PackageType::rpm) return;
  const auto [epoch, rest] = cut_epoch(package.version);
  if (parse_u64(epoch).value_or(0) != 0) qualifiers["epoch"] = epoch;
  parts.version = rest;
  qualifiers["modularitylabel"] = package.module;
}

// The last "/" of the name ends the namespace.
void cut_name(std::string_view whole, Parts& parts) {
  const auto slash = whole.rfind('/');
  if (slash != std::string_view::npos) parts.space = whole.substr(0, slash);
  parts.name = whole.substr(slash == std::string_view::npos ? 0 : slash + 1);
}

// ---- reading

std::unexpected<Error> bad(std::string what, std::string_view text) {
  return fail(Fault::corrupt, "not a purl: " + std::move(what), std::string(text.substr(0, 200)));
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 32; });
}

// Segments decoded and joined by "/"; empty ones are left out, as the specification says, and in a
// path those that name a place besides.
Result<std::string> decode_segments(std::string_view text, std::string_view whole,
                                    bool path = false) {
  std::string out;
  for (const std::string_view segment : split(text, '/')) {
    if (segment.empty() || (path && (segment == "." || segment == ".."))) continue;
    const auto decoded = percent_decode(segment);
    if (!decoded) return bad("a broken %-escape", whole);
    if (!out.empty()) out += '/';
    out += *decoded;
  }
  return out;
}

Result<Qualifiers> read_qualifiers(std::string_view text, std::string_view whole) {
  Qualifiers out;
  for (const std::string_view pair : split(text, '&')) {
    if (pair.empty()) continue;
    const auto parts = cut(pair, "=");
    if (!parts || !qualifier_key(parts->first)) return bad("a broken qualifier", whole);
    const auto value = percent_decode(parts->second);
    if (!value) return bad("a broken %-escape", whole);
    if (has_control(*value)) return bad("control characters", whole);
    if (!value->empty()) out.try_emplace(lower(parts->first), *value);
  }
  return out;
}

Result<Parts> read(std::string_view text) {
  const std::string_view whole = text;
  if (text.size() > max_purl_bytes) return fail(Fault::too_large, "a purl of over 16 KiB");
  if (text.size() < 4 || lower(text.substr(0, 4)) != "pkg:")
    return bad("it does not begin with \"pkg:\"", whole);
  text = trim(text).substr(4);
  while (text.starts_with('/')) text.remove_prefix(1);
  Parts parts;
  if (const auto at = text.rfind('#'); at != std::string_view::npos) {
    TRY(parts.subpath, decode_segments(text.substr(at + 1), whole, true));
    text = text.substr(0, at);
  }
  if (const auto at = text.rfind('?'); at != std::string_view::npos) {
    TRY(parts.qualifiers, read_qualifiers(text.substr(at + 1), whole));
    text = text.substr(0, at);
  }
  const auto head = cut(text, "/");
  if (!head || !purl_type_text(head->first)) return bad("it has no type", whole);
  parts.type = lower(head->first);
  text = trim_end(head->second, '/');
  // An "@" at the head of a segment is the scope of an npm name that somebody did not encode, not a
  // version.
  auto at = text.rfind('@');
  if (at != std::string_view::npos && (at == 0 || text[at - 1] == '/') &&
      text.find('/', at) != std::string_view::npos) {
    at = std::string_view::npos;
  }
  if (at != std::string_view::npos) {
    const auto version = percent_decode(text.substr(at + 1));
    if (!version) return bad("a broken %-escape", whole);
    parts.version = *version;
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  if (slash != std::string_view::npos) {
    TRY(parts.space, decode_segments(text.substr(0, slash), whole));
  }
  const auto name = percent_decode(text.substr(slash == std::string_view::npos ? 0 : slash + 1));
  if (!name) return bad("a broken %-escape", whole);
  parts.name = *name;
  if (parts.name.empty()) return bad("it has no name", whole);
  if (has_control(parts.name + parts.space + parts.version + parts.subpath))
    return bad("control characters", whole);
  normalise(parts);
  return parts;
}

// `upstream` as "name", "name@version" or "name-version-release.src.rpm".
void read_upstream(std::string_view upstream, Package& package) {
  if (package.type == PackageType::rpm && upstream.ends_with(".rpm")) {
    upstream.remove_suffix(4);
    upstream = upstream.substr(0, upstream.rfind('.'));  // ".src", ".nosrc"
    const auto release = upstream.rfind('-');
    const auto version = release == std::string_view::npos || release == 0
                             ? release
                             : upstream.rfind('-', release - 1);
    if (version == std::string_view::npos || version == 0) return;
    package.source_name = upstream.substr(0, version);
    package.source_version = upstream.substr(version + 1);
    return;
  }
  const auto parts = cut(upstream, "@");
  package.source_name = parts ? parts->first : upstream;
  if (parts) package.source_version = parts->second;
}

// `distro` is "debian-12" (Syft, Trivy), "3.19.1" (Trivy for apk), "bookworm" or "ubuntu-jammy"
// (debsbom, distributions).
void read_distro(std::string_view distro, std::string_view space, Distribution& out) {
  out.id = distribution_id(space);
  if (distro.empty()) return;
  const auto dash = distro.rfind('-');
  std::string_view version = distro;
  if (dash != std::string_view::npos && dash > 0) {
    version = distro.substr(dash + 1);
    out.id = distribution_id(distro.substr(0, dash));
  }
  const auto known = release_of_codename(version);
  if (!known.empty()) {
    out.codename = version;
    out.version_id = known;
  } else if (!version.empty() && is_digit(version[0])) {
    out.version_id = version;
  } else {
    out.id = distribution_id(distro);  // "arch", "opensuse-tumbleweed": no version at all
  }
}

// The version of an OS package, with its epoch in front unless that is nought in an rpm. What
// stands before a colon is an epoch, so a second colon would read differently when written again.
Result<std::string> os_version(PackageType type, const std::string& version, std::string_view epoch,
                               std::string_view whole) {
  auto [first, rest] = cut_epoch(version);
  const bool in_version = !first.empty();
  const auto number = parse_u64(in_version ? first : epoch).value_or(0);
  if (type != PackageType::rpm)
    return in_version || number == 0 ? version : std::to_string(number) + ":" + version;
  if (!cut_epoch(rest).first.empty()) return bad("a version with two epochs", whole);
  return number == 0 ? std::string(rest) : std::to_string(number) + ":" + std::string(rest);
}

std::string package_name(const Parts& parts, PackageType type) {
  if (is_os_package(type) || parts.space.empty()) return parts.name;
  return parts.space + (type == PackageType::maven ? ":" : "/") + parts.name;
}

}  // namespace

std::string purl(const Package& package, const Distribution& distribution) {
  Parts parts{.type = std::string(name_of(package.type)),
              .space = {},
              .name = package.name,
              .version = package.version,
              .qualifiers = {},
              .subpath = {}};
  switch (package.type) {
    case PackageType::deb:
    case PackageType::apk:
    case PackageType::rpm:
      os_parts(package, distribution, parts);
      break;
    case PackageType::maven:
      if (const auto both = cut(package.name, ":");
          both && !both->first.empty() && !both->second.empty()) {
        parts.space = both->first;
        parts.name = both->second;
      }
      break;
    case PackageType::generic:
      if (const auto both = cut(package.name, ":");
          both && purl_type_text(both->first) && !both->second.empty()) {
        parts.type = lower(both->first);
        cut_name(both->second, parts);
      } else {
        cut_name(package.name, parts);
      }
      parts.qualifiers["arch"] = package.arch;
      break;
    default:
      cut_name(package.name, parts);
  }
  if (package.type == PackageType::gem && package.arch != "ruby")
    parts.qualifiers["platform"] = package.arch;
  normalise(parts);
  return write(parts);
}

Result<Package> parse_purl(std::string_view text, Distribution* distribution) {
  TRY(Parts parts, read(text));
  Package package;
  const auto type = package_type(parts.type);
  package.type = type.value_or(PackageType::generic);
  if (type == PackageType::maven && (parts.space + parts.name).contains(':'))
    return bad("a colon within a Maven coordinate", text);
  package.name = package_name(parts, package.type);
  // The type is part of a generic name where it would be lost, or another be read out of the name.
  const auto typed = cut(package.name, ":");
  if (!type || (package.type == PackageType::generic && typed && purl_type_text(typed->first)))
    package.name = parts.type + ":" + package.name;
  package.version = parts.version;
  auto& qualifiers = parts.qualifiers;
  package.arch = package.type == PackageType::gem ? qualifiers["platform"] : qualifiers["arch"];
  if (!is_os_package(package.type)) return package;

  TRY(package.version, os_version(package.type, parts.version, qualifiers["epoch"], text));
  package.module = module_of_label(qualifiers["modularitylabel"]);
  if (package.module.empty()) package.module = module_of_label(qualifiers["rpmmod"]);
  read_upstream(qualifiers["upstream"], package);
  if (distribution != nullptr) read_distro(qualifiers["distro"], parts.space, *distribution);
  return package;
}

Result<std::string> canonical_purl(std::string_view text) {
  TRY(const Parts parts, read(text));
  if (const auto what = breach(parts); !what.empty()) return bad(std::string(what), text);
  return write(parts);
}

std::string distribution_id(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 21> names = {{
      {"redhat", "rhel"},
      {"red hat", "rhel"},
      {"red hat enterprise linux", "rhel"},
      {"amazon", "amzn"},
      {"amazonlinux", "amzn"},
      {"amazon linux", "amzn"},
      {"oracle", "ol"},
      {"oraclelinux", "ol"},
      {"oracle linux", "ol"},
      {"oracle linux server", "ol"},
      {"alma", "almalinux"},
      {"rockylinux", "rocky"},
      {"rocky linux", "rocky"},
      {"suse", "sles"},
      {"suse linux enterprise server", "sles"},
      {"opensuse.leap", "opensuse-leap"},
      {"opensuse leap", "opensuse-leap"},
      {"opensuse.tumbleweed", "opensuse-tumbleweed"},
      {"cbl-mariner", "mariner"},
      {"archlinux", "arch"},
      {"alpine linux", "alpine"},
  }};
  std::string key = lower(trim(name));
  const auto found =
      std::ranges::find(names, key, &std::pair<std::string_view, std::string_view>::first);
  return found == names.end() ? key : std::string(found->second);
}

}  // namespace boltseal
