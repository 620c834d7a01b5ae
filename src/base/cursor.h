// The one bounds-checked way to read untrusted bytes.
//
// A Cursor walks a string_view that somebody else owns. The first read past the end makes it fail
// for good: every later read gives zero or nothing, and ok() is false. So parsing code stays linear
// and checks ok() where it matters, but a loop whose count comes from the input must name ok() in
// its condition.
#pragma once
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t offset() const { return at_; }
  std::size_t size() const { return bytes_.size(); }
  std::size_t left() const { return ok_ ? bytes_.size() - at_ : 0; }
  bool at_end() const { return left() == 0; }

  void seek(std::uint64_t offset) {
    if (!ok_ || offset > bytes_.size())
      ok_ = false;
    else
      at_ = static_cast<std::size_t>(offset);
  }
  void skip(std::uint64_t count) { bytes(count); }
  void fail() { ok_ = false; }

  // The next `count` bytes; empty, and failed, when there are fewer.
  std::string_view bytes(std::uint64_t count) {
    if (!ok_ || count > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    const auto part = bytes_.substr(at_, static_cast<std::size_t>(count));
    at_ += static_cast<std::size_t>(count);
    return part;
  }
  // Everything that is left.
  std::string_view rest() { return bytes(left()); }
  // `count` bytes at `offset`, without moving; empty, and failed, when they are not all there.
  std::string_view slice(std::uint64_t offset, std::uint64_t count) {
    if (!ok_ || offset > bytes_.size() || count > bytes_.size() - offset) {
      ok_ = false;
      return {};
    }
    return bytes_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
  }
  // Up to (without) the next `end`, which is passed over; fails when it does not come.
  std::string_view until(char end) {
    const auto stop = ok_ ? bytes_.find(end, at_) : std::string_view::npos;
    if (stop == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const auto part = bytes_.substr(at_, stop - at_);
    at_ = stop + 1;
    return part;
  }
  // The bytes that are still to come, without moving.
  std::string_view peek() const { return ok_ ? bytes_.substr(at_) : std::string_view{}; }

  template <std::unsigned_integral T>
  T le() {
    return number<T>(std::endian::native != std::endian::little);
  }
  template <std::unsigned_integral T>
  T be() {
    return number<T>(std::endian::native == std::endian::little);
  }
  std::uint8_t u8() { return le<std::uint8_t>(); }
  std::uint16_t u16le() { return le<std::uint16_t>(); }
  std::uint32_t u32le() { return le<std::uint32_t>(); }
  std::uint64_t u64le() { return le<std::uint64_t>(); }
  std::uint16_t u16be() { return be<std::uint16_t>(); }
  std::uint32_t u32be() { return be<std::uint32_t>(); }
  std::uint64_t u64be() { return be<std::uint64_t>(); }
  // LEB128 / protobuf varint of at most 64 bits.
  std::uint64_t varint() {
    if (ok_ && at_ < bytes_.size() && static_cast<unsigned char>(bytes_[at_]) < 0x80)
      return static_cast<unsigned char>(bytes_[at_++]);  // most are short
    return long_varint();
  }

  // The Error that says where this cursor stands.
  std::unexpected<Error> corrupt(std::string what) const {
    return boltseal::fail(Fault::corrupt, std::move(what), {}, at_);
  }

 private:
  std::uint64_t long_varint();
  template <std::unsigned_integral T>
  T number(bool swap) {
    const auto part = bytes(sizeof(T));
    if (!ok_) return 0;
    T value;
    std::memcpy(&value, part.data(), sizeof(T));
    if constexpr (sizeof(T) == 2)
      return swap ? static_cast<T>(__builtin_bswap16(value)) : value;
    else if constexpr (sizeof(T) == 4)
      return swap ? __builtin_bswap32(value) : value;
    else if constexpr (sizeof(T) == 8)
      return swap ? __builtin_bswap64(value) : value;
    else
      return value;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace boltseal
