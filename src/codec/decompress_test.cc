#include "codec/decompress.h"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <zstd.h>

namespace boltseal {
namespace {

std::string gzip(std::string_view text) {
  isal_zstream stream;
  isal_deflate_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  std::string out(text.size() + 4096, '\0');
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<std::uint32_t>(text.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = static_cast<std::uint32_t>(out.size());
  EXPECT_EQ(isal_deflate(&stream), COMP_OK);
  out.resize(out.size() - stream.avail_out);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string xz(std::string_view text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string bzip2(std::string_view text) {
  std::string out(text.size() + 1024, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                     static_cast<unsigned>(text.size()), 9, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

std::string sample() {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i * 7919 % 10007) + " ";
  return text;
}

class EveryFormat : public ::testing::TestWithParam<std::string (*)(std::string_view)> {};

TEST_P(EveryFormat, IsToldByItsBytesAndComesBackWhole) {
  const std::string text = sample();
  const std::string packed = GetParam()(text);
  const auto kind = compression_of(packed.substr(0, 6));
  ASSERT_NE(kind, Compression::none);
  EXPECT_EQ(decompress(kind, packed, 1 << 24).value(), text);
}

TEST_P(EveryFormat, TwoStreamsBehindEachOtherAreOneText) {
  const std::string packed = GetParam()("one ") + GetParam()("two");
  EXPECT_EQ(decompress(compression_of(packed), packed, 100).value(), "one two");
}

TEST_P(EveryFormat, EveryTruncationIsCorrupt) {
  const std::string packed = GetParam()(sample().substr(0, 3000));
  const auto kind = compression_of(packed);
  for (std::size_t size = 6; size < packed.size(); size += 13) {
    EXPECT_FALSE(decompress(kind, std::string_view(packed).substr(0, size), 1 << 20)) << size;
  }
}

TEST_P(EveryFormat, ABombStopsAtTheLimit) {  // security record, row 8
  const std::string packed = GetParam()(std::string(20 << 20, 'x'));
  const auto done = decompress(compression_of(packed), packed, 1 << 20);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::too_large);
}

TEST_P(EveryFormat, FlippedBytesNeverCrashOrHang) {  // row 10
  const std::string good = GetParam()(sample().substr(0, 2000));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    (void)decompress(compression_of(good), bad, 1 << 20);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat, ::testing::Values(gzip, zstd, xz, bzip2));

// RFC 8878: a frame header with this descriptor and what follows it.
std::string frame(std::initializer_list<int> bytes) {
  std::string out = "\x28\xb5\x2f\xfd";
  for (const int byte : bytes) out += static_cast<char>(byte);
  return out;
}

TEST(Decompress, KnowsWhichStreamsTakeMuchMemory) {
  const std::string skippable("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_FALSE(needs_much_memory(zstd("small")));
  EXPECT_FALSE(needs_much_memory(gzip("small")));
  EXPECT_TRUE(needs_much_memory(xz("small")));
  EXPECT_FALSE(needs_much_memory(frame({0x00, 13 << 3})));     // 8 MiB
  EXPECT_TRUE(needs_much_memory(frame({0x00, 13 << 3 | 1})));  // 9 MiB
  EXPECT_TRUE(needs_much_memory(skippable + frame({0x00, 17 << 3})));
  EXPECT_TRUE(needs_much_memory(frame({0xa0, 0, 0, 0, 1})));               // one segment of 16 MiB
  EXPECT_FALSE(needs_much_memory(frame({0xa3, 9, 9, 9, 9, 0, 0, 1, 0})));  // behind a dictionary id
  EXPECT_FALSE(needs_much_memory(frame({0x00})));
  EXPECT_FALSE(needs_much_memory(skippable));
}

TEST(Decompress, AWindowThatWasNotToldOfIsRefused) {
  const auto with_window = [](int log) {
    const std::string text((std::size_t{1} << log) + 1, 'x');
    std::string packed(ZSTD_compressBound(text.size()), '\0');
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, log);
    packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
    ZSTD_freeCCtx(context);
    return packed;
  };
  std::string out(1 << 20, '\0');
  EXPECT_FALSE(Decompressor::make(Compression::zstd, false)->step(with_window(26), out));
  EXPECT_TRUE(Decompressor::make(Compression::zstd, true)->step(with_window(26), out));
  // zstd:chunked: small frames, then such ones as Go's library writes at its best level.
  const auto stream = Decompressor::make(Compression::zstd, false);
  EXPECT_TRUE(stream->step(zstd("small"), out));
  EXPECT_TRUE(stream->step(with_window(25), out));
}

TEST(Gzip, PaddingAfterTheLastMemberIsForgiven) {
  EXPECT_EQ(decompress(Compression::gzip, gzip("text") + std::string(700, '\0'), 100).value(),
            "text");
  EXPECT_FALSE(decompress(Compression::gzip, gzip("text") + "rubbish", 100));
}

}  // namespace
}  // namespace boltseal
