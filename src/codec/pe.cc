#include "codec/pe.h"

#include <algorithm>

#include "base/cursor.h"
#include "codec/sections.h"

namespace boltseal {

Result<Pe> Pe::parse(std::string_view bytes) {
  Cursor in(bytes);
  if (in.bytes(2) != "MZ") return in.corrupt("not a PE file");
  in.seek(0x3c);
  in.seek(in.u32le());
  if (in.bytes(4) != std::string_view("PE\0\0", 4))
    return fail(Fault::not_found, "a DOS program, not a PE file");
  in.skip(2);
  const auto count = in.u16le();
  in.skip(12);
  const auto optional_size = in.u16le();
  in.skip(2);
  Cursor optional(in.bytes(optional_size));
  const bool wide = optional.u16le() == 0x20b;
  optional.seek(wide ? 24 : 28);
  const std::uint64_t base = wide ? optional.u64le() : optional.u32le();
  if (!in.ok() || !optional.ok()) return in.corrupt("a truncated PE header");

  Pe pe;
  for (int i = 0; i < count && in.ok(); ++i) {
    PeSection s;
    const auto name = in.bytes(8);
    s.name = name.substr(0, name.find('\0'));
    const auto memory_size = in.u32le();
    s.address = base + in.u32le();
    const auto raw_size = in.u32le(), raw = in.u32le();
    in.skip(12);
    s.flags = in.u32le();
    if (!in.ok()) break;
    const std::size_t size = memory_size == 0 ? raw_size : std::min(memory_size, raw_size);
    if (raw <= bytes.size()) s.content = bytes.substr(raw, size);
    pe.sections_.push_back(s);
  }
  if (!in.ok()) return fail(Fault::corrupt, "a truncated PE section table");
  return pe;
}

const PeSection* Pe::section(std::string_view name) const {
  const auto at = std::ranges::find(sections_, name, &PeSection::name);
  return at == sections_.end() ? nullptr : &*at;
}

std::string_view Pe::at(std::uint64_t address, std::uint64_t count) const {
  return bytes_at(sections_, address, count);
}

}  // namespace boltseal
