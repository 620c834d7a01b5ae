// The table of all strings of the database: sorted, so that a number orders as its text does, and
// front-coded in blocks of sixteen, so that ids and addresses cost a few bytes each.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

class Strings {
 public:
  Strings() = default;
  // Over the two sections; corrupt when the index does not fit them.
  static Result<Strings> over(std::string_view index, std::string_view blocks);
  std::uint32_t count() const { return count_; }
  Result<std::string> at(std::uint64_t number) const;
  Result<std::optional<std::uint32_t>> find(std::string_view text) const;
  Result<> verify() const;  // every string readable, strictly ascending

 private:
  Result<std::string_view> block(std::uint32_t number) const;
  std::uint32_t count_ = 0;
  std::string_view index_;  // the block offsets
  std::string_view blocks_;
};

// Gathers strings, then numbers them.
class StringsBuilder {
 public:
  void add(std::string_view text) { texts_.push_back(text); }  // a view that outlives the builder
  void finish();                                               // sorts; after it number() works
  std::uint32_t number(std::string_view text) const;           // of a text that was added
  std::size_t count() const { return texts_.size(); }
  std::string_view text(std::uint32_t number) const { return texts_[number]; }
  std::string index() const;  // the two sections
  std::string blocks() const { return blocks_; }

 private:
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> offsets_;
  std::string blocks_;
};

void put_u32(std::string& out, std::uint64_t n);
void put_varint(std::string& out, std::uint64_t n);

}  // namespace boltseal
