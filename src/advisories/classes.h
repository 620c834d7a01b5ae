// Which of many numbers belong together.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace boltseal {

// Disjoint sets of string numbers, joined by path halving. The root of a set is its smallest
// number. Of the numbers that are marked a set holds one at most.
class Classes {
 public:
  explicit Classes(std::size_t count = 0) : parent_(count), marked_(count, none) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  void mark(std::uint32_t n) { marked_[root(n)] = n; }
  std::uint32_t root(std::uint32_t n) {
    while (parent_[n] != n) n = parent_[n] = parent_[parent_[n]];
    return n;
  }
  // Leaves apart what would bring two marked numbers together.
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    const auto one = marked_[a], other = marked_[b];
    if (one != none && other != none && one != other) return;
    parent_[std::max(a, b)] = std::min(a, b);
    marked_[std::min(a, b)] = one != none ? one : other;
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  std::vector<std::uint32_t> parent_, marked_;  // the second by the root
};

}  // namespace boltseal
