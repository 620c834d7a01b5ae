// One layer blob, read once: inflated, walked as a tar, and both its digests checked on the way.
// Nothing is unpacked.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "codec/tar.h"

namespace boltseal {

struct LayerJob {
  int fd = -1;                          // a regular file or a pipe, open for reading
  std::uint64_t offset = 0;             // where the blob begins, for a regular file
  std::optional<std::uint64_t> length;  // nothing: to the end
  std::string digest;                   // expected digest of the blob; empty: not checked
  std::string diff_id;                  // expected digest of the tar; empty: not checked
};

struct LayerTotals {
  std::uint64_t compressed = 0;
  std::uint64_t inflated = 0;
  std::string diff_id;  // as computed
};

// What all layers of one image share, so that many layers are worth no more to an attacker than
// one.
struct ImageLimits {
  std::atomic<std::uint64_t> beyond_ratio = 0;  // bytes that came out of almost nothing
  std::mutex large_window;  // a stream that needs much memory to inflate runs alone
};

struct StreamOptions {
  bool threads = true;  // false: all in the calling thread
  std::function<void(std::uint64_t)>
      progress;                   // bytes of the blob read so far; called from the reading thread
  ImageLimits* limits = nullptr;  // nullptr: the layer has limits of its own
  bool again = false;             // the layer was read before: its bytes are counted already
};

// Streams the layer into `visitor` (called from one thread). corrupt when a digest is wrong or the
// stream is broken, too_large for a bomb. What the visitor was told before an error must not be
// believed.
Result<LayerTotals> stream_layer(const LayerJob& job, TarVisitor& visitor,
                                 const StreamOptions& options);

}  // namespace boltseal
