// Work on many small things that do not depend on each other, on all cores.
#pragma once
#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace boltseal {

// f(from, to) for parts of 0 … count, in as many threads as are worth it.
template <class F>
void in_parts(std::size_t count, F&& f) {
  constexpr std::size_t threads_from = 4096;  // below this one thread is as fast
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t parts = count < threads_from ? 1 : std::min<std::size_t>(cores, 16);
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < parts; ++i)
    threads.emplace_back([&, i] { f(count * i / parts, count * (i + 1) / parts); });
  f(0, count / parts);
  for (auto& thread : threads) thread.join();
}

}  // namespace boltseal
