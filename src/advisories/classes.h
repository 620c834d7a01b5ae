// Which of many numbers belong together.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace boltseal {

// Disjoint sets of string numbers, joined by path halving. The root of a set is its smallest
// number.
class Classes {
 public:
  explicit Classes(std::size_t count = 0) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  std::uint32_t root(std::uint32_t n) {
    while (parent_[n] != n) n = parent_[n] = parent_[parent_[n]];
    return n;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::uint32_t> parent_;
};

}  // namespace boltseal
