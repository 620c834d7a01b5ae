#include "codec/decompress.h"

#include <bzlib.h>
#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::uint64_t xz_memory_limit = 128ULL << 20;  // xz -9 needs 65 MiB; more is an attack
constexpr int zstd_window_log_max = 27;                  // 128 MiB, as the zstd tool itself allows
// Of frames after the first, by which a stream is judged (needs_much_memory): 32 MiB, the most that
// Go's library asks for, which writes most images.
constexpr int zstd_usual_log_max = 25;

class Plain : public Decompressor {
 public:
  Result<Step> step(std::string_view in, std::span<char> out) override {
    const std::size_t count = std::min(in.size(), out.size());
    std::copy_n(in.data(), count, out.data());
    return Step{count, count};
  }
  bool complete() const override { return true; }
};

// ISA-L: three times as fast as zlib. After a member ends, zero padding may follow (tar writers pad
// tapes), or a next member.
class Gzip : public Decompressor {
 public:
  Gzip() { restart(); }
  Result<Step> step(std::string_view in, std::span<char> out) override {
    Step done;
    if (between_members_) {
      while (done.consumed < in.size() && in[done.consumed] == '\0' && members_ > 0)
        ++done.consumed;
      if (done.consumed == in.size()) return done;
      restart();
    }
    const std::size_t offered = std::min<std::size_t>(in.size() - done.consumed, UINT32_MAX);
    const std::size_t room = std::min<std::size_t>(out.size(), UINT32_MAX);
    state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(in.data() + done.consumed));
    state_->avail_in = static_cast<std::uint32_t>(offered);
    state_->next_out = reinterpret_cast<std::uint8_t*>(out.data());
    state_->avail_out = static_cast<std::uint32_t>(room);
    const int code = isal_inflate(state_.get());
    if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT && code != ISAL_OUT_OVERFLOW) {
      return fail(Fault::corrupt, fmt::format("broken gzip stream (code {})", code));
    }
    done.consumed += offered - state_->avail_in;
    done.produced = room - state_->avail_out;
    if (state_->block_state == ISAL_BLOCK_FINISH) {
      between_members_ = true;
      ++members_;
    }
    return done;
  }
  bool complete() const override { return between_members_ && members_ > 0; }

 private:
  void restart() {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
    between_members_ = false;
  }
  std::unique_ptr<inflate_state> state_ = std::make_unique<inflate_state>();
  bool between_members_ = false;
  std::uint64_t members_ = 0;
};

class Zstd : public Decompressor {
 public:
  explicit Zstd(bool large) : context_(ZSTD_createDCtx()) {
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax,
                           large ? zstd_window_log_max : zstd_usual_log_max);
  }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  ~Zstd() override { ZSTD_freeDCtx(context_); }
  Result<Step> step(std::string_view in, std::span<char> out) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t code = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(code))
      return fail(Fault::corrupt, fmt::format("broken zstd stream: {}", ZSTD_getErrorName(code)));
    // Asked again after a frame's end, zstd reports that it waits for the next frame: that is still
    // an end.
    if (input.pos > 0 || output.pos > 0) complete_ = code == 0;
    return Step{input.pos, output.pos};
  }
  bool complete() const override { return complete_; }

 private:
  ZSTD_DCtx* context_;
  bool complete_ = false;
};

class Xz : public Decompressor {
 public:
  Xz() { started_ = lzma_stream_decoder(&stream_, xz_memory_limit, LZMA_CONCATENATED) == LZMA_OK; }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;
  ~Xz() override { lzma_end(&stream_); }
  Result<Step> step(std::string_view in, std::span<char> out) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret code =
        started_ ? lzma_code(&stream_, in.empty() ? LZMA_FINISH : LZMA_RUN) : LZMA_MEM_ERROR;
    if (code == LZMA_MEMLIMIT_ERROR)
      return fail(Fault::too_large, "xz stream wants more than 128 MiB of memory");
    if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR) {
      return fail(Fault::corrupt,
                  fmt::format("broken xz stream (code {})", static_cast<int>(code)));
    }
    ended_ = code == LZMA_STREAM_END;
    // Between concatenated streams liblzma wants LZMA_FINISH to say so; complete() asks it with no
    // input.
    return Step{in.size() - stream_.avail_in, out.size() - stream_.avail_out};
  }
  bool complete() const override {
    if (ended_) return true;
    std::array<char, 1> none{};
    auto& self = const_cast<Xz&>(*this);
    const auto last = self.step({}, none);
    return last && last->produced == 0 && self.ended_;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool started_ = false;
  bool ended_ = false;
};

class Bzip2 : public Decompressor {
 public:
  Bzip2() { restart(); }
  Bzip2(const Bzip2&) = delete;
  Bzip2& operator=(const Bzip2&) = delete;
  ~Bzip2() override { BZ2_bzDecompressEnd(&stream_); }
  Result<Step> step(std::string_view in, std::span<char> out) override {
    if (between_ && in.empty()) return Step{};
    if (between_) {
      BZ2_bzDecompressEnd(&stream_);
      restart();
    }
    const std::size_t offered = std::min<std::size_t>(in.size(), UINT32_MAX);
    const std::size_t room = std::min<std::size_t>(out.size(), UINT32_MAX);
    stream_.next_in = const_cast<char*>(in.data());
    stream_.avail_in = static_cast<unsigned>(offered);
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<unsigned>(room);
    const int code = BZ2_bzDecompress(&stream_);
    if (code != BZ_OK && code != BZ_STREAM_END)
      return fail(Fault::corrupt, fmt::format("broken bzip2 stream (code {})", code));
    between_ = code == BZ_STREAM_END;
    return Step{offered - stream_.avail_in, room - stream_.avail_out};
  }
  bool complete() const override { return between_; }

 private:
  void restart() {
    stream_ = {};
    BZ2_bzDecompressInit(&stream_, 0, 0);
    between_ = false;
  }
  bz_stream stream_{};
  bool between_ = false;
};

// RFC 8878, 3.1.1.1: the window of a frame, that of a frame of one segment is its content.
std::uint64_t zstd_window(Cursor& in) {
  const unsigned descriptor = in.u8();
  if ((descriptor & 0x20) == 0) {
    const unsigned window = in.u8();
    const std::uint64_t base = 1ULL << (10 + (window >> 3));
    return base + base / 8 * (window & 7);
  }
  constexpr std::array<std::size_t, 4> id_sizes = {0, 1, 2, 4};
  (void)in.bytes(id_sizes.at(descriptor & 3));
  switch (descriptor >> 6) {
    case 0:
      return in.u8();
    case 1:
      return in.le<std::uint16_t>() + 256U;
    case 2:
      return in.le<std::uint32_t>();
    default:
      return in.le<std::uint64_t>();
  }
}

}  // namespace

Compression compression_of(std::string_view head) {
  if (head.starts_with("\x1f\x8b")) return Compression::gzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  // A skippable frame may come first: 0x184D2A50 … 5F, little-endian.
  if (head.size() >= 4 && (head[0] & '\xf0') == '\x50' && head.substr(1, 3) == "\x2a\x4d\x18")
    return Compression::zstd;
  if (head.starts_with(std::string_view("\xfd"
                                        "7zXZ\0",
                                        6)))
    return Compression::xz;
  if (head.size() >= 4 && head.starts_with("BZh") && head[3] >= '1' && head[3] <= '9')
    return Compression::bzip2;
  return Compression::none;
}

std::string_view name_of(Compression compression) {
  constexpr std::array<std::string_view, 5> names = {"none", "gzip", "zstd", "xz", "bzip2"};
  return names.at(static_cast<std::size_t>(compression));
}

bool needs_much_memory(std::string_view head) {
  const Compression compression = compression_of(head);
  if (compression != Compression::zstd) return compression == Compression::xz;
  // Skippable frames, as zstd:chunked and pzstd write them, are passed over.
  Cursor in(head);
  while (in.ok()) {
    const std::uint32_t magic = in.le<std::uint32_t>();
    if (magic == 0xFD2FB528) return zstd_window(in) > large_window && in.ok();
    (void)in.bytes(in.le<std::uint32_t>());
  }
  return false;
}

std::unique_ptr<Decompressor> Decompressor::make(Compression compression, bool large) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<Gzip>();
    case Compression::zstd:
      return std::make_unique<Zstd>(large);
    case Compression::xz:
      return std::make_unique<Xz>();
    case Compression::bzip2:
      return std::make_unique<Bzip2>();
    case Compression::none:
      break;
  }
  return std::make_unique<Plain>();
}

namespace {

// The size that the first zstd frame says it has, where that is believable: growing step by step
// would copy all that came before each time.
std::size_t first_guess(Compression compression, std::string_view bytes, std::uint64_t cap) {
  if (compression != Compression::zstd) return 0;
  const auto said = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  constexpr std::uint64_t believable = 64;  // times the compressed size
  return said > std::min<std::uint64_t>(cap, believable * bytes.size()) ? 0 : said + 65536;
}

}  // namespace

Result<std::string> decompress(Compression compression, std::string_view bytes, std::uint64_t cap) {
  const auto stream = Decompressor::make(compression);
  std::string out(first_guess(compression, bytes, cap), '\0');
  std::size_t size = 0;
  for (;;) {
    if (out.size() - size < 65536) out.resize(size + std::max<std::size_t>(65536, size));
    TRY(const auto done, stream->step(bytes, std::span(out).subspan(size)));
    bytes.remove_prefix(done.consumed);
    size += done.produced;
    if (size > cap)
      return fail(Fault::too_large, fmt::format("inflates to more than {} bytes", cap));
    if (done.consumed == 0 && done.produced == 0) break;
  }
  if (!bytes.empty() || !stream->complete())
    return fail(Fault::corrupt, fmt::format("truncated {} stream", name_of(compression)));
  out.resize(size);
  return out;
}

}  // namespace boltseal
