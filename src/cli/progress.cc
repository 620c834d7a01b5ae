#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>

namespace boltseal {
namespace {

constexpr auto redraw_after = std::chrono::milliseconds(100);
constexpr std::uint64_t files_per_line = 200'000;
constexpr std::size_t bars_shown = 8;
constexpr std::size_t bar_width = 24;

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * bar_width);
  std::string out;
  for (std::size_t i = 0; i < bar_width; ++i) out += i < full ? "━" : "╌";
  return out;
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

}  // namespace

ProgressView::ProgressView(bool quiet) : terminal_(::isatty(STDERR_FILENO) == 1), quiet_(quiet) {}

ProgressView::~ProgressView() { erase(); }

void ProgressView::begin(const ImageInfo& image) {
  size_.clear();
  for (const LayerInfo& layer : image.layers) size_.push_back(layer.size);
  done_.assign(size_.size(), 0);
}

void ProgressView::update(std::size_t layer, std::uint64_t bytes) {
  if (quiet_) return;
  if (size_.empty()) {  // a folder: files, not bytes
    size_.push_back(0);
    done_.push_back(0);
    layer = 0;
  }
  if (layer >= done_.size()) return;
  const bool first = done_[layer] == 0;
  done_[layer] = std::max(done_[layer], bytes);
  const auto now = std::chrono::steady_clock::now();
  if (terminal_) {
    if (now - last_ < redraw_after) return;
    last_ = now;
    draw();
  } else if (size_[layer] == 0) {  // a folder, in a log: a line now and then
    if (done_[layer] < told_ + files_per_line) return;
    told_ = done_[layer];
    std::fputs(fmt::format("{} files looked at\n", told_).c_str(), stderr);
  } else if (first) {
    std::fputs(fmt::format("reading layer {} of {}, {}\n", layer + 1, size_.size(),
                           megabytes(size_[layer]))
                   .c_str(),
               stderr);
  }
}

void ProgressView::erase() {
  if (lines_ > 0) std::fputs(fmt::format("\x1b[{}A\x1b[J", lines_).c_str(), stderr);
  lines_ = 0;
}

void ProgressView::draw() {
  std::string text;
  std::size_t lines = 0;
  for (std::size_t i = 0; i < size_.size() && lines < bars_shown; ++i) {
    if (done_[i] == 0) continue;
    const bool known = size_[i] > 0;
    const double share = known ? static_cast<double>(done_[i]) / static_cast<double>(size_[i]) : 0;
    if (known && share >= 1 && size_.size() > bars_shown) continue;
    text += known ? fmt::format("  layer {:>3}/{}  {} {:>3.0f} %  {}\n", i + 1, size_.size(),
                                bar(share), share * 100, megabytes(size_[i]))
                  : fmt::format("  {} files looked at\n", done_[i]);
    ++lines;
  }
  erase();
  std::fputs(text.c_str(), stderr);
  lines_ = lines;
}

}  // namespace boltseal
