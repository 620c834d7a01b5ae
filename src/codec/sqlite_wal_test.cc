#include "codec/sqlite_wal.h"

#include <gtest/gtest.h>

#include <string>

namespace boltseal {
namespace {

std::string be(std::uint32_t value) {
  std::string out;
  for (int i = 24; i >= 0; i -= 8) out += static_cast<char>(value >> i);
  return out;
}

// A log of pages of 512 bytes, each full of one letter, with big-endian sums.
class Log {
 public:
  explicit Log(std::uint32_t version = 3'007'000) {
    bytes_ = be(0x377f0683) + be(version) + be(512) + be(0) + "saltsalt";
    add(bytes_);
    bytes_ += be(a_) + be(b_);
  }
  Log& page(std::uint32_t number, std::uint32_t size_when_committed, char letter) {
    const std::string head = be(number) + be(size_when_committed), content(512, letter);
    add(head + content);
    bytes_ += head + "saltsalt" + be(a_) + be(b_) + content;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void add(std::string_view words) {
    const auto word = [&](std::size_t at) {
      std::uint32_t value = 0;
      for (const char c : words.substr(at, 4)) value = value << 8 | static_cast<unsigned char>(c);
      return value;
    };
    for (std::size_t i = 0; i < words.size(); i += 8) {
      a_ += word(i) + b_;
      b_ += word(i + 4) + a_;
    }
  }
  std::string bytes_;
  std::uint32_t a_ = 0, b_ = 0;
};

// The letter of a page; 0 where the log has none.
char letter(const SqliteWal& log, std::uint32_t page) {
  const auto frame = log.frame_of(page);
  return frame ? log.page_in(*frame).front() : '\0';
}

TEST(SqliteWal, TheLastCommittedPageCounts) {
  Log written;
  written.page(1, 0, 'a').page(2, 2, 'b').page(1, 0, 'c').page(9, 3, 'd').page(2, 0, 'e');
  const auto log = SqliteWal::read(written.bytes()).value();
  EXPECT_EQ(log.committed(), 4U);
  EXPECT_EQ(log.database_size(), 3U);
  EXPECT_EQ(letter(log, 1), 'c');
  EXPECT_EQ(letter(log, 2), 'b');  // 'e' was never committed
  EXPECT_EQ(letter(log, 9), 'd');
  EXPECT_FALSE(log.frame_of(3));
}

TEST(SqliteWal, EachByteMatters) {
  Log written;
  written.page(1, 1, 'a').page(1, 1, 'b');
  constexpr std::size_t header = 32, frame = 24 + 512;
  ASSERT_EQ(written.bytes().size(), header + 2 * frame);
  for (std::size_t i = 0; i < written.bytes().size(); ++i) {
    std::string bad = written.bytes();
    bad[i] = static_cast<char>(bad[i] ^ 4);
    const auto log = SqliteWal::read(bad);
    ASSERT_TRUE(log) << i;
    EXPECT_EQ(log->committed(), i < header + frame ? 0U : 1U) << i;
  }
}

TEST(SqliteWal, ACutOneHasItsWholeFrames) {
  Log written;
  written.page(1, 1, 'a').page(1, 1, 'b');
  constexpr std::size_t first = 32 + 24 + 512;
  for (std::size_t size = 0; size < written.bytes().size(); ++size) {
    const auto log = SqliteWal::read(std::string_view(written.bytes()).substr(0, size)).value();
    EXPECT_EQ(log.committed(), size < first ? 0U : 1U) << size;
  }
}

TEST(SqliteWal, WhatIsNoPageEndsIt) {
  Log written;
  written.page(1, 1, 'a').page(0, 1, 'b').page(1, 1, 'c');
  EXPECT_EQ(SqliteWal::read(written.bytes())->committed(), 1U);
}

TEST(SqliteWal, AnotherVersionIsUnsupported) {
  const auto log = SqliteWal::read(Log(3'008'000).page(1, 1, 'a').bytes());
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().fault, Fault::unsupported);
}

TEST(SqliteWal, PagesOfNoSizeAreNoLog) {
  EXPECT_TRUE(SqliteWal::read("")->empty());
  EXPECT_TRUE(SqliteWal::read(be(0x377f0683) + be(3'007'000) + std::string(24, '\0'))->empty());
  EXPECT_TRUE(
      SqliteWal::read(be(0x377f0683) + be(3'007'000) + be(0x80000000) + std::string(20, '\0'))
          ->empty());
}

}  // namespace
}  // namespace boltseal
