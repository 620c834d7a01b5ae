// dpkg's status file: what is installed on Debian, Ubuntu and their kin. Also the same stanzas
// elsewhere: var/lib/dpkg/status.d/ holds one file per package in distroless images (without a
// Status field), images whose /var is not part of them keep all of it under usr/lib/dpkg/, and opkg
// (OpenWrt, Yocto) has usr/lib/opkg/status and usr/lib/opkg/info/PACKAGE.control.
//
// Specified in deb822(5), dpkg(1) "Package states" and Debian Policy 5.6. Read: Package, Version,
// Architecture, Source, Status, Maintainer, Homepage, Description, Depends, Pre-Depends, Provides,
// and License, which opkg and the builders of vendors' packages (fpm, nfpm) write.
// A Source that names no version has the package's own; a rebuilt package (binNMU) says "Source:
// name (version)", and that version is what advisories count in. Packages of state "config-files"
// and "not-installed" have no files left and are no packages here; those of the half-way states
// ("unpacked", "half-configured", …) have. A stanza without a Status counts as installed. Of "a |
// b" both names are kept: which of them is met only the whole tree can tell. Left out: Conffiles,
// sizes, priorities. Debian's licences stand in usr/share/doc/X/copyright (deb_copyright.cc).
#include <fmt/format.h>

#include <algorithm>

#include "codec/deb822.h"
#include "files/reader.h"
#include "licences/licences.h"

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {
    "var/lib/dpkg/status",         "var/lib/dpkg/status.d/*",     "usr/lib/dpkg/status",
    "usr/lib/dpkg/status.d/*",     "usr/lib/opkg/status",         "var/lib/opkg/status",
    "usr/lib/opkg/info/*.control", "var/lib/opkg/info/*.control",
};

// What may lie beside the stanzas of status.d: lists of files (dpkg_info.cc) and the scripts of the
// package. A package's name can have a dot too, so these are named.
constexpr std::string_view not_stanzas[] = {".md5sums",   ".list",   ".preinst",  ".postinst",
                                            ".prerm",     ".postrm", ".triggers", ".shlibs",
                                            ".conffiles", ".config", ".symbols",  ".templates"};

// A stanza of ten bytes becomes a Package of some hundred: more of them than any archive holds are
// an attack.
constexpr std::size_t max_packages = 200'000;

bool has_files(std::string_view status) {
  const auto parts = words(status);  // want, flag, state
  const auto state = parts.empty() ? std::string_view{} : parts.back();
  return state != "config-files" && state != "not-installed";
}

void set_source(Package& package, std::string_view source) {
  const auto open = source.find('(');
  auto name = trim(source.substr(0, open));
  name = name.substr(name.rfind('/') + 1);  // opkg: the folder it was built from
  package.source_name = name.empty() ? package.name : std::string(name);
  if (open == source.npos) return;
  const auto version = trim(source.substr(open + 1, source.find(')', open) - open - 1));
  if (version != package.version) package.source_version = version;
}

// Names of relations, over all stanzas: five bytes become a string, so the sum has a bound.
constexpr std::size_t max_names = 1'000'000;

std::vector<std::string> names(std::string_view relation, std::size_t& left) {
  const auto views = relation_names(relation, std::min<std::size_t>(left, 10'000));
  left -= views.size();
  return {views.begin(), views.end()};
}

Package package_of(const ControlParagraph& paragraph, std::size_t& names_left) {
  Package package;
  package.type = PackageType::deb;
  package.name = paragraph["Package"];
  package.version = paragraph["Version"];
  package.arch = paragraph["Architecture"];
  set_source(package, paragraph["Source"]);
  package.supplier = paragraph["Maintainer"];
  package.homepage = paragraph["Homepage"];
  package.description = paragraph.first_line("Description");
  std::string depends(paragraph["Pre-Depends"]);
  (depends += ',') += paragraph["Depends"];
  package.depends = names(depends, names_left);
  package.provides = names(paragraph["Provides"], names_left);
  const auto licence = trim(paragraph["License"]);
  if (!licence.empty() && licence != "unknown") {
    package.licence = spdx_expression(licence);
    if (package.licence != licence) package.licence_text = licence;
  }
  return package;
}

Result<> read(const FileView& file, Sink& sink) {
  const bool alone =
      file.path.find("/status.d/") != file.path.npos || file.path.ends_with(".control");
  if (alone && std::ranges::any_of(not_stanzas, [&](auto end) { return file.path.ends_with(end); }))
    return {};
  const std::string_view what =
      file.path.find("opkg/") != file.path.npos ? "opkg status" : "dpkg status";
  std::size_t packages = 0, names_left = max_names;
  Error fault;
  each_paragraph(file.content, [&](const ControlParagraph& paragraph) {
    if (paragraph.broken && fault.what.empty()) {
      fault = {Fault::corrupt, "a line that is no field", {}, paragraph.broken};
    }
    if (!has_files(paragraph["Status"])) return true;
    for (const std::string_view needed : {"Package", "Version"}) {
      if (!paragraph[needed].empty()) continue;
      if (fault.what.empty())
        fault = {Fault::corrupt,
                 fmt::format("a stanza without a {} field", needed),
                 {},
                 paragraph.offset};
      return true;
    }
    if (++packages > max_packages || names_left == 0) {
      fault = {Fault::too_large, "more packages than we read", {}, paragraph.offset};
      return false;
    }
    sink.package(package_of(paragraph, names_left), what);
    return true;
  });
  if (!alone && fault.what.empty() && !file.content.empty() && !file.content.ends_with('\n')) {
    fault = {Fault::corrupt, "ends in the middle of a line", {}, file.content.size()};
  }
  if (!fault.what.empty()) return std::unexpected(fault);
  return {};
}

}  // namespace

extern const Reader dpkg_status_reader;
const Reader dpkg_status_reader = {"dpkg-status", 2, globs, {}, 32 << 20, read};

}  // namespace boltseal
