#include "base/texts.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace boltseal {

Texts& Texts::operator=(Texts&& other) noexcept {
  blocks_ = std::move(other.blocks_);
  other.blocks_.clear();
  next_ = std::exchange(other.next_, nullptr);
  end_ = std::exchange(other.end_, nullptr);
  return *this;
}

void Texts::adopt(Texts&& other) {
  std::ranges::move(other.blocks_, std::back_inserter(blocks_));
  other = Texts();
}

char* Texts::room(std::size_t bytes) {
  if (static_cast<std::size_t>(end_ - next_) < bytes) {
    constexpr std::size_t block = 256 << 10;
    const std::size_t size = std::max(block, bytes);
    next_ = blocks_.emplace_back(std::make_unique_for_overwrite<char[]>(size)).get();
    end_ = next_ + size;
  }
  return next_;
}

std::string_view Texts::join(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  if (size == 0) return {};
  char* const begin = room(size);
  char* out = begin;
  for (const auto part : parts) out = std::copy(part.begin(), part.end(), out);
  next_ = out;
  return {begin, size};
}

}  // namespace boltseal
