#include "layers/cache.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace boltseal {
namespace {

namespace fs = std::filesystem;

class CacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/boltseal-cache-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder); }
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(folder)) all.push_back(entry.path());
    return all;
  }
  std::string folder;
};

TEST_F(CacheTest, GivesBackWhatWasPut) {
  const Cache cache(folder, 1 << 20);
  EXPECT_FALSE(cache.get("k"));
  cache.put("k", "value");
  EXPECT_EQ(cache.get("k"), "value");
  EXPECT_FALSE(cache.get("other"));
}

TEST_F(CacheTest, ADamagedEntryIsRemovedAndCanBePutAgain) {
  const Cache cache(folder, 1 << 20);
  cache.put("k", std::string(1000, 'v'));
  ASSERT_EQ(files().size(), 1u);
  std::fstream(files()[0], std::ios::in | std::ios::out | std::ios::binary).seekp(45).put('X');
  EXPECT_FALSE(cache.get("k"));
  EXPECT_TRUE(files().empty());
  cache.put("k", "again");
  EXPECT_EQ(cache.get("k"), "again");
}

TEST_F(CacheTest, PruningRemovesWhatWasUsedLongestAgo) {
  const Cache cache(folder, 3000);
  for (int i = 0; i < 5; ++i) {
    std::string noise;
    for (int j = 0; j < 1000; ++j) noise += static_cast<char>((j * j * 31 + i * 7 + j / 7) % 251);
    cache.put(std::to_string(i), noise);
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
  }
  (void)cache.get("0");
  cache.prune();
  EXPECT_TRUE(cache.get("0"));
  EXPECT_FALSE(cache.get("1"));
}

TEST_F(CacheTest, ManyWritersOfOneKeyAgree) {
  const Cache cache(folder, 1 << 20);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        cache.put("k", "same");
        const auto got = cache.get("k");
        EXPECT_TRUE(!got || *got == "same");
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(cache.get("k"), "same");
  EXPECT_EQ(files().size(), 1u);
}

TEST(Cache, WithoutAFolderHoldsNothing) {
  const Cache cache("", 100);
  cache.put("k", "v");
  EXPECT_FALSE(cache.get("k"));
}

}  // namespace
}  // namespace boltseal
