// Package notes: which distribution package an ELF file was built for, written into the file
// itself.
//
// Format: systemd "Package Metadata for Executable Files" (uapi-group.org), a note of owner "FDO",
// type 0xcafe1a7e, whose content is JSON with type, name, version, architecture, os, osVersion,
// osCpe. Fedora, Debian (some), Azure Linux and others write it; name is the source package's on
// most. osCpe names the distribution, not the package, so it is no CPE of it.
#include "base/text.h"
#include "catalogers/binary_parts.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::uint32_t package_note = 0xcafe1a7e;

Result<Package> parse_note(std::string_view json) {
  json = trim_end(json, '\0');
  TRY(const Document note, parse_json(json));
  if (!note.root().is_object())
    return fail(Fault::corrupt, "a package note that is no JSON object");
  Package package;
  package.type = package_type(note["type"].text()).value_or(PackageType::generic);
  package.name = note["name"].string();
  package.version = note["version"].string();
  package.arch = note["architecture"].string();
  return package;
}

}  // namespace

Result<> read_package_notes(const Elf& elf, Sink& sink) {
  Result<> outcome;
  elf.each_note([&](const ElfNote& note) {
    if (note.type != package_note || note.owner != "FDO") return;
    auto package = parse_note(note.content);
    if (package)
      sink.package(*std::move(package), package_note_evidence);
    else
      outcome = std::unexpected(package.error());
  });
  return outcome;
}

}  // namespace boltseal
