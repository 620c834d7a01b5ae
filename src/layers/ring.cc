#include "layers/ring.h"

#include <algorithm>

namespace boltseal {

Ring::Ring(std::size_t slots, std::size_t slot_size, std::size_t consumers)
    : slot_size_(slot_size), slots_(slots), consumed_(consumers, 0) {
  for (Slot& slot : slots_) slot.bytes = std::make_unique_for_overwrite<char[]>(slot_size);
}

std::uint64_t Ring::slowest() const {
  return consumed_.empty() ? produced_ : *std::ranges::min_element(consumed_);
}

std::span<char> Ring::room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return aborted_ || produced_ - slowest() < slots_.size(); });
  if (aborted_) return {};
  return {slots_[produced_ % slots_.size()].bytes.get(), slot_size_};
}

void Ring::publish(std::size_t size) {
  const std::scoped_lock lock(mutex_);
  slots_[produced_ % slots_.size()].size = size;
  ++produced_;
  changed_.notify_all();
}

void Ring::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::string_view Ring::next(std::size_t who) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return aborted_ || closed_ || consumed_[who] < produced_; });
  if (aborted_ || consumed_[who] == produced_) return {};
  const Slot& slot = slots_[consumed_[who] % slots_.size()];
  return {slot.bytes.get(), slot.size};
}

void Ring::release(std::size_t who) {
  const std::scoped_lock lock(mutex_);
  ++consumed_[who];
  changed_.notify_all();
}

void Ring::abort() {
  const std::scoped_lock lock(mutex_);
  aborted_ = true;
  changed_.notify_all();
}

bool Ring::aborted() {
  const std::scoped_lock lock(mutex_);
  return aborted_;
}

}  // namespace boltseal
