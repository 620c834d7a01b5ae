#include "codec/rpm_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace boltseal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string be(std::uint64_t value) {
  std::string out;
  for (int i = 3; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

struct Builder {
  std::string entries, data;
  std::uint32_t count = 0;
  Builder& add(RpmTag tag, std::uint32_t type, std::uint32_t number, std::string_view bytes) {
    entries += be(static_cast<std::uint32_t>(tag)) + be(type) + be(data.size()) + be(number);
    data += bytes;
    ++count;
    return *this;
  }
  std::string bytes() const { return be(count) + be(data.size()) + entries + data; }
};

constexpr std::uint32_t int32 = 4, string = 6, strings = 8, i18n = 9;

TEST(RpmHeader, ReadsTextsAndNumbers) {
  const auto bytes = Builder()
                         .add(RpmTag::epoch, int32, 1, be(7))
                         .add(RpmTag::name, string, 1, {"bash\0", 5})
                         .add(RpmTag::summary, i18n, 2, {"one\0two\0", 8})
                         .add(RpmTag::require_name, strings, 2, {"a\0b\0", 4})
                         .bytes();
  for (const auto& form : {bytes, std::string("\x8e\xad\xe8\1\0\0\0\0", 8) + bytes}) {
    const auto header = RpmHeader::parse(form);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->text(RpmTag::name), "bash");
    EXPECT_EQ(header->text(RpmTag::summary), "one");
    EXPECT_EQ(header->text(RpmTag::url), "");
    EXPECT_THAT(header->texts(RpmTag::require_name), ElementsAre("a", "b"));
    EXPECT_THAT(header->numbers(RpmTag::epoch), ElementsAre(7U));
    EXPECT_THAT(header->numbers(RpmTag::name), IsEmpty());  // not a number
    EXPECT_EQ(header->text(RpmTag::epoch), "");             // not a text
  }
}

TEST(RpmHeader, JoinsFoldersAndNames) {
  const auto bytes = Builder()
                         .add(RpmTag::dir_indexes, int32, 2, be(0) + be(1))
                         .add(RpmTag::base_names, strings, 2, {"bash\0README\0", 12})
                         .add(RpmTag::dir_names, strings, 2, {"/usr/bin/\0/usr/share/doc/\0", 26})
                         .bytes();
  const auto [paths, all] = RpmHeader::parse(bytes)->files();
  EXPECT_TRUE(all);
  EXPECT_THAT(paths, ElementsAre("usr/bin/bash", "usr/share/doc/README"));
}

TEST(RpmHeader, CountsAreClaims) {
  EXPECT_FALSE(RpmHeader::parse(""));
  EXPECT_FALSE(RpmHeader::parse(be(0) + be(0)));
  EXPECT_FALSE(RpmHeader::parse(be(0xffffffff) + be(0xffffffff)));
  EXPECT_FALSE(RpmHeader::parse(be(1) + be(4) + std::string(16, '\0') + "abc"));
  const auto bytes = Builder()
                         .add(RpmTag::epoch, int32, 0xffffffff, be(1))
                         .add(RpmTag::require_name, strings, 0xffffffff, {"a\0b", 3})
                         .bytes();
  EXPECT_THAT(RpmHeader::parse(bytes)->texts(RpmTag::require_name), ElementsAre("a"));
  EXPECT_THAT(RpmHeader::parse(bytes)->numbers(RpmTag::epoch), ElementsAre(1U));
}

TEST(RpmHeader, AFolderThatAllFilesShareIsNoAmplifier) {
  std::string names, indexes;
  for (int i = 0; i < 1'000; ++i) {
    names += std::string("x\0", 2);
    indexes += be(0);
  }
  const auto bytes = Builder()
                         .add(RpmTag::dir_indexes, int32, 1'000, indexes)
                         .add(RpmTag::base_names, strings, 1'000, names)
                         .add(RpmTag::dir_names, strings, 1,
                              "/" + std::string(100'000, 'd') + std::string("/\0", 2))
                         .bytes();
  const auto [paths, all] = RpmHeader::parse(bytes)->files();
  EXPECT_FALSE(all);
  EXPECT_LT(paths.size(), 10U);
}

}  // namespace
}  // namespace boltseal
