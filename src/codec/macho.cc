#include "codec/macho.h"

#include <algorithm>

#include "base/cursor.h"
#include "codec/sections.h"

namespace boltseal {
namespace {

constexpr std::uint32_t magic32 = 0xfeedface, magic64 = 0xfeedfacf;
constexpr std::uint32_t fat32 = 0xcafebabe, fat64 = 0xcafebabf;
constexpr std::uint32_t segment32 = 0x1, segment64 = 0x19;
constexpr std::uint32_t max_architectures = 16, max_commands = 65'536;
constexpr std::size_t max_sections = 65'536;

struct Fields {
  Cursor in;
  bool wide, big;
  std::uint32_t word() { return big ? in.u32be() : in.u32le(); }
  std::uint64_t native() {
    if (!wide) return word();
    return big ? in.u64be() : in.u64le();
  }
};

std::string_view fixed_name(std::string_view field) { return field.substr(0, field.find('\0')); }

bool read_segment(Fields in, std::string_view bytes, std::vector<MachoSection>& out) {
  in.in.skip(16);
  in.native();
  in.native();
  in.native();
  in.native();
  in.word();
  in.word();
  const auto count = in.word();
  in.word();
  for (std::uint32_t i = 0; i < count && in.in.ok() && out.size() < max_sections; ++i) {
    MachoSection s;
    s.name = fixed_name(in.in.bytes(16));
    s.segment = fixed_name(in.in.bytes(16));
    s.address = in.native();
    const auto size = in.native();
    const auto offset = in.word();
    in.in.skip(in.wide ? 28 : 24);
    if (!in.in.ok()) return false;
    if (offset <= bytes.size()) s.content = bytes.substr(offset, static_cast<std::size_t>(size));
    out.push_back(s);
  }
  return in.in.ok();
}

}  // namespace

Result<Macho> Macho::parse(std::string_view bytes) {
  const std::uint32_t little = Cursor(bytes).u32le(), big = Cursor(bytes).u32be();
  const bool is_big = big == magic32 || big == magic64;
  const std::uint32_t magic = is_big ? big : little;
  if (magic != magic32 && magic != magic64) return fail(Fault::corrupt, "not a Mach-O file", {}, 0);
  Fields in{Cursor(bytes), magic == magic64, is_big};
  in.in.skip(16);
  const auto count = in.word();
  in.in.skip(in.wide ? 12 : 8);

  Macho macho;
  for (std::uint32_t i = 0; i < count && i < max_commands && in.in.ok(); ++i) {
    const auto command = in.word(), size = in.word();
    if (size < 8) return in.in.corrupt("a Mach-O load command without a size");
    const Fields body{Cursor(in.in.bytes(size - 8)), in.wide, is_big};
    const bool is_segment = command == segment32 || command == segment64;
    if (is_segment && !read_segment(body, bytes, macho.sections_)) {
      return in.in.corrupt("a truncated Mach-O segment");
    }
  }
  if (!in.in.ok()) return fail(Fault::corrupt, "truncated Mach-O load commands");
  return macho;
}

const MachoSection* Macho::section(std::string_view segment, std::string_view name) const {
  const auto at = std::ranges::find_if(
      sections_, [&](const auto& s) { return s.segment == segment && s.name == name; });
  return at == sections_.end() ? nullptr : &*at;
}

std::string_view Macho::at(std::uint64_t address, std::uint64_t count) const {
  return bytes_at(sections_, address, count);
}

Result<std::vector<std::string_view>> macho_architectures(std::string_view bytes) {
  Cursor in(bytes);
  const auto magic = in.u32be();
  if (magic != fat32 && magic != fat64) return std::vector{bytes};
  const auto count = in.u32be();
  if (count > max_architectures) return fail(Fault::corrupt, "not a universal Mach-O file", {}, 4);
  std::vector<std::string_view> parts;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    in.skip(8);
    const std::uint64_t offset = magic == fat64 ? in.u64be() : in.u32be();
    const std::uint64_t size = magic == fat64 ? in.u64be() : in.u32be();
    in.skip(magic == fat64 ? 8 : 4);
    parts.push_back(in.slice(offset, size));
  }
  if (!in.ok()) return fail(Fault::corrupt, "an architecture lies outside the universal file");
  return parts;
}

}  // namespace boltseal
