// ELF executables and libraries: header, sections, segments, notes. System V ABI, chapters 4 and 5;
// both classes and byte orders. Nothing is resolved or relocated.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct ElfSection {
  std::string_view name;
  std::uint32_t type = 0;
  std::uint64_t flags = 0, address = 0, offset = 0, size = 0, align = 0;
};

struct ElfSegment {
  std::uint32_t type = 0, flags = 0;
  std::uint64_t offset = 0, address = 0, file_size = 0, align = 0;
};

struct ElfNote {
  std::string_view owner;  // "GNU", "FDO"; without its NUL
  std::uint32_t type = 0;
  std::string_view content;
};

class Elf {
 public:
  static constexpr std::uint32_t nobits = 8, note = 7;          // section types
  static constexpr std::uint32_t load = 1, note_segment = 4;    // segment types
  static constexpr std::uint32_t executable = 1, writable = 2;  // segment flags

  // corrupt when the header or one of the two tables does not lie in the file. What a single
  // section or segment claims is judged when it is asked for.
  static Result<Elf> parse(std::string_view bytes);

  bool is_64() const { return wide_; }
  bool is_big_endian() const { return big_; }
  std::uint16_t machine() const { return machine_; }
  std::span<const ElfSection> sections() const {
    return sections_;
  }  // empty when the table was stripped
  std::span<const ElfSegment> segments() const { return segments_; }

  const ElfSection* section(std::string_view name) const;  // nullptr when there is none
  // The bytes in the file; corrupt when they are not all there. unsupported for SHF_COMPRESSED.
  Result<std::string_view> content(const ElfSection& section) const;
  std::string_view content(const ElfSegment& segment) const;  // as much as is there
  // `count` bytes at a virtual address; empty when no loaded segment has them all.
  std::string_view at(std::uint64_t address, std::uint64_t count) const;
  // Calls f for every note of the note sections or, without sections, the note segments; the rest
  // of one is left out behind a broken note. False: they lie over each other, and have been read up
  // to as many bytes as the file has.
  bool each_note(const std::function<void(const ElfNote&)>& f) const;

 private:
  Elf() = default;
  std::string_view bytes_;
  bool wide_ = false, big_ = false;
  std::uint16_t machine_ = 0;
  std::vector<ElfSection> sections_;
  std::vector<ElfSegment> segments_;
};

// "amd64", "arm64", …: the architecture as image manifests name it; "" for others.
std::string_view elf_architecture(const Elf& elf);

}  // namespace boltseal
