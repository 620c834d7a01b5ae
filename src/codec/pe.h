// PE executables: the section table. "PE Format",
// learn.microsoft.com/windows/win32/debug/pe-format.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct PeSection {
  std::string_view name;      // at most 8 bytes
  std::uint64_t address = 0;  // virtual, with the image base
  std::uint32_t flags = 0;
  std::string_view content;  // as much of the raw data as is in the file and in memory
};

class Pe {
 public:
  static constexpr std::uint32_t initialized = 0x40, readable = 0x40000000, writable = 0x80000000;

  static Result<Pe> parse(
      std::string_view bytes);  // not_found for a DOS program; corrupt when a table is cut off
  std::span<const PeSection> sections() const { return sections_; }
  const PeSection* section(std::string_view name) const;
  std::string_view at(std::uint64_t address,
                      std::uint64_t count) const;  // empty when they are not all there

 private:
  Pe() = default;
  std::vector<PeSection> sections_;
};

}  // namespace boltseal
