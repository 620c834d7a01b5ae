// What binary.cc, the one reader of executables, hands to the parts that know what is embedded in
// them: an executable is opened once, whatever it was written in.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "codec/elf.h"
#include "files/reader.h"

namespace boltseal {

// The places of an executable that matter, whichever container (ELF, PE, Mach-O) it is.
struct BinaryView {
  std::string_view
      go_data;  // the section or segment that holds Go's build info; empty: not written in Go
  std::string_view cargo_audit;  // the section of cargo-auditable; empty: none
  // `count` bytes at a virtual address, empty when they are not all in the file.
  std::function<std::string_view(std::uint64_t address, std::uint64_t count)> at;
};

Result<> read_go_build_info(const BinaryView& binary, Sink& sink);  // go_binary.cc
Result<> read_cargo_audit(std::string_view section, Sink& sink);    // cargo_auditable.cc
inline constexpr std::string_view package_note_evidence = "ELF package note";
Result<> read_package_notes(const Elf& elf, Sink& sink);  // elf_note.cc

}  // namespace boltseal
