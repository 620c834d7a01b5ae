// ELF, PE and Mach-O files that lie. What real ones hold is tested with the reader of executables
// (tests/cases/readers/binary).
#include <gtest/gtest.h>

#include "codec/elf.h"
#include "codec/macho.h"
#include "codec/pe.h"
#include "codec/zlib.h"

namespace boltseal {
namespace {

std::string le(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += i < 8 ? static_cast<char>(value >> (8 * i)) : '\0';
  return out;
}

struct Header {
  std::uint64_t segments = 0, sections = 0;
  std::uint16_t segment_count = 0, section_count = 0, names = 0;
};

std::string elf_header(const Header& h) {
  return std::string(
             "\x7f"
             "ELF\2\1\1",
             7) +
         std::string(9, '\0') + le(2, 2) + le(183, 2) + le(1, 4) + le(0, 8) + le(h.segments, 8) +
         le(h.sections, 8) + le(0, 4) + le(64, 2) + le(56, 2) + le(h.segment_count, 2) + le(64, 2) +
         le(h.section_count, 2) + le(h.names, 2);
}

std::string elf_section(std::uint32_t name, std::uint32_t type, std::uint64_t flags,
                        std::uint64_t offset, std::uint64_t size) {
  return le(name, 4) + le(type, 4) + le(flags, 8) + le(0, 8) + le(offset, 8) + le(size, 8) +
         le(0, 4) + le(0, 4) + le(4, 8) + le(0, 8);
}

std::string elf_segment(std::uint32_t type, std::uint64_t offset, std::uint64_t address,
                        std::uint64_t size) {
  return le(type, 4) + le(2, 4) + le(offset, 8) + le(address, 8) + le(0, 8) + le(size, 8) +
         le(size, 8) + le(4, 8);
}

TEST(Elf, ReadsSectionsAndTheirNames) {
  const std::string names("\0.data\0.names\0", 14);
  const std::string bytes = elf_header({.sections = 64, .section_count = 3, .names = 2}) +
                            elf_section(0, 0, 0, 0, 0) + elf_section(1, 1, 0, 64 + 192 + 14, 5) +
                            elf_section(7, 3, 0, 64 + 192, 14) + names + "hello";
  const auto elf = Elf::parse(bytes);
  ASSERT_TRUE(elf) << elf.error().message();
  EXPECT_EQ(elf_architecture(*elf), "arm64");
  ASSERT_NE(elf->section(".data"), nullptr);
  EXPECT_EQ(elf->content(*elf->section(".data")).value(), "hello");
  EXPECT_EQ(elf->section(".text"), nullptr);
}

TEST(Elf, WhatASectionClaimsIsJudgedWhenItIsAskedFor) {
  const std::string bytes = elf_header({.sections = 64, .section_count = 3}) +
                            elf_section(99, 1, 0, ~0ULL, 5) + elf_section(0, 1, 0, 10, ~0ULL) +
                            elf_section(0, 1, 0x800, 10, 5);
  const auto elf = Elf::parse(bytes);
  ASSERT_TRUE(elf);
  EXPECT_EQ(elf->content(elf->sections()[0]).error().fault, Fault::corrupt);
  EXPECT_EQ(elf->content(elf->sections()[1]).error().fault, Fault::corrupt);
  EXPECT_EQ(elf->content(elf->sections()[2]).error().fault, Fault::unsupported);
}

TEST(Elf, ATableOutsideTheFileIsCorrupt) {
  EXPECT_EQ(Elf::parse(elf_header({.sections = 64, .section_count = 1})).error().fault,
            Fault::corrupt);
  EXPECT_EQ(Elf::parse(elf_header({.sections = ~0ULL, .section_count = 1})).error().fault,
            Fault::corrupt);
  EXPECT_EQ(Elf::parse(elf_header({.segments = ~0ULL, .segment_count = 1})).error().fault,
            Fault::corrupt);
  // 0 sections in the header: the count stands in the first section, which claims 2^40.
  const std::string bytes = elf_header({.sections = 64}) + elf_section(0, 0, 0, 0, 1ULL << 40);
  EXPECT_EQ(Elf::parse(bytes).error().fault, Fault::too_large);
}

TEST(Elf, AddressesAreLookedUpWithoutOverflow) {
  const std::string bytes = elf_header({.segments = 64, .segment_count = 2}) +
                            elf_segment(1, 176, 0x1000, 5) + elf_segment(1, 170, ~0ULL - 2, ~0ULL) +
                            "hello";
  const auto elf = Elf::parse(bytes);
  ASSERT_TRUE(elf);
  EXPECT_EQ(elf->at(0x1000, 5), "hello");
  EXPECT_EQ(elf->at(0x1001, 4), "ello");
  EXPECT_EQ(elf->at(0x1001, 5), "");
  EXPECT_EQ(elf->at(0xfff, 1), "");
  EXPECT_EQ(elf->at(~0ULL, ~0ULL), "");
}

TEST(Elf, NotesStopAtABrokenOne) {
  const std::string good =
      le(4, 4) + le(3, 4) + le(1, 4) + std::string("GNU\0", 4) + std::string("abc\0", 4);
  const std::string notes = good + good + le(0xffffffff, 4) + le(0xffffffff, 4) + le(1, 4);
  const std::string bytes = elf_header({.sections = 64, .section_count = 1}) +
                            elf_section(0, 7, 0, 128, notes.size()) + notes;
  const auto elf = Elf::parse(bytes);
  ASSERT_TRUE(elf);
  std::vector<std::string> seen;
  elf->each_note([&](const ElfNote& note) {
    seen.push_back(std::string(note.owner) + "=" + std::string(note.content));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"GNU=abc", "GNU=abc"}));
}

TEST(Elf, NotesThatLieOverEachOtherAreReadUpToTheFilesSize) {
  const std::string note =
      le(4, 4) + le(30'000, 4) + le(1, 4) + std::string("GNU\0", 4) + std::string(30'000, 'a');
  const auto of = [&](std::uint16_t count) {
    std::string bytes = elf_header({.sections = 64, .section_count = count});
    for (int i = 0; i < count; ++i) bytes += elf_section(0, 7, 0, 64 + count * 64, note.size());
    return bytes + note;
  };
  std::size_t seen = 0;
  const std::string one = of(1), many = of(300);
  EXPECT_TRUE(Elf::parse(one)->each_note([&](const ElfNote&) { ++seen; }));
  EXPECT_EQ(seen, 1U);
  EXPECT_FALSE(Elf::parse(many)->each_note([&](const ElfNote&) { ++seen; }));
  EXPECT_EQ(seen, 2U);
}

TEST(Pe, RefusesWhatIsCutOff) {
  EXPECT_EQ(Pe::parse("MZ").error().fault, Fault::not_found);
  const std::string dos = "MZ" + std::string(58, '\0') + le(64, 4);
  EXPECT_EQ(Pe::parse(dos + "NE").error().fault, Fault::not_found);
  const std::string coff =
      std::string("PE\0\0", 4) + le(0x8664, 2) + le(0xffff, 2) + le(0, 12) + le(32, 2) + le(0, 2);
  EXPECT_EQ(Pe::parse(dos + coff).error().fault, Fault::corrupt);
  const std::string optional = le(0x20b, 2) + le(0, 22) + le(0x140000000, 8);
  EXPECT_EQ(Pe::parse(dos + coff + optional).error().what, "a truncated PE section table");
}

TEST(Pe, ASectionPastTheFileIsEmpty) {
  const std::string bytes = "MZ" + std::string(58, '\0') + le(64, 4) + std::string("PE\0\0", 4) +
                            le(0x8664, 2) + le(1, 2) + le(0, 12) + le(32, 2) + le(0, 2) +
                            le(0x20b, 2) + le(0, 22) + le(0x1000, 8) + ".data" +
                            std::string(3, '\0') + le(0xffffffff, 4) + le(0x10, 4) +
                            le(0xffffffff, 4) + le(0xfffffff0, 4) + le(0, 16);
  const auto pe = Pe::parse(bytes);
  ASSERT_TRUE(pe) << pe.error().message();
  EXPECT_EQ(pe->section(".data")->content, "");
  EXPECT_EQ(pe->at(0x1010, 1), "");
}

TEST(Macho, RefusesWhatIsCutOff) {
  EXPECT_EQ(Macho::parse("").error().fault, Fault::corrupt);
  const std::string header = le(0xfeedfacf, 4) + le(0, 12) + le(1, 4) + le(0, 12);
  EXPECT_EQ(Macho::parse(header).error().fault, Fault::corrupt);
  EXPECT_EQ(Macho::parse(header + le(0x19, 4) + le(0, 4)).error().what,
            "a Mach-O load command without a size");
  EXPECT_EQ(Macho::parse(header + le(0x19, 4) + le(16, 4) + le(0, 8)).error().what,
            "a truncated Mach-O segment");
  EXPECT_TRUE(Macho::parse(header + le(0x1b, 4) + le(16, 4) + le(0, 8)));
}

TEST(Macho, AUniversalFileWithPartsOutsideIsCorrupt) {
  const std::string part = std::string(8, '\0') + std::string("\0\0\0\x20\0\0\0\x20\0\0\0\0", 12);
  const std::string head("\xca\xfe\xba\xbe\0\0\0\1", 8);
  EXPECT_EQ(macho_architectures(head + part).error().fault, Fault::corrupt);
  EXPECT_EQ(macho_architectures(head + part + std::string(64, 'x')).value().size(), 1U);
  EXPECT_EQ(macho_architectures(std::string("\xca\xfe\xba\xbe\0\0\0\x34", 8)).error().fault,
            Fault::corrupt);
}

TEST(Zlib, InflatesUpToTheCapAndChecksTheSum) {
  // zlib.compress(b"hello hello hello")
  std::string bytes("\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00\x3a\x2e\x06\x7d", 16);
  const auto whole = zlib_inflate(bytes, 17);
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(*whole, "hello hello hello");
  EXPECT_EQ(zlib_inflate(bytes, 16).error().fault, Fault::too_large);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(zlib_inflate(bytes.substr(0, n), 100)) << n;
  bytes.back() ^= 1;
  EXPECT_EQ(zlib_inflate(bytes, 100).error().fault, Fault::corrupt);
}

}  // namespace
}  // namespace boltseal
