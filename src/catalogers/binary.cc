// Executables and libraries: ELF, PE, Mach-O (universal files too) and WebAssembly, whatever is
// embedded in them that names packages.
//
// Most of the thousands of ELF files of an image hold nothing for us, so a file is judged by its
// section headers alone, and content is looked at only where one of them says so:
//   Go             .go.buildinfo; where the table of sections was stripped, the data segment, in
//                  which the mark is searched for
//   Rust           .dep-v0 (cargo-auditable)
//   distributions  note sections with a package note (ELF only)
// Files packed with UPX have none of these until they run: that is said, they are not unpacked.
#include "base/cursor.h"
#include "catalogers/binary_parts.h"
#include "codec/macho.h"
#include "codec/pe.h"

namespace boltseal {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view audit_section = ".dep-v0";
constexpr std::string_view wasm = "\0asm\1\0\0\0"sv;

void note_upx(Sink& sink) {
  sink.unknown({Fault::unsupported, "packed with UPX: not looked into", {}, {}});
}

// Each part speaks for itself: a broken one is an unknown and the others are still read.
void read_embedded(const BinaryView& binary, Sink& sink) {
  if (!binary.go_data.empty()) {
    if (const auto done = read_go_build_info(binary, sink); !done) sink.unknown(done.error());
  }
  if (!binary.cargo_audit.empty()) {
    if (const auto done = read_cargo_audit(binary.cargo_audit, sink); !done)
      sink.unknown(done.error());
  }
}

std::string_view go_data_of(const Elf& elf, const ElfSection* section) {
  if (section != nullptr) return elf.content(*section).value_or(std::string_view{});
  if (!elf.sections().empty()) return {};
  for (const auto& segment : elf.segments()) {
    if (segment.type == Elf::load && (segment.flags & Elf::writable) != 0)
      return elf.content(segment);
  }
  return {};
}

Result<> read_elf(std::string_view bytes, Sink& sink) {
  TRY(const Elf elf, Elf::parse(bytes));
  const ElfSection *go = nullptr, *audit = nullptr;
  bool notes = elf.sections().empty();
  for (const auto& section : elf.sections()) {
    if (section.name == ".go.buildinfo")
      go = &section;
    else if (section.name == audit_section)
      audit = &section;
    else
      notes |= section.name == ".note.package";
  }
  if (elf.sections().empty() && bytes.substr(0, 1024).find("UPX!") != std::string_view::npos) {
    note_upx(sink);
    return {};
  }
  if (go != nullptr || audit != nullptr || elf.sections().empty()) {
    BinaryView binary;
    binary.go_data = go_data_of(elf, go);
    binary.at = [&](std::uint64_t address, std::uint64_t count) { return elf.at(address, count); };
    if (audit != nullptr) {
      TRY(binary.cargo_audit, elf.content(*audit));
    }
    read_embedded(binary, sink);
  }
  return notes ? read_package_notes(elf, sink) : Result<>{};
}

Result<> read_pe(std::string_view bytes, Sink& sink) {
  const auto pe = Pe::parse(bytes);
  if (!pe && pe.error().fault == Fault::not_found) return {};
  if (!pe) return std::unexpected(pe.error());
  BinaryView binary;
  constexpr std::uint32_t data = Pe::initialized | Pe::readable | Pe::writable;
  for (const auto& section : pe->sections()) {
    if (section.name.starts_with("UPX")) return note_upx(sink), Result<>{};
    if (section.name == audit_section) binary.cargo_audit = section.content;
    if (binary.go_data.empty() && (section.flags & data) == data) binary.go_data = section.content;
  }
  binary.at = [&](std::uint64_t address, std::uint64_t count) { return pe->at(address, count); };
  read_embedded(binary, sink);
  return {};
}

Result<> read_macho(std::string_view bytes, Sink& sink) {
  TRY(const auto architectures, macho_architectures(bytes));
  // The parts of a universal file are one program built several times. Should their packages
  // differ, all are reported, and the same ones of two parts are one after the squash.
  for (const auto part : architectures) {
    const auto macho = Macho::parse(part);
    if (!macho) {
      sink.unknown(macho.error());
      continue;
    }
    BinaryView binary;
    if (const auto* go = macho->section("__DATA", "__go_buildinfo")) binary.go_data = go->content;
    if (const auto* audit = macho->section("__DATA", audit_section))
      binary.cargo_audit = audit->content;
    binary.at = [&](std::uint64_t address, std::uint64_t count) {
      return macho->at(address, count);
    };
    read_embedded(binary, sink);
  }
  return {};
}

// WebAssembly: sections of an id, a size and that many bytes; those of id 0 are custom, and their
// name comes first (webassembly.github.io/spec, "Binary Format", Modules). cargo-auditable has its
// list in one of them.
Result<> read_wasm(std::string_view bytes, Sink& sink) {
  Cursor in(bytes);
  in.skip(8);
  while (in.ok() && !in.at_end()) {
    const auto id = in.u8();
    Cursor section(in.bytes(in.varint()));
    if (!in.ok()) return in.corrupt("WebAssembly section over the end of the file");
    if (id != 0) continue;
    const auto name = section.bytes(section.varint());
    if (section.ok() && name == audit_section) return read_cargo_audit(section.rest(), sink);
  }
  return {};
}

Result<> read(const FileView& file, Sink& sink) {
  if (file.content.starts_with("\x7f"
                               "ELF"))
    return read_elf(file.content, sink);
  if (file.content.starts_with("MZ")) return read_pe(file.content, sink);
  if (file.content.starts_with(wasm)) return read_wasm(file.content, sink);
  return read_macho(file.content, sink);
}

// A Java class file begins like a universal Mach-O, but with its version (45 and up) where the
// count of parts is.
constexpr std::string_view magics[] = {
    "\x7f"
    "ELF"sv,
    "MZ"sv,
    "\xcf\xfa\xed\xfe"sv,
    "\xce\xfa\xed\xfe"sv,
    "\xfe\xed\xfa\xcf"sv,
    "\xfe\xed\xfa\xce"sv,
    "\xca\xfe\xba\xbe\0\0\0\1"sv,
    "\xca\xfe\xba\xbe\0\0\0\2"sv,
    "\xca\xfe\xba\xbe\0\0\0\3"sv,
    "\xca\xfe\xba\xbe\0\0\0\4"sv,
    "\xca\xfe\xba\xbf\0\0\0"sv,
    wasm,
};

}  // namespace

extern const Reader binary_reader;
const Reader binary_reader = {"binary", 4, {}, magics, std::uint64_t{512} << 20, read};

}  // namespace boltseal
