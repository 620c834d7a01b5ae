// Which distribution this is. etc/os-release and usr/lib/os-release by
// https://www.freedesktop.org/software/systemd/man/os-release.html: shell assignments, values bare
// or quoted. Where neither exists (CentOS 6, SLES 11, old Debian roots, images that lost it) these
// stand for it: etc/lsb-release, etc/redhat-release and its kin ("CentOS release 6.10 (Final)"),
// etc/SuSE-release, etc/alpine-release, etc/debian_version, etc/arch-release, etc/gentoo-release,
// and etc/apk/repositories (apk-repositories(5)), whose addresses name Alpine's release. Ids are
// the ones that os-release of the same distribution has. Every file gives one Distribution; the
// first in the order of `globs` that the tree has is the right one.
//
// Alpine's edge says "3.22.0_alpha20250108" as its version; it gets the codename "edge". Debian
// testing and sid have no VERSION_ID; their codename says what they are.
#include <array>

#include "base/text.h"
#include "files/reader.h"
#include "inventory/codenames.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {
    "etc/os-release",        "usr/lib/os-release", "etc/lsb-release",    "etc/oracle-release",
    "etc/almalinux-release", "etc/rocky-release",  "etc/fedora-release", "etc/centos-release",
    "etc/system-release",    "etc/redhat-release", "etc/SuSE-release",   "etc/alpine-release",
    "etc/apk/repositories",  "etc/debian_version", "etc/arch-release",   "etc/gentoo-release",
};

// A shell word: '…' as it is, "…" with \ before $ ` " \, else bare with \.
std::string unquote(std::string_view text) {
  text = trim(text);
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else if (c == quote)
      quote = 0;
    else if (c == '\\' && quote != '\'' && i + 1 < text.size())
      out += text[++i];
    else if (quote == 0 && c == '#' && i > 0 && is_space(text[i - 1]))
      break;
    else
      out += c;
  }
  return std::string(trim(out));
}

template <class F>
void each_assignment(std::string_view content, F&& f) {
  each_line(content, [&](std::string_view line) {
    line = trim(line);
    if (line.starts_with('#')) return;
    if (const auto pair = cut(line, "=")) f(trim(pair->first), unquote(pair->second));
  });
}

std::string_view first_line(std::string_view content) {
  return trim(content.substr(0, content.find('\n')));
}

Distribution named(std::string_view id, std::string name) {
  Distribution out;
  out.id = id;
  out.name = std::move(name);
  return out;
}

Distribution from_os_release(std::string_view content) {
  Distribution out;
  std::string pretty, version;
  each_assignment(content, [&](std::string_view key, const std::string& value) {
    if (key == "ID")
      out.id = lower(value);
    else if (key == "ID_LIKE") {
      for (const auto id : words(value)) {
        if (out.id_like.size() < 32) out.id_like.push_back(lower(id));
      }
    } else if (key == "VERSION_ID")
      out.version_id = value;
    else if (key == "VERSION_CODENAME" || (key == "UBUNTU_CODENAME" && out.codename.empty()))
      out.codename = value;
    else if (key == "NAME")
      out.name = value;
    else if (key == "PRETTY_NAME")
      pretty = value;
    else if (key == "VERSION")
      version = value;
    else if (key == "CPE_NAME")
      out.cpe = value;
  });
  // The default of ID, by the specification.
  if (out.id.empty() && !(out.name + pretty + out.version_id).empty()) out.id = "linux";
  // Before VERSION_CODENAME came: "7 (wheezy)", "14.04.6 LTS, Trusty Tahr", "15.10 (Wily
  // Werewolf)".
  if (out.codename.empty() && (out.id == "debian" || out.id == "ubuntu")) {
    const auto begin = version.find_first_of("(,");
    const auto name = words(begin == version.npos ? std::string_view{}
                                                  : std::string_view(version).substr(begin + 1));
    if (!name.empty()) out.codename = lower(trim_end(name[0], ')'));
  } else if (out.codename.empty() && out.id == "alpine") {
    out.codename = codename_of_release(out.id, out.version_id);
  }
  if (!pretty.empty()) out.name = pretty;
  return out;
}

Distribution from_lsb_release(std::string_view content) {
  Distribution out;
  each_assignment(content, [&](std::string_view key, const std::string& value) {
    if (key == "DISTRIB_ID")
      out.id = lower(value);
    else if (key == "DISTRIB_RELEASE" && value != "rolling")
      out.version_id = value;
    else if (key == "DISTRIB_CODENAME")
      out.codename = lower(value);
    else if (key == "DISTRIB_DESCRIPTION")
      out.name = value;
  });
  return out;
}

// "Red Hat Enterprise Linux Server release 6.9 (Santiago)": the name decides the id, the word after
// "release" the version.
Distribution from_release_line(std::string_view content) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 19> ids = {{
      {"centos", "centos"},
      {"red hat", "rhel"},
      {"oracle", "ol"},
      {"enterprise linux enterprise linux", "ol"},
      {"fedora", "fedora"},
      {"almalinux", "almalinux"},
      {"rocky", "rocky"},
      {"amazon", "amzn"},
      {"scientific", "scientific"},
      {"cloudlinux", "cloudlinux"},
      {"virtuozzo", "virtuozzo"},
      {"circle", "circle"},
      {"miracle", "miraclelinux"},
      {"openeuler", "openeuler"},
      {"anolis", "anolis"},
      {"opencloudos", "opencloudos"},
      {"vmware photon", "photon"},
      {"cbl-mariner", "mariner"},
      {"microsoft azure linux", "azurelinux"},
  }};
  Distribution out;
  const auto line = first_line(content);
  const std::string low = lower(line);
  for (const auto& [begin, id] : ids) {
    if (low.starts_with(begin)) out.id = id;
  }
  if (out.id.empty()) return out;
  out.name = line;
  const auto parts = words(line);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (lower(parts[i]) == "release") out.version_id = parts[i + 1];
  }
  const auto open = line.rfind('('), close = line.rfind(')');
  if (open != line.npos && close != line.npos && open < close)
    out.codename = line.substr(open + 1, close - open - 1);
  return out;
}

// "SUSE Linux Enterprise Server 11 (x86_64)", "VERSION = 11", "PATCHLEVEL = 4".
Distribution from_suse_release(std::string_view content) {
  Distribution out;
  out.name = first_line(content);
  if (contains_nocase(out.name, "opensuse"))
    out.id = "opensuse";
  else if (contains_nocase(out.name, "suse linux enterprise"))
    out.id = "sles";
  else
    return {};
  std::string patch;
  each_assignment(content, [&](std::string_view key, const std::string& value) {
    if (key == "VERSION")
      out.version_id = value;
    else if (key == "PATCHLEVEL")
      patch = value;
    else if (key == "CODENAME")
      out.codename = value;
  });
  if (!out.version_id.empty() && !patch.empty() && patch != "0") out.version_id += "." + patch;
  return out;
}

// "12.5" or "trixie/sid".
Distribution from_debian_version(std::string_view content) {
  Distribution out;
  out.id = "debian";
  const auto text = first_line(content);
  if (text.empty()) return {};
  const auto first = text.substr(0, text.find_first_of("./"));
  if (is_digit(text[0]))
    out.version_id = first;
  else
    out.codename = first;
  out.name = "Debian GNU/Linux " + std::string(text);
  return out;
}

Distribution from_alpine_release(std::string_view content) {
  const auto text = first_line(content);
  if (text.empty() || !is_digit(text[0])) return {};
  Distribution out = named("alpine", "Alpine Linux " + std::string(text));
  out.version_id = text;
  out.codename = codename_of_release("alpine", text);
  return out;
}

// A release in an address of Alpine's: "https://dl-cdn.alpinelinux.org/alpine/v3.19/main", "3.19".
std::string_view release_in(std::string_view address) {
  const auto parts = split(address, '/');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto next = parts[i + 1];
    if (next != "main" && next != "community" && next != "testing") continue;
    if (parts[i] == "edge") return parts[i];
    if (!parts[i].starts_with('v')) continue;
    const auto number = cut(parts[i].substr(1), ".");
    if (number && parse_u64(number->first) && parse_u64(number->second)) return parts[i].substr(1);
  }
  return {};
}

// One address per line. One behind "@tag" serves only packages that are asked for with that tag.
// Of several releases the highest counts, and edge only where it stands alone: what was installed
// first came from the release.
Distribution from_apk_repositories(std::string_view content) {
  std::string_view release;
  const auto rank = [](std::string_view text) {
    const auto number = cut(text, ".");
    return number ? std::pair(parse_u64(number->first), parse_u64(number->second))
                  : std::pair<std::optional<std::uint64_t>, std::optional<std::uint64_t>>{};
  };
  each_line(content, [&](std::string_view line) {
    line = trim(line);
    if (line.starts_with('#') || line.starts_with('@')) return;
    const auto found = release_in(line);
    if (!found.empty() && (release.empty() || rank(release) < rank(found))) release = found;
  });
  if (release.empty()) return {};
  Distribution out = named("alpine", "Alpine Linux " + std::string(release));
  (release == "edge" ? out.codename : out.version_id) = release;
  return out;
}

Distribution read_file(std::string_view path, std::string_view content) {
  const auto name = path.substr(path.rfind('/') + 1);
  if (name == "os-release") return from_os_release(content);
  if (name == "lsb-release") return from_lsb_release(content);
  if (name == "SuSE-release") return from_suse_release(content);
  if (name == "alpine-release") return from_alpine_release(content);
  if (name == "repositories") return from_apk_repositories(content);
  if (name == "debian_version") return from_debian_version(content);
  if (name == "arch-release") return named("arch", "Arch Linux");  // an empty file
  if (name == "gentoo-release") return named("gentoo", std::string(first_line(content)));
  return from_release_line(content);
}

Result<> read(const FileView& file, Sink& sink) {
  auto distribution = read_file(file.path, file.content);
  if (distribution) sink.distribution(std::move(distribution));
  return {};
}

}  // namespace

extern const Reader os_release_reader;
const Reader os_release_reader = {"os-release", 2, globs, {}, 64 << 10, read};

}  // namespace boltseal
