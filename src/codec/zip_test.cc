#include "codec/zip.h"

#include <gtest/gtest.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <chrono>

namespace boltseal {
namespace {

std::string le(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::uint32_t crc_of(std::string_view bytes) {
  return crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::string deflated(std::string_view bytes) {
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  std::string out(bytes.size() + 1024, '\0');
  std::vector<std::uint8_t> work(ISAL_DEF_LVL1_DEFAULT);
  stream.level = 1;
  stream.level_buf = work.data();
  stream.level_buf_size = static_cast<std::uint32_t>(work.size());
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<std::uint32_t>(bytes.size());
  stream.end_of_stream = 1;
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = static_cast<std::uint32_t>(out.size());
  EXPECT_EQ(isal_deflate_stateless(&stream), COMP_OK);
  out.resize(stream.total_out);
  return out;
}

// Writes archives, the wrong ones too.
class Maker {
 public:
  Maker& add(std::string_view name, std::string_view content, bool pack = false,
             std::uint16_t flags = 0) {
    const std::string data = pack ? deflated(content) : std::string(content);
    return raw(name, data, content.size(), crc_of(content), pack ? 8 : 0, flags);
  }
  Maker& raw(std::string_view name, std::string_view data, std::uint64_t size, std::uint32_t crc,
             std::uint16_t method, std::uint16_t flags) {
    const std::uint64_t offset = offset_.value_or(body.size());
    const std::string common = le(flags, 2) + le(method, 2) + le(0, 4) + le(crc, 4);
    body += "PK\3\4" + le(20, 2) + common + le(data.size(), 4) + le(size, 4) + le(name.size(), 2) +
            le(0, 2) + std::string(name) + std::string(data);
    const std::string extra =
        zip64 ? le(1, 2) + le(24, 2) + le(size, 8) + le(data.size(), 8) + le(offset, 8) : "";
    const auto narrow = [&](std::uint64_t n) { return le(zip64 ? 0xffffffff : n, 4); };
    central += "PK\1\2" + le(20, 2) + le(20, 2) + common + narrow(data.size()) + narrow(size) +
               le(name.size(), 2) + le(extra.size(), 2) + std::string(10, '\0') + narrow(offset) +
               std::string(name) + extra;
    ++count;
    return *this;
  }
  Maker& pretend_offset(std::uint64_t offset) { return offset_ = offset, *this; }
  std::string finish(std::string_view comment = {}) const {
    std::string out = body + central;
    if (zip64) {
      out += "PK\6\6" + le(44, 8) + le(45, 2) + le(45, 2) + le(0, 8) + le(count, 8) + le(count, 8) +
             le(central.size(), 8) + le(body.size(), 8);
      out += "PK\6\7" + le(0, 4) + le(body.size() + central.size(), 8) + le(1, 4);
    }
    return out + "PK\5\6" + le(0, 4) + le(zip64 ? 0xffff : count, 2) +
           le(zip64 ? 0xffff : count, 2) + le(zip64 ? 0xffffffff : central.size(), 4) +
           le(zip64 ? 0xffffffff : body.size(), 4) + le(comment.size(), 2) + std::string(comment);
  }

  std::string body, central;
  std::uint64_t count = 0;
  bool zip64 = false;

 private:
  std::optional<std::uint64_t> offset_;
};

void expect_hello(const std::string& bytes) {
  const auto zip = Zip::open(bytes);
  ASSERT_TRUE(zip) << zip.error().message();
  ASSERT_EQ(zip->entries().size(), 2u);
  const auto* a = zip->find("a.txt");
  const auto* b = zip->find("dir/b.txt");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(zip->read(*a, 100).value(), "hello");
  EXPECT_EQ(zip->read(*b, 10000).value(), std::string(5000, 'b'));
  EXPECT_EQ(zip->stored_view(*a).value(), "hello");
  EXPECT_EQ(zip->stored_view(*b).error().fault, Fault::unsupported);
}

Maker hello() {
  Maker maker;
  maker.add("a.txt", "hello").add("dir/b.txt", std::string(5000, 'b'), true);
  return maker;
}

TEST(Zip, ReadsStoredAndDeflatedEntries) { expect_hello(hello().finish()); }

TEST(Zip, ReadsPastACommentThatHoldsTheSignature) {
  const std::string bytes =
      hello().finish("PK\5\6 is how an end begins, and this is a long comment");
  expect_hello(bytes);
  EXPECT_TRUE(Zip::open(bytes)->comment().ends_with("comment"));
}

TEST(Zip, ReadsAnArchiveBehindAScript) {
  expect_hello("#!/bin/sh\nexec java -jar \"$0\"\n" + hello().finish());
}

TEST(Zip, ReadsAnArchiveBehindAScriptWithAdjustedOffsets) {
  Maker maker;
  maker.body = "#!/bin/sh\nexec java -jar \"$0\"\n";
  maker.add("a.txt", "hello").add("dir/b.txt", std::string(5000, 'b'), true);
  expect_hello(maker.finish());
}

TEST(Zip, ReadsAnArchiveWithJunkBehind) { expect_hello(hello().finish() + std::string(100, '\n')); }

TEST(Zip, ReadsZip64WithAndWithoutDataInFront) {
  Maker maker;
  maker.zip64 = true;
  maker.add("a.txt", "hello").add("dir/b.txt", std::string(5000, 'b'), true);
  expect_hello(maker.finish());
  expect_hello("#!/bin/sh\n" + maker.finish());
}

TEST(Zip, AnEmptyArchiveHasNoEntries) {
  EXPECT_TRUE(Zip::open(Maker().finish())->entries().empty());
}

TEST(Zip, RefusesWhatIsNoArchive) {
  EXPECT_EQ(Zip::open("").error().fault, Fault::corrupt);
  EXPECT_EQ(Zip::open(std::string(100'000, 'P')).error().fault, Fault::corrupt);
}

TEST(Zip, EveryTruncationIsAnError) {
  const std::string bytes = hello().finish();
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(Zip::open(std::string_view(bytes).substr(0, n))) << n;
  }
}

TEST(Zip, EveryFlippedBitEndsWell) {
  const std::string good = hello().finish();
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    std::string bytes = good;
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << i % 8));
    const auto zip = Zip::open(bytes);
    if (!zip) continue;
    for (const auto& entry : zip->entries()) {
      const auto content = zip->read(entry, 1 << 20);
      if (content) {
        EXPECT_TRUE(*content == "hello" || *content == std::string(5000, 'b'));
      }
    }
  }
}

TEST(Zip, RefusesEncryptedEntriesAndOtherMethods) {
  Maker maker;
  maker.add("secret", "x", false, 1).raw("lzma", "x", 1, crc_of("x"), 14, 0);
  const std::string bytes = maker.finish();
  const auto zip = Zip::open(bytes);
  ASSERT_TRUE(zip);
  EXPECT_EQ(zip->read(zip->entries()[0], 9).error().fault, Fault::unsupported);
  EXPECT_EQ(zip->stored_view(zip->entries()[0]).error().fault, Fault::unsupported);
  EXPECT_EQ(zip->read(zip->entries()[1], 9).error().fault, Fault::unsupported);
}

TEST(Zip, RefusesAWrongCrcAndALyingSize) {
  const std::string packed = deflated(std::string(5000, 'b'));
  Maker maker;
  maker.raw("crc", "x", 1, 7, 0, 0)
      .raw("short", packed, 4999, crc_of(std::string(4999, 'b')), 8, 0);
  maker.raw("long", packed, 5001, 0, 8, 0).raw("huge", packed, 0xfffffff0, 0, 8, 0);
  const std::string bytes = maker.finish();
  const auto zip = Zip::open(bytes);
  ASSERT_TRUE(zip);
  for (const auto& entry : zip->entries()) {
    EXPECT_EQ(zip->read(entry, 0xffffffff).error().fault, Fault::corrupt) << entry.name;
  }
}

TEST(Zip, RefusesAnEntryOverTheCap) {
  const std::string bytes = hello().finish();
  const auto zip = Zip::open(bytes);
  EXPECT_EQ(zip->read(zip->entries()[1], 4999).error().fault, Fault::too_large);
}

// Security-record row 8: 1 MiB of zeros in a kilobyte, many times.
TEST(Zip, ABombStopsAtTheBudget) {
  Maker maker;
  const std::string zeros(4 << 20, '\0');
  const std::string packed = deflated(zeros);
  for (int i = 0; i < 40; ++i)
    maker.raw("z" + std::to_string(i), packed, zeros.size(), crc_of(zeros), 8, 0);
  const std::string bytes = maker.finish();
  const auto zip = Zip::open(bytes);
  ASSERT_TRUE(zip);
  std::uint64_t given = 0;
  std::size_t refused = 0;
  for (const auto& entry : zip->entries()) {
    const auto content = zip->read(entry, 64 << 20);
    if (content)
      given += content->size();
    else
      refused += content.error().fault == Fault::too_large;
  }
  EXPECT_GT(refused, 0u);
  EXPECT_LE(given, std::max<std::uint64_t>(16 << 20, bytes.size() * 200));
  EXPECT_LT(zip->budget_left(), zeros.size());
}

// The bomb of overlapping files (Fifield 2019): many directory entries, one body.
TEST(Zip, RefusesOverlappingEntries) {
  Maker maker;
  const std::string packed = deflated(std::string(1 << 20, '\0'));
  maker.pretend_offset(0);
  for (int i = 0; i < 1000; ++i) {
    maker.raw("z" + std::to_string(i), packed, 1 << 20, 0, 8, 0);
    if (i > 0)
      maker.body.resize(maker.body.size() - packed.size() - 30 - 1 - std::to_string(i).size());
  }
  const auto zip = Zip::open(maker.finish());
  ASSERT_FALSE(zip);
  EXPECT_EQ(zip.error().what, "entries overlap");
}

TEST(Zip, CountsAndOffsetsThatLieAreErrors) {
  const std::string good = hello().finish();
  const auto with = [&](std::size_t from_end, std::string_view value) {
    std::string bytes = good;
    bytes.replace(bytes.size() - from_end, value.size(), value);
    return Zip::open(bytes);
  };
  EXPECT_FALSE(with(12, "\xff\xfe"));          // entries
  EXPECT_FALSE(with(10, "\xff\xff\xff\x7f"));  // size of the directory
  EXPECT_FALSE(with(6, "\xff\xff\xff\x7f"));   // its offset
  EXPECT_EQ(Zip::open(good, {.entries = 1}).error().fault, Fault::too_large);
}

// Python and Java list what stands in the directory, whatever the end record counts.
TEST(Zip, TheHeadersTellHowManyEntriesThereAre) {
  for (const char count : {'\0', '\1', '\2'}) {
    std::string bytes = hello().finish();
    bytes[bytes.size() - 12] = count;
    SCOPED_TRACE(static_cast<int>(count));
    expect_hello(bytes);
    expect_hello("#!/bin/sh\n" + bytes);
    EXPECT_TRUE(Zip::open(bytes)->is_whole());
    EXPECT_EQ(Zip::open(bytes, {.entries = 1}).error().fault, Fault::too_large);
  }
}

// Without Zip64 the count wraps.
TEST(Zip, ReadsMoreThan65535EntriesWithoutZip64) {
  Maker maker;
  for (int i = 0; i < 65538; ++i) maker.add(std::to_string(i), "");
  const std::string bytes = maker.finish();
  const auto zip = Zip::open(bytes);
  ASSERT_TRUE(zip) << zip.error().message();
  EXPECT_EQ(zip->entries().size(), 65538u);
  EXPECT_NE(zip->find("65537"), nullptr);
}

TEST(Zip, SaysWhenTheDirectoryGoesOnBehindWhatCouldBeRead) {
  Maker maker;
  maker.add("a.txt", "hello");
  maker.central += "junk";
  maker.add("dir/b.txt", "x");
  std::string bytes = maker.finish();
  EXPECT_EQ(Zip::open(bytes).error().fault, Fault::corrupt);
  bytes[bytes.size() - 12] = 1;
  const auto zip = Zip::open(bytes);
  ASSERT_TRUE(zip) << zip.error().message();
  EXPECT_EQ(zip->entries().size(), 1u);
  EXPECT_FALSE(zip->is_whole());
}

TEST(Zip, TheDirectoryOfAThousandEntriesIsQuick) {
  Maker maker;
  for (int i = 0; i < 1000; ++i)
    maker.add("org/example/package/Class" + std::to_string(i) + ".class", "x");
  const std::string bytes = maker.finish();
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 50; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto zip = Zip::open(bytes);
    ASSERT_EQ(zip->entries().size(), 1000u);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
  }
  RecordProperty("nanoseconds", std::to_string(best.count()));
  EXPECT_LT(best, std::chrono::milliseconds(
                      5));  // a debug build under sanitizers; about 0.03 ms in release
}

}  // namespace
}  // namespace boltseal
