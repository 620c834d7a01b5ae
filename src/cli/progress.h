// How far the reading of layers is, on standard error: bars on a terminal, one line per layer
// elsewhere, nothing when quiet.
#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "inventory/image.h"

namespace boltseal {

class ProgressView {
 public:
  explicit ProgressView(bool quiet);
  ~ProgressView();  // takes the bars away
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;
  void begin(const ImageInfo& image);
  void update(std::size_t layer, std::uint64_t bytes);

 private:
  void draw();
  void erase();
  bool terminal_;
  bool quiet_;
  std::size_t lines_ = 0;   // drawn last time
  std::uint64_t told_ = 0;  // files of a folder, in the last line
  std::vector<std::uint64_t> size_, done_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace boltseal
