#include "advisories/strings.h"

#include <algorithm>

#include "advisories/format.h"
#include "base/cursor.h"

namespace boltseal {

using layout::strings_per_block;

void put_u32(std::string& out, std::uint64_t n) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(n >> (8 * i));
}

void put_varint(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}

namespace {

// Puts the next string of a block in place of the one before it; false at the end of the sense.
bool next(Cursor& in, bool first, std::string& text) {
  const std::uint64_t shared = first ? 0 : in.varint();
  const auto rest = in.bytes(in.varint());
  if (!in.ok() || shared > text.size()) return false;
  text.resize(static_cast<std::size_t>(shared));
  text += rest;
  return true;
}

std::unexpected<Error> damaged() { return fail(Fault::corrupt, "a string table that is damaged"); }

}  // namespace

Result<Strings> Strings::over(std::string_view index, std::string_view blocks) {
  Cursor in(index);
  Strings strings;
  strings.count_ = in.u32le();
  strings.index_ = in.rest();
  strings.blocks_ = blocks;
  const std::uint64_t wanted =
      (std::uint64_t{strings.count_} + strings_per_block - 1) / strings_per_block;
  if (!in.ok() || strings.index_.size() != wanted * 4) return damaged();
  return strings;
}

Result<std::string_view> Strings::block(std::uint32_t number) const {
  Cursor in(index_);
  in.seek(std::uint64_t{number} * 4);
  const std::uint32_t offset = in.u32le();
  if (!in.ok() || offset > blocks_.size()) return damaged();
  return blocks_.substr(offset);
}

Result<std::string> Strings::at(std::uint64_t number) const {
  if (number >= count_) return damaged();
  TRY(const auto bytes, block(static_cast<std::uint32_t>(number / strings_per_block)));
  Cursor in(bytes);
  std::string text;
  for (std::uint64_t i = 0; i <= number % strings_per_block; ++i) {
    if (!next(in, i == 0, text)) return damaged();
  }
  return text;
}

Result<std::optional<std::uint32_t>> Strings::find(std::string_view text) const {
  std::uint32_t low = 0;  // the last block whose first string is not behind `text`
  auto high = static_cast<std::uint32_t>(index_.size() / 4);
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    TRY(const auto bytes, block(middle));
    Cursor in(bytes);
    const auto first = in.bytes(in.varint());
    if (!in.ok()) return damaged();
    if (first <= text)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return std::nullopt;
  TRY(const auto bytes, block(low - 1));
  Cursor in(bytes);
  std::string here;
  const std::uint32_t start = (low - 1) * strings_per_block;
  for (std::uint32_t i = 0; i < strings_per_block && start + i < count_; ++i) {
    if (!next(in, i == 0, here)) return damaged();
    if (here == text) return start + i;
    if (here > text) break;
  }
  return std::nullopt;
}

Result<> Strings::verify() const {
  std::string before;
  for (std::uint32_t b = 0; b < index_.size() / 4; ++b) {
    TRY(const auto bytes, block(b));
    Cursor in(bytes);
    std::string here;
    const std::uint32_t start = b * strings_per_block;
    for (std::uint32_t i = 0; i < strings_per_block && start + i < count_; ++i) {
      if (!next(in, i == 0, here) || (start + i > 0 && here <= before)) return damaged();
      before = here;
    }
  }
  return {};
}

void StringsBuilder::finish() {
  std::ranges::sort(texts_);
  const auto twice = std::ranges::unique(texts_);
  texts_.erase(twice.begin(), twice.end());
  std::string_view before;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const auto text = texts_[i];
    std::size_t shared = 0;
    if (i % strings_per_block == 0) {
      offsets_.push_back(static_cast<std::uint32_t>(blocks_.size()));
    } else {
      const auto differ = std::ranges::mismatch(before, text);
      shared = static_cast<std::size_t>(differ.in1 - before.begin());
      put_varint(blocks_, shared);
    }
    put_varint(blocks_, text.size() - shared);
    blocks_ += text.substr(shared);
    before = text;
  }
}

std::uint32_t StringsBuilder::number(std::string_view text) const {
  return static_cast<std::uint32_t>(std::ranges::lower_bound(texts_, text) - texts_.begin());
}

std::string StringsBuilder::index() const {
  std::string out;
  put_u32(out, texts_.size());
  for (const auto offset : offsets_) put_u32(out, offset);
  return out;
}

}  // namespace boltseal
