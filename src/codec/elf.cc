#include "codec/elf.h"

#include <algorithm>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::uint64_t compressed_flag = 0x800;
constexpr std::size_t max_notes = 4096;
constexpr std::uint64_t max_sections = 1 << 18;

// A cursor that knows the class and the byte order.
struct Fields {
  Cursor in;
  bool wide, big;
  std::uint16_t half() { return big ? in.u16be() : in.u16le(); }
  std::uint32_t word() { return big ? in.u32be() : in.u32le(); }
  std::uint64_t xword() { return big ? in.u64be() : in.u64le(); }
  std::uint64_t native() { return wide ? xword() : word(); }  // an address, an offset or a size
};

ElfSegment read_segment(Fields& in) {
  ElfSegment s;
  s.type = in.word();
  if (in.wide) s.flags = in.word();
  s.offset = in.native();
  s.address = in.native();
  in.native();
  s.file_size = in.native();
  in.native();
  if (!in.wide) s.flags = in.word();
  s.align = in.native();
  return s;
}

struct RawSection {
  std::uint32_t name = 0, link = 0, info = 0;
  ElfSection section;
};

RawSection read_section(Fields& in) {
  RawSection raw;
  auto& s = raw.section;
  raw.name = in.word();
  s.type = in.word();
  s.flags = in.native();
  s.address = in.native();
  s.offset = in.native();
  s.size = in.native();
  raw.link = in.word();
  raw.info = in.word();
  s.align = in.native();
  in.native();
  return raw;
}

std::string_view part_of(std::string_view bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size()) return {};
  return bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

std::string_view name_at(std::string_view names, std::uint32_t at) {
  if (at >= names.size()) return {};
  const auto name = names.substr(at);
  return name.substr(0, std::min<std::size_t>(name.find('\0'), 256));
}

struct Tables {
  std::uint64_t segments = 0, sections = 0;
  std::uint64_t segment_count = 0, section_count = 0, names = 0;
};

// Counts that do not fit into the header stand in the first section header (gABI, "ELF Header").
Tables read_tables(Fields& in) {
  Tables t;
  in.native();  // entry
  t.segments = in.native();
  t.sections = in.native();
  in.word();  // flags
  in.half();  // size of this header
  const auto segment_size = in.half();
  t.segment_count = in.half();
  const auto section_size = in.half();
  t.section_count = in.half();
  t.names = in.half();
  if (t.segment_count > 0 && segment_size != (in.wide ? 56 : 32)) in.in.fail();
  if (t.sections == 0)
    t.section_count = 0;
  else if (section_size != (in.wide ? 64 : 40))
    in.in.fail();
  if (t.sections == 0 || (t.section_count != 0 && t.names != 0xffff)) return t;
  Fields first = in;
  first.in.seek(t.sections);
  const RawSection zero = read_section(first);
  if (!first.in.ok()) in.in.fail();
  if (t.section_count == 0) t.section_count = zero.section.size;
  if (t.names == 0xffff) t.names = zero.link;
  return t;
}

}  // namespace

Result<Elf> Elf::parse(std::string_view bytes) {
  Fields in{Cursor(bytes), false, false};
  if (in.in.bytes(4) !=
      "\x7f"
      "ELF")
    return in.in.corrupt("not an ELF file");
  const auto klass = in.in.u8(), order = in.in.u8();
  if (klass < 1 || klass > 2 || order < 1 || order > 2)
    return in.in.corrupt("neither 32 nor 64 bit ELF");
  in.wide = klass == 2;
  in.big = order == 2;
  in.in.seek(18);
  Elf elf;
  elf.bytes_ = bytes;
  elf.wide_ = in.wide;
  elf.big_ = in.big;
  elf.machine_ = in.half();
  in.word();  // version
  const Tables tables = read_tables(in);
  if (!in.in.ok()) return in.in.corrupt("a truncated or wrong ELF header");

  const std::uint64_t section_size = in.wide ? 64 : 40, segment_size = in.wide ? 56 : 32;
  const auto segments = part_of(bytes, tables.segments, tables.segment_count * segment_size);
  if (segments.size() < tables.segment_count * segment_size) {
    return fail(Fault::corrupt, "the program headers lie outside the file", {}, tables.segments);
  }
  elf.segments_.reserve(static_cast<std::size_t>(tables.segment_count));
  in.in = Cursor(segments);
  while (in.in.left() >= segment_size) elf.segments_.push_back(read_segment(in));

  if (tables.section_count > max_sections) {
    return fail(Fault::too_large, "too many section headers", {}, tables.sections);
  }
  const auto headers = part_of(bytes, tables.sections, tables.section_count * section_size);
  if (headers.size() < tables.section_count * section_size) {
    return fail(Fault::corrupt, "the section headers lie outside the file", {}, tables.sections);
  }
  std::string_view names;
  if (tables.names < tables.section_count) {
    in.in = Cursor(headers.substr(static_cast<std::size_t>(tables.names * section_size)));
    const auto table = read_section(in).section;
    names = part_of(bytes, table.offset, table.size);
  }
  elf.sections_.reserve(static_cast<std::size_t>(tables.section_count));
  in.in = Cursor(headers);
  while (in.in.left() >= section_size) {
    RawSection raw = read_section(in);
    raw.section.name = name_at(names, raw.name);
    elf.sections_.push_back(raw.section);
  }
  return elf;
}

const ElfSection* Elf::section(std::string_view name) const {
  const auto at = std::ranges::find(sections_, name, &ElfSection::name);
  return at == sections_.end() ? nullptr : &*at;
}

Result<std::string_view> Elf::content(const ElfSection& section) const {
  if (section.type == nobits) return std::string_view{};
  if ((section.flags & compressed_flag) != 0) {
    return fail(Fault::unsupported, "a compressed section", {}, section.offset);
  }
  const auto part = part_of(bytes_, section.offset, section.size);
  if (part.size() < section.size) {
    return fail(Fault::corrupt, "a section that ends past the file", {}, section.offset);
  }
  return part;
}

std::string_view Elf::content(const ElfSegment& segment) const {
  return part_of(bytes_, segment.offset, segment.file_size);
}

std::string_view Elf::at(std::uint64_t address, std::uint64_t count) const {
  for (const auto& segment : segments_) {
    if (segment.type != load || address < segment.address) continue;
    const std::uint64_t inside = address - segment.address;
    const auto bytes = content(segment);
    if (inside > bytes.size() || count > bytes.size() - inside) continue;
    return bytes.substr(static_cast<std::size_t>(inside), static_cast<std::size_t>(count));
  }
  return {};
}

bool Elf::each_note(const std::function<void(const ElfNote&)>& f) const {
  std::size_t count = 0, left = bytes_.size();
  const auto walk = [&](std::string_view bytes, std::uint64_t align) {
    if (bytes.size() > left) return false;
    left -= bytes.size();
    Fields in{Cursor(bytes), wide_, big_};
    // Notes are aligned to 4 bytes but for those (GNU properties of 64 bit files) whose header
    // says 8.
    const auto pad = [&] { in.in.skip((0 - in.in.offset()) & (align == 8 ? 7 : 3)); };
    while (in.in.left() >= 12 && count++ < max_notes) {
      ElfNote item;
      const auto owner = in.word(), size = in.word();
      item.type = in.word();
      item.owner = in.in.bytes(owner);
      while (item.owner.ends_with('\0')) item.owner.remove_suffix(1);
      pad();
      item.content = in.in.bytes(size);
      if (!in.in.ok()) break;
      f(item);
      if (!in.in.at_end()) pad();
    }
    return true;
  };
  for (const auto& section : sections_) {
    if (section.type != note) continue;
    if (const auto bytes = content(section); bytes && !walk(*bytes, section.align)) return false;
  }
  if (!sections_.empty()) return true;
  for (const auto& segment : segments_) {
    if (segment.type == note_segment && !walk(content(segment), segment.align)) return false;
  }
  return true;
}

std::string_view elf_architecture(const Elf& elf) {
  switch (elf.machine()) {
    case 3:
      return "386";
    case 20:
      return "ppc";
    case 21:
      return elf.is_big_endian() ? "ppc64" : "ppc64le";
    case 22:
      return "s390x";
    case 40:
      return "arm";
    case 62:
      return "amd64";
    case 183:
      return "arm64";
    case 243:
      return elf.is_64() ? "riscv64" : "riscv32";
    case 258:
      return "loong64";
    case 8:
      return elf.is_64() ? (elf.is_big_endian() ? "mips64" : "mips64le")
                         : (elf.is_big_endian() ? "mips" : "mipsle");
    default:
      return "";
  }
}

}  // namespace boltseal
