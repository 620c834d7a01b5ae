// What the readers of one image's layers share, so that many layers may hold no more than one may:
// each sum is the same in whatever order the layers come, and so is what is refused.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/result.h"

namespace boltseal {

struct ReadingLimits {
  std::mutex large;  // large files are buffered one at a time
  std::uint64_t most_packages = 1'000'000;
  std::uint64_t most_name_bytes = 512ULL << 20;  // of the lists of entries: some 15 million files
  std::uint64_t most_text_bytes = 512ULL << 20;  // of what packages say of themselves
  std::atomic<std::uint64_t> packages = 0, name_bytes = 0, text_bytes = 0;

  // Whether `count` more packages are too many; too_large says so.
  Result<> add_packages(std::uint64_t count) {
    if ((packages += count) <= most_packages) return {};
    return fail(Fault::too_large, "an image of more than a million packages");
  }
  Result<> add_text(std::uint64_t bytes) {
    if ((text_bytes += bytes) <= most_text_bytes) return {};
    return fail(Fault::too_large, "an image whose packages say over 512 MiB of themselves");
  }
  // Counts what a list of `size` bytes has grown by since it had `counted`, in large steps.
  Result<> add_names(std::uint64_t size, std::uint64_t& counted) {
    constexpr std::uint64_t step = 64 << 10;
    if (size - counted < step) return {};
    name_bytes += size - counted;
    counted = size;
    if (name_bytes <= most_name_bytes) return {};
    return fail(Fault::too_large, "an image whose file names take more than 512 MiB");
  }
};

}  // namespace boltseal
