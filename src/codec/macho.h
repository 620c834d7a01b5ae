// Mach-O executables: segments and sections, and the parts of a universal ("fat") file.
// <mach-o/loader.h>, <mach-o/fat.h>.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct MachoSection {
  std::string_view segment;  // "__DATA"
  std::string_view name;     // "__go_buildinfo"
  std::uint64_t address = 0;
  std::string_view content;  // as much as is in the file
};

class Macho {
 public:
  static Result<Macho> parse(
      std::string_view bytes);  // one architecture; corrupt when a load command is cut off
  std::span<const MachoSection> sections() const { return sections_; }
  const MachoSection* section(std::string_view segment, std::string_view name) const;
  std::string_view at(std::uint64_t address,
                      std::uint64_t count) const;  // empty when they are not all there

 private:
  Macho() = default;
  std::vector<MachoSection> sections_;
};

// The parts of a universal file; `bytes` itself when it is none. A Java class file begins like one
// and is corrupt here.
Result<std::vector<std::string_view>> macho_architectures(std::string_view bytes);

}  // namespace boltseal
