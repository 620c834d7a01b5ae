// Package notes: which distribution package an ELF file was built for, written into the file
// itself.
//
// Format: systemd "Package Metadata for Executable Files" (uapi-group.org), a note of owner "FDO",
// type 0xcafe1a7e, in section .note.package, whose content is JSON with type, name, version,
// architecture, os, osVersion, osCpe; some builders add cpe or appCpe and license. Fedora, Debian
// (some), Wolfi, Azure Linux and others write it; name is the source package's on most. osCpe names
// the distribution, not the package, so it is no CPE of it. Who adds the section with objcopy
// leaves out the note's head or the section's type: the JSON is taken then all the same. Every
// field may be missing; without a name or a version there is no package to speak of.
#include "base/text.h"
#include "catalogers/binary_parts.h"
#include "codec/value.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::uint32_t package_note = 0xcafe1a7e;
constexpr std::string_view section_name = ".note.package";

Result<> read_note(std::string_view json, Sink& sink) {
  json = trim_end(json, '\0');
  TRY(const Document note, parse_json(json));
  if (!note.root().is_object())
    return fail(Fault::corrupt, "a package note that is no JSON object");
  Package package;
  package.type = package_type(note["type"].text()).value_or(PackageType::generic);
  package.name = note["name"].string();
  package.version = note["version"].string();
  package.arch = note["architecture"].string();
  if (package.name.empty() || package.version.empty()) return {};
  const auto licence = note["license"].text();
  package.licence = spdx_expression(licence);
  if (package.licence != licence) package.licence_text = licence;
  for (const std::string_view key : {"cpe", "appCpe"}) {
    if (note[key].text().starts_with("cpe:2.3:a:")) package.cpes.push_back(note[key].string());
  }
  sink.package(std::move(package), package_note_evidence);
  return {};
}

// The JSON of a section that is no note but by its name; empty when it is one.
std::string_view bare_json(const Elf& elf, const ElfSection& section) {
  constexpr std::size_t longest_head = 32;
  const auto content = elf.content(section).value_or(std::string_view{});
  const auto begin = content.substr(0, longest_head).find('{');
  const bool bare = begin != content.npos && (begin == 0 || section.type != Elf::note);
  return bare ? content.substr(begin) : std::string_view{};
}

}  // namespace

Result<> read_package_notes(const Elf& elf, Sink& sink) {
  Result<> outcome;
  const auto read = [&](std::string_view json) {
    if (auto done = read_note(json, sink); !done) outcome = std::move(done);
  };
  for (const auto& section : elf.sections()) {
    if (section.name != section_name) continue;
    if (const auto json = bare_json(elf, section); !json.empty()) {
      read(json);
      return outcome;
    }
  }
  const bool all = elf.each_note([&](const ElfNote& note) {
    if (note.type == package_note && note.owner == "FDO") read(note.content);
  });
  if (!all) return fail(Fault::corrupt, "notes that lie over each other");
  return outcome;
}

}  // namespace boltseal
