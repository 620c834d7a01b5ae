// The containers of rpm headers that are no SQLite. What real tools wrote is in
// tests/cases/readers/rpm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/bdb_hash.h"
#include "codec/ndb.h"

namespace boltseal {
namespace {

using testing::ElementsAre;

std::string le(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

void put(std::string& at, std::size_t offset, std::string_view bytes) {
  at.replace(offset, bytes.size(), bytes);
}

struct Pairs {
  std::vector<std::string> found;
  int damages = 0;
  Result<> result;
};

Pairs scan_bdb(std::string_view file) {
  Pairs out;
  out.result =
      scan_bdb_hash(file, {[&](auto key, auto value) {
                             out.found.push_back(std::string(key) + "=" + std::string(value));
                           },
                           [&](const Error&) { ++out.damages; }});
  return out;
}

std::string bdb_meta(std::uint32_t version = 9, std::uint32_t page_size = 512) {
  std::string page(512, '\0');
  put(page, 12, le(0x061561, 4) + le(version, 4) + le(page_size, 4));
  page[25] = 8;
  return page;
}

std::string bdb_hash_page(std::string_view key, std::string_view value) {
  std::string page(512, '\0');
  page[25] = 13;
  const std::size_t key_at = 512 - key.size(), value_at = key_at - value.size();
  put(page, 20, le(2, 2));
  put(page, 26, le(key_at, 2) + le(value_at, 2));
  put(page, key_at, key);
  put(page, value_at, value);
  return page;
}

std::string bdb_overflow(std::uint32_t next, std::string_view bytes) {
  std::string page(512, '\0');
  page[25] = 7;
  put(page, 16, le(next, 4));
  put(page, 22, le(bytes.size(), 2));
  put(page, 26, bytes);
  return page;
}

TEST(BdbHash, ReadsValuesInThePage) {
  const auto out =
      scan_bdb(bdb_meta() + bdb_hash_page("\1k", "\1value") + bdb_hash_page("\1l", "\1other"));
  ASSERT_TRUE(out.result);
  EXPECT_EQ(out.damages, 0);
  EXPECT_THAT(out.found, ElementsAre("k=value", "l=other"));
}

TEST(BdbHash, FollowsTheChain) {
  const std::string far = std::string("\3\0\0\0", 4) + le(2, 4) + le(5, 4);
  const auto file =
      bdb_meta() + bdb_hash_page("\1f", far) + bdb_overflow(3, "abc") + bdb_overflow(0, "de");
  EXPECT_THAT(scan_bdb(file).found, ElementsAre("f=abcde"));
  // The same chain a second time, and one that bites its tail.
  EXPECT_EQ(scan_bdb(file + bdb_hash_page("\1g", far)).damages, 1);
  const std::string ring = std::string("\3\0\0\0", 4) + le(2, 4) + le(500, 4);
  EXPECT_EQ(scan_bdb(bdb_meta() + bdb_hash_page("\1f", ring) + bdb_overflow(2, "abc")).damages, 1);
}

TEST(BdbHash, SaysWhatItDoesNotRead) {
  EXPECT_EQ(scan_bdb("").result.error().fault, Fault::corrupt);
  EXPECT_EQ(scan_bdb(bdb_meta(99)).result.error().fault, Fault::unsupported);
  EXPECT_EQ(scan_bdb(bdb_meta(9, 500)).result.error().fault, Fault::corrupt);
  std::string encrypted = bdb_meta();
  encrypted[24] = 1;
  EXPECT_EQ(scan_bdb(encrypted).result.error().fault, Fault::unsupported);
  EXPECT_EQ(scan_bdb(bdb_meta() + "half a page").damages, 1);
}

TEST(Ndb, SlotsThatShareABlobGiveNoMoreThanTheFile) {
  std::string file(4096, '\0');
  put(file, 0, "RpmP" + le(0, 4) + le(1, 4) + le(1, 4));
  std::string blob = "BlbS" + le(1, 4) + le(1, 4) + le(1000, 4) + std::string(1000, 'x');
  blob.resize(1028);           // 65 blocks of 16 bytes with the tail of 12
  std::uint32_t a = 1, b = 0;  // Adler-32, RFC 1950
  for (const unsigned char c : blob) b = (b + (a = (a + c) % 65'521)) % 65'521;
  blob += le(b << 16 | a, 4) + le(1000, 4) + "BlbE";
  ASSERT_EQ(blob.size(), 1040U);
  for (std::size_t slot = 2; slot < 256; ++slot)
    put(file, slot * 16, "Slot" + le(1, 4) + le(256, 4) + le(65, 4));
  std::size_t bytes = 0, damages = 0;
  ASSERT_TRUE(scan_ndb(file + blob, {[&](std::uint32_t, auto found) { bytes += found.size(); },
                                     [&](const Error&) { ++damages; }}));
  EXPECT_GE(bytes, 1000U);
  EXPECT_LE(bytes, file.size() + blob.size());
  EXPECT_GT(damages, 0U);
  EXPECT_LE(damages, 100U);
}

TEST(Ndb, SaysWhatItDoesNotRead) {
  const NdbScan scan{[](std::uint32_t, std::string_view) {}, [](const Error&) {}};
  EXPECT_EQ(scan_ndb("", scan).error().fault, Fault::corrupt);
  EXPECT_EQ(scan_ndb("RpmP" + le(1, 4) + le(0, 8), scan).error().fault, Fault::unsupported);
  EXPECT_EQ(scan_ndb("RpmP" + le(0, 8) + le(0xffffffff, 4), scan).error().fault, Fault::corrupt);
}

}  // namespace
}  // namespace boltseal
