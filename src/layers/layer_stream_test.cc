#include "layers/layer_stream.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include <thread>

#include "base/fd.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

class Counter : public TarVisitor {
 public:
  std::vector<std::string> names;
  std::uint64_t bytes = 0;
  bool stop = false;
  Result<bool> entry(const TarEntry& e) override {
    if (stop) return fail(Fault::too_large, "enough");
    names.emplace_back(e.path);
    return true;
  }
  Result<bool> content(std::string_view chunk) override { return bytes += chunk.size(), true; }
  Result<> end() override { return {}; }
};

// An archive of one file as the tar tool of 1988 wrote it.
std::string archive(std::size_t size) {
  std::string h(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) {
    h.replace(at, text.size(), text);
  };
  put(0, "file");
  put(100, "0000644");
  char octal[13];
  std::snprintf(octal, sizeof octal, "%011lo", static_cast<unsigned long>(size));
  put(124, octal);
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : h) sum += static_cast<unsigned char>(c);
  std::snprintf(octal, sizeof octal, "%06o", sum);
  put(148, octal);
  h[154] = '\0';
  std::string content(size, '\0');
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 2654435761U >> 13);
  content.resize((size + 511) / 512 * 512);
  return h + content + std::string(1024, '\0');
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

Fd file_of(std::string_view bytes) {
  Fd fd(::memfd_create("layer", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), bytes, "memory"));
  return fd;
}

class Stream : public ::testing::TestWithParam<bool> {
 protected:
  StreamOptions options{.threads = GetParam(), .progress = {}, .limits = nullptr};
  const std::string tar = archive(5'000'000);
  const std::string blob = zstd(tar);
  const std::string digest = sha256_digest(blob), diff_id = sha256_digest(tar);
};

TEST_P(Stream, WalksAndChecksBothDigests) {
  const Fd fd = file_of(blob);
  Counter seen;
  const auto done = stream_layer({fd.get(), 0, {}, digest, diff_id}, seen, options);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->compressed, blob.size());
  EXPECT_EQ(done->inflated, tar.size());
  EXPECT_EQ(seen.names, std::vector<std::string>{"file"});
  EXPECT_EQ(seen.bytes, 5'000'000u);
}

TEST_P(Stream, AWrongDigestIsCorruptAndNamesBoth) {
  const Fd fd = file_of(blob);
  const std::string other = sha256_digest("other");
  for (const bool wrong_blob : {true, false}) {
    Counter seen;
    const auto done =
        stream_layer({fd.get(), 0, {}, wrong_blob ? other : digest, wrong_blob ? diff_id : other},
                     seen, options);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::corrupt);
    EXPECT_NE(done.error().what.find(other), std::string::npos);
  }
}

TEST_P(Stream, ABlobInsideAnotherFileIsReadFromItsOffset) {
  const Fd fd = file_of("prefix" + blob + "suffix");
  Counter seen;
  EXPECT_TRUE(stream_layer({fd.get(), 6, blob.size(), digest, diff_id}, seen, options));
}

TEST_P(Stream, APipeIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Fd in(ends[0]);
  std::thread filler([&] {
    const Fd out(ends[1]);
    EXPECT_TRUE(write_all(out.get(), blob, "pipe"));
  });
  Counter seen;
  EXPECT_TRUE(stream_layer({in.get(), 0, {}, digest, diff_id}, seen, options));
  filler.join();
}

TEST_P(Stream, TruncatedAndForeignBlobsAreErrors) {
  for (const std::string& bad :
       {blob.substr(0, blob.size() / 2), std::string("this is no layer at all"), blob + "x"}) {
    const Fd fd = file_of(bad);
    Counter seen;
    EXPECT_FALSE(stream_layer({fd.get(), 0, {}, "", ""}, seen, options));
  }
}

TEST_P(Stream, AVisitorThatRefusesStopsTheStream) {
  const Fd fd = file_of(blob);
  Counter seen;
  seen.stop = true;
  const auto done = stream_layer({fd.get(), 0, {}, digest, diff_id}, seen, options);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what, "enough");
}

TEST_P(Stream, AnEmptyBlobIsAnArchiveOfNothing) {
  const Fd fd = file_of("");
  Counter seen;
  EXPECT_TRUE(stream_layer({fd.get(), 0, {}, sha256_digest(""), sha256_digest("")}, seen, options));
  EXPECT_FALSE(stream_layer({fd.get(), 0, {}, digest, ""}, seen, options));
  EXPECT_FALSE(stream_layer({fd.get(), 0, {}, "", diff_id}, seen, options));
}

// Zeros, in frames of 128 MiB that take some 4 KiB each.
std::string zeros(int frames) {
  std::string out;
  const std::string frame = zstd(std::string(128 << 20, '\0'));
  for (int i = 0; i < frames; ++i) out += frame;
  return out;
}

TEST_P(Stream, ABombIsRefused) {  // security record, row 8
  ImageLimits limits;
  options.limits = &limits;
  Counter seen;
  const Fd small = file_of(zeros(4)), large = file_of(zeros(10));
  ASSERT_TRUE(stream_layer({small.get(), 0, {}, "", ""}, seen, options));
  EXPECT_GT(limits.beyond_ratio, 500ULL << 20);
  limits.beyond_ratio = 7ULL << 30;  // what other layers gave counts too
  const auto done = stream_layer({large.get(), 0, {}, "", ""}, seen, options);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::too_large);
}

TEST_P(Stream, WhatCameOutIsCountedTheSameHoweverTheBlobComes) {
  const std::string bytes = zeros(2);
  ImageLimits whole, piped;
  Counter seen;
  const Fd file = file_of(bytes);
  options.limits = &whole;
  ASSERT_TRUE(stream_layer({file.get(), 0, {}, "", ""}, seen, options));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Fd in(ends[0]);
  std::thread filler([&] {
    const Fd out(ends[1]);
    for (const char c : bytes) EXPECT_TRUE(write_all(out.get(), {&c, 1}, "pipe"));
  });
  options.limits = &piped;
  EXPECT_TRUE(stream_layer({in.get(), 0, {}, "", ""}, seen, options));
  filler.join();
  EXPECT_EQ(whole.beyond_ratio, piped.beyond_ratio);
}

TEST_P(Stream, StreamsThatTakeMuchMemoryRunOneAtATime) {
  std::string large(20 << 20, 'x'), packed(ZSTD_compressBound(large.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 25);
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), large.data(), large.size()));
  ZSTD_freeCCtx(context);
  ASSERT_FALSE(packed.empty());
  ImageLimits limits;
  options.limits = &limits;
  std::unique_lock held(limits.large_window);
  std::atomic<bool> over = false;
  const Fd fd = file_of(packed);
  std::thread other([&] {
    Counter seen;
    (void)stream_layer({fd.get(), 0, {}, "", ""}, seen, options);
    over = true;
  });
  const Fd usual = file_of(blob);
  Counter seen;
  EXPECT_TRUE(stream_layer({usual.get(), 0, {}, digest, diff_id}, seen, options));
  EXPECT_FALSE(over);
  held.unlock();
  other.join();
  EXPECT_TRUE(over);
}

INSTANTIATE_TEST_SUITE_P(Threads, Stream, ::testing::Bool());

}  // namespace
}  // namespace boltseal
