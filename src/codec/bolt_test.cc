#include "codec/bolt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace boltseal {
namespace {

constexpr std::uint64_t size = 1024;

template <class T>
std::string le(T value) {
  std::string out;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return out;
}

struct Element {
  std::string key, value;
  std::uint32_t flags = 0;
  std::uint64_t child = 0;
};

// A branch (1) or leaf (2) as bbolt lays it out: heads, then keys and values in their order.
std::string page_of(std::uint64_t id, std::uint16_t kind, const std::vector<Element>& elements,
                    std::uint32_t overflow = 0) {
  std::string heads, data;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Element& one = elements[i];
    const auto at = static_cast<std::uint32_t>((elements.size() - i) * 16 + data.size());
    const auto key = static_cast<std::uint32_t>(one.key.size());
    heads += kind == 1 ? le(at) + le(key) + le(one.child)
                       : le(one.flags) + le(at) + le(key) +
                             le(static_cast<std::uint32_t>(one.value.size()));
    data += one.key + one.value;
  }
  return le(id) + le(kind) + le(static_cast<std::uint16_t>(elements.size())) + le(overflow) +
         heads + data;
}

std::string padded(std::string page, std::uint64_t pages = 1) {
  page.resize(pages * size);
  return page;
}

std::string meta(std::uint64_t id, std::uint64_t root, std::uint64_t transaction) {
  const std::string summed = le(std::uint32_t{0xed0cdaed}) + le(std::uint32_t{2}) +
                             le(static_cast<std::uint32_t>(size)) + le(std::uint32_t{0}) +
                             le(root) + le(std::uint64_t{0}) + le(std::uint64_t{9}) +
                             le(std::uint64_t{9}) + le(transaction);
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char c : summed) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return padded(le(id) + le(std::uint16_t{4}) + le(std::uint16_t{0}) + le(std::uint32_t{0}) +
                summed + le(sum));
}

std::string bucket_at(std::uint64_t root) { return le(root) + le(std::uint64_t{0}); }

// Root bucket "v1" (page 4, a branch over 5 and 6), of which "inline" stands in its value.
std::string database() {
  const std::string within = bucket_at(0) + page_of(0, 2, {{"digest", "sha256:1", 0, 0}});
  return meta(0, 3, 7) + meta(1, 2, 6) + padded(page_of(2, 2, {})) +
         padded(page_of(3, 2, {{"v1", bucket_at(4), 1, 0}})) +
         padded(page_of(4, 1, {{"a", "", 0, 5}, {"m", "", 0, 6}})) +
         padded(page_of(5, 2, {{"a", "first", 0, 0}, {"inline", within, 1, 0}})) +
         padded(page_of(6, 2, {{"m", std::string(1500, 'x'), 0, 0}}, 1), 2);
}

std::vector<std::pair<std::string, std::size_t>> listed(const std::string& bytes) {
  const auto file = BoltFile::over(bytes);
  if (!file) return {{file.error().what, 0}};
  const auto bucket = file->bucket(file->root(), "v1");
  if (!bucket) return {{bucket.error().what, 0}};
  const auto entries = file->entries(*bucket);
  if (!entries) return {{entries.error().what, 0}};
  std::vector<std::pair<std::string, std::size_t>> out;
  for (const auto& entry : *entries) out.emplace_back(entry.key, entry.value.size());
  return out;
}

TEST(Bolt, ReadsBranchesLeavesOverflowAndBucketsWithinValues) {
  const std::string bytes = database();
  const auto all = listed(bytes);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], std::pair(std::string("a"), std::size_t{5}));
  EXPECT_EQ(all[2], std::pair(std::string("m"), std::size_t{1500}));
  const auto file = BoltFile::over(bytes);
  const auto inside = file->bucket(*file->bucket(file->root(), "v1"), "inline");
  ASSERT_TRUE(inside);
  const auto entries = file->entries(*inside);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->front().key, "digest");
  EXPECT_EQ(entries->front().value, "sha256:1");
  EXPECT_FALSE(entries->front().is_bucket);
}

TEST(Bolt, TakesTheNewerMetaPageThatIsWhole) {
  std::string bytes = database();
  EXPECT_EQ(BoltFile::over(bytes)->transaction(), 7u);
  bytes[16 + 48] ^= 1;  // the transaction of the first is no longer what was summed
  EXPECT_EQ(BoltFile::over(bytes)->transaction(), 6u);
  EXPECT_EQ(listed(bytes).front().first, "no Bolt bucket \"v1\"");
  bytes[size + 16] ^= 1;
  EXPECT_FALSE(BoltFile::over(bytes));
}

TEST(Bolt, RefusesPagesThatLeadInACircleOrOutside) {
  using testing::HasSubstr;
  std::string bytes = database();
  const std::string circle = page_of(4, 1, {{"a", "", 0, 4}});
  bytes.replace(4 * size, circle.size(), circle);
  EXPECT_THAT(listed(bytes).front().first, HasSubstr("circle"));

  bytes = database();
  const std::string far = page_of(4, 1, {{"a", "", 0, 400}});
  bytes.replace(4 * size, far.size(), far);
  EXPECT_THAT(listed(bytes).front().first, HasSubstr("not in the file"));

  // Many pages that all hold the end of the file would be read again and again.
  bytes = database();
  const std::string shared =
      page_of(4, 1, {{"a", "", 0, 6}, {"b", "", 0, 6}, {"c", "", 0, 6}, {"d", "", 0, 6}});
  bytes.replace(4 * size, shared.size(), shared);
  EXPECT_THAT(listed(bytes).front().first, HasSubstr("circle"));

  bytes = database();
  bytes[5 * size + 16 + 8] = '\x7f';  // the length of the first key
  bytes[5 * size + 16 + 9] = '\x7f';
  EXPECT_THAT(listed(bytes).front().first, HasSubstr("outside"));
  for (std::size_t length = 0; length < database().size(); length += 7)
    (void)listed(database().substr(0, length));
}

}  // namespace
}  // namespace boltseal
