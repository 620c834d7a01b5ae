// A ring of buffers between one producer and a few consumers that each see every chunk, in order.
// It is what keeps memory flat and lets hashing and walking leave the inflating thread.
#pragma once
#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace boltseal {

class Ring {
 public:
  Ring(std::size_t slots, std::size_t slot_size, std::size_t consumers);

  // Producer: room for the next chunk, then its real size. An empty span: a consumer has given up,
  // or somebody aborted.
  std::span<char> room();
  void publish(std::size_t size);
  void close();  // no more chunks come

  // Consumer `who`: the next chunk, valid until release(who); empty when there are no more.
  std::string_view next(std::size_t who);
  void release(std::size_t who);
  void abort();  // wakes everybody; room() and next() give nothing from now on
  bool aborted();

 private:
  struct Slot {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::uint64_t slowest() const;

  const std::size_t slot_size_;
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> consumed_;  // chunks that each consumer is done with
  std::uint64_t produced_ = 0;
  bool closed_ = false;
  bool aborted_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace boltseal
