// What hostile files may cost: bytes that were asked for, which are the same on every machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "catalogers/inventory_for_tests.h"

namespace {
std::atomic<std::uint64_t> allocated;  // bytes, by all of this program
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated += size;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace boltseal {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

template <class F>
std::uint64_t allocated_by(F&& work) {
  const std::uint64_t before = allocated;
  work();
  return allocated - before;
}

std::uint64_t assembling(const test::Files& files) {
  std::vector<LayerOutcome> layers{test::layer_of(files)};
  return allocated_by([&] { EXPECT_TRUE(assemble({}, std::move(layers))); });
}

TEST(BoundedWork, FoldersInFoldersCostNoMoreThanTheirPath) {
  const std::string manifest = R"({"name":"a","version":"1.0.0"})";
  EXPECT_LT(assembling({{repeated("node_modules/", 300) + "a/package.json", manifest}}), 200'000);
  EXPECT_LT(assembling({{repeated("a/", 2000) + "package.json", manifest}}), 200'000);
}

}  // namespace
}  // namespace boltseal
