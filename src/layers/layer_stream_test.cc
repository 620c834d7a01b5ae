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
  StreamOptions options{.threads = GetParam(), .progress = {}};
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

TEST_P(Stream, TruncatedEmptyAndForeignBlobsAreErrors) {
  for (const std::string& bad : {blob.substr(0, blob.size() / 2), std::string(),
                                 std::string("this is no layer at all"), blob + "x"}) {
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

TEST_P(Stream, ABombIsRefused) {  // security record, row 8
  // 6 GiB of zeros in some 200 KiB: 48 frames of 128 MiB.
  std::string bomb;
  const std::string frame = zstd(std::string(128 << 20, '\0'));
  for (int i = 0; i < 48; ++i) bomb += frame;
  const Fd fd = file_of(bomb);
  Counter seen;
  const auto done = stream_layer({fd.get(), 0, {}, "", ""}, seen, options);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::too_large);
}

INSTANTIATE_TEST_SUITE_P(Threads, Stream, ::testing::Bool());

}  // namespace
}  // namespace boltseal
