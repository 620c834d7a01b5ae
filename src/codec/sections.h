// What a program of the formats with a table of sections (PE, Mach-O) has in memory at an address.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace boltseal {

// `count` bytes at `address` where they lie in one section's content; else nothing. A section has
// an `address` and a `content`.
template <class Section>
std::string_view bytes_at(const std::vector<Section>& sections, std::uint64_t address,
                          std::uint64_t count) {
  for (const Section& s : sections) {
    if (address < s.address || address - s.address > s.content.size()) continue;
    const auto inside = static_cast<std::size_t>(address - s.address);
    if (count <= s.content.size() - inside)
      return s.content.substr(inside, static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace boltseal
