// Counts the bytes that a test program asks for, which are the same on every machine. One file of a
// program includes this: it replaces operator new.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace boltseal::test {
inline std::atomic<std::uint64_t> allocated;
}

// NOLINTBEGIN(misc-definitions-in-headers): one file includes it, and replacements must not be
// inline
[[gnu::noinline]] void* operator new(std::size_t size) {
  boltseal::test::allocated += size;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
// std::stable_sort asks so, and gives back by the plain delete.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  boltseal::test::allocated += size;
  return std::malloc(size ? size : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND(misc-definitions-in-headers)

namespace boltseal::test {

template <class F>
std::uint64_t allocated_by(F&& work) {
  const std::uint64_t before = allocated;
  work();
  return allocated - before;
}

}  // namespace boltseal::test
