// Four stages: read + inflate | hash of the blob | hash of the tar | walk. Inflating is the limit
// (measured: a bare loop of all four costs 1.24 x inflating alone on two cores), so everything else
// leaves its thread.
#include "layers/layer_stream.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/text.h"
#include "codec/decompress.h"
#include "crypto/digest.h"
#include "layers/ring.h"

namespace boltseal {
namespace {

constexpr std::size_t blob_chunk = 1 << 20;
constexpr std::size_t tar_chunk = 1 << 20;
constexpr std::size_t ring_slots = 4;
// Bombs (rows 7, 8 of the security record): what a chunk of the blob gives beyond this ratio is
// counted over all layers. Real layers stay below it but for files of zeros (lastlog, disk images),
// and those are let pass up to the limit. The sum is the same in whatever order the layers come.
constexpr std::uint64_t inflated_limit = 1ULL << 40;
constexpr std::uint64_t ratio_limit = 200;
constexpr std::uint64_t beyond_ratio_limit = 8ULL << 30;

// One consumer of bytes: a hash or the tar walk. In the calling thread, or behind a ring in a
// thread of its own.
class Stage {
 public:
  explicit Stage(std::function<Result<>(std::string_view)> take) : take_(std::move(take)) {}
  void consume(Ring& ring, std::size_t who) {
    for (auto chunk = ring.next(who); !chunk.empty(); chunk = ring.next(who)) {
      if (!take(chunk)) return ring.abort();
      ring.release(who);
    }
  }
  bool take(std::string_view chunk) {
    if (result_) result_ = take_(chunk);
    return result_.has_value();
  }
  const Result<>& result() const { return result_; }

 private:
  std::function<Result<>(std::string_view)> take_;
  Result<> result_;
};

// Where chunks go: straight into the stages, or through a ring to their threads.
class Fan {
 public:
  Fan(std::vector<Stage*> stages, std::size_t chunk, bool threads)
      : stages_(std::move(stages)),
        ring_(threads ? ring_slots : 1, chunk, threads ? stages_.size() : 0),
        threaded_(threads) {
    for (std::size_t i = 0; threads && i < stages_.size(); ++i) {
      threads_.emplace_back([this, i] { stages_[i]->consume(ring_, i); });
    }
  }
  Fan(const Fan&) = delete;
  Fan& operator=(const Fan&) = delete;
  ~Fan() {
    ring_.abort();
    join();
  }
  std::span<char> room() { return ring_.room(); }
  // False: a stage has failed.
  bool publish(std::string_view chunk) {
    if (threaded_) {
      ring_.publish(chunk.size());
      return true;
    }
    for (Stage* stage : stages_) {
      if (!stage->take(chunk)) return false;
    }
    return true;
  }
  void finish() {
    ring_.close();
    join();
  }

 private:
  void join() {
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  std::vector<Stage*> stages_;
  Ring ring_;
  bool threaded_;
  std::vector<std::thread> threads_;
};

// Reads the blob through its descriptor, from an offset where that is possible, up to a length.
class BlobReader {
 public:
  explicit BlobReader(const LayerJob& job)
      : job_(job), seekable_(::lseek(job.fd, 0, SEEK_CUR) >= 0) {}
  // Fills as much of `out` as there is; 0 at the end.
  Result<std::size_t> read(std::span<char> out) {
    std::size_t got = 0;
    while (got < out.size()) {
      const std::uint64_t left = job_.length ? *job_.length - total_ : out.size();
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, out.size() - got));
      if (want == 0) break;
      const ssize_t n = seekable_ ? ::pread(job_.fd, out.data() + got, want,
                                            static_cast<off_t>(job_.offset + total_))
                                  : ::read(job_.fd, out.data() + got, want);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return std::unexpected(errno_error("cannot read the layer"));
      if (n == 0) break;
      got += static_cast<std::size_t>(n);
      total_ += static_cast<std::uint64_t>(n);
    }
    return got;
  }
  std::uint64_t total() const { return total_; }

 private:
  const LayerJob& job_;
  bool seekable_;
  std::uint64_t total_ = 0;
};

// The reading and inflating stage itself.
class Inflater {
 public:
  Inflater(const LayerJob& job, Fan& blob, Fan& tar, const StreamOptions& options)
      : reader_(job),
        blob_(blob),
        tar_(tar),
        options_(options),
        limits_(options.limits ? *options.limits : own_) {}

  // False: a stage has stopped the stream and knows why.
  Result<bool> run() {
    for (;;) {
      const auto room = blob_.room();
      if (room.empty()) return false;
      TRY(const auto got, reader_.read(room));
      if (got == 0) break;
      const std::string_view chunk(room.data(), got);
      if (!stream_) begin(chunk);
      // Published before it is inflated, so that the hash runs beside; the slot stays ours until
      // the next room().
      if (!blob_.publish(chunk)) return false;
      if (options_.progress) options_.progress(reader_.total());
      TRY(const bool going, inflate(chunk));
      if (!going) return false;
    }
    if (!stream_) return true;  // nothing at all is an archive of no entries
    TRY(const bool going, inflate({}));
    if (!going) return false;
    if (!stream_->complete())
      return fail(Fault::corrupt, "the compressed layer is truncated", {}, reader_.total());
    if (filled_ > 0 && !tar_.publish({out_.data(), filled_})) return false;
    return true;
  }
  std::uint64_t compressed() const { return reader_.total(); }
  std::uint64_t inflated() const { return inflated_; }

 private:
  void begin(std::string_view head) {
    const bool large = needs_much_memory(head);
    if (large) alone_ = std::unique_lock(limits_.large_window);
    stream_ = Decompressor::make(compression_of(head), large);
  }
  bool is_bomb() {
    if (inflated_ > free_until_ && !options_.again) limits_.beyond_ratio += inflated_ - free_until_;
    free_until_ = std::max(free_until_, inflated_);
    return inflated_ > inflated_limit || limits_.beyond_ratio > beyond_ratio_limit;
  }
  // Inflates all of `in`; with nothing, what the decompressor still holds.
  Result<bool> inflate(std::string_view in) {
    const bool flush = in.empty();
    free_until_ = inflated_ + in.size() * ratio_limit;
    for (;;) {
      if (out_.empty()) {
        out_ = tar_.room();
        if (out_.empty()) return false;
        filled_ = 0;
      }
      TRY(const auto done, stream_->step(in, out_.subspan(filled_)));
      in.remove_prefix(done.consumed);
      filled_ += done.produced;
      inflated_ += done.produced;
      if (is_bomb()) {
        return fail(Fault::too_large, fmt::format("a decompression bomb: {} bytes from {}",
                                                  inflated_, reader_.total()));
      }
      const bool full = filled_ == out_.size();
      if (full) {
        if (!tar_.publish({out_.data(), out_.size()})) return false;
        out_ = {};
      }
      if (!full && (in.empty() || (done.consumed == 0 && done.produced == 0))) {
        if (!in.empty() && !flush)
          return fail(Fault::corrupt, "data after the end of the compressed layer", {},
                      reader_.total());
        return true;
      }
    }
  }

  BlobReader reader_;
  Fan& blob_;
  Fan& tar_;
  const StreamOptions& options_;
  std::unique_ptr<Decompressor> stream_;
  std::span<char> out_;
  std::size_t filled_ = 0;
  std::uint64_t inflated_ = 0;
  std::uint64_t free_until_ = 0;  // how far the chunk at hand may inflate before it is counted
  ImageLimits own_;
  ImageLimits& limits_;
  std::unique_lock<std::mutex> alone_;
};

Result<std::string> checked(std::string_view what, const std::string& expected, Hasher& hasher) {
  const std::string kind = expected.empty() ? "sha256" : expected.substr(0, expected.find(':'));
  const std::string actual = kind + ":" + hex(hasher.finish());
  if (!expected.empty() && actual != expected) {
    return fail(Fault::corrupt,
                fmt::format("the {} is {}, but {} was promised: the layer was changed or damaged",
                            what, actual, expected));
  }
  return actual;
}

Result<HashKind> kind_for(const std::string& digest) {
  if (digest.empty()) return HashKind::sha256;
  return hash_of_digest(digest);
}

}  // namespace

Result<LayerTotals> stream_layer(const LayerJob& job, TarVisitor& visitor,
                                 const StreamOptions& options) {
  TRY(const HashKind blob_kind, kind_for(job.digest));
  TRY(const HashKind tar_kind, kind_for(job.diff_id));
  Hasher blob_hash(blob_kind), tar_hash(tar_kind);
  TarParser parser(visitor);
  Stage hash_blob(
      [&](std::string_view chunk) -> Result<> { return blob_hash.update(chunk), Result<>{}; });
  Stage hash_tar(
      [&](std::string_view chunk) -> Result<> { return tar_hash.update(chunk), Result<>{}; });
  Stage walk([&](std::string_view chunk) { return parser.feed(chunk); });

  LayerTotals totals;
  Result<bool> inflated = true;
  {
    std::vector<Stage*> blob_stages;
    if (!job.digest.empty()) blob_stages.push_back(&hash_blob);
    Fan blob(blob_stages, blob_chunk, options.threads);
    Fan tar({&walk, &hash_tar}, tar_chunk, options.threads);
    Inflater inflater(job, blob, tar, options);
    inflated = inflater.run();
    if (inflated && *inflated) {
      blob.finish();
      tar.finish();
    }
    totals.compressed = inflater.compressed();
    totals.inflated = inflater.inflated();
  }
  if (!walk.result()) return std::unexpected(walk.result().error());
  if (!inflated) return std::unexpected(inflated.error());
  TRY_DO(parser.finish());
  if (!job.digest.empty()) TRY_DO(checked("digest of the blob", job.digest, blob_hash));
  TRY(totals.diff_id, checked("digest of the content (diff_id)", job.diff_id, tar_hash));
  return totals;
}

}  // namespace boltseal
