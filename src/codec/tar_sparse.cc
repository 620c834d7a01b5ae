#include "codec/tar_sparse.h"

#include <algorithm>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t piece_limit = 1 << 18;  // a map of four megabytes
constexpr std::size_t descriptor_size = 24;   // an offset and a size of twelve bytes each
constexpr std::uint64_t size_limit = 1ULL << 43;

std::unexpected<Error> broken() {
  return fail(Fault::corrupt, "a broken map of a sparse file in a tar");
}

std::unexpected<Error> too_many() {
  return fail(Fault::too_large, "a sparse file of too many pieces in a tar");
}

}  // namespace

std::optional<std::uint64_t> tar_number(std::string_view field) {
  if (static_cast<unsigned char>(field[0]) & 0x80) {
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x7f;
    for (const char c : field.substr(1)) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  // Some writers fill up with NUL or space in front, others behind.
  const auto from = std::min(field.find_first_not_of(std::string_view(" \0", 2)), field.size());
  field.remove_prefix(from);
  const auto digits = trim(field.substr(0, std::min(field.find('\0'), field.size())));
  return digits.empty() ? 0 : parse_u64(digits, 8);
}

bool SparseRecords::take(std::string_view key, std::string_view value) {
  constexpr std::string_view prefix = "GNU.sparse.";
  if (!key.starts_with(prefix)) return false;
  key.remove_prefix(prefix.size());
  if (key == "major")
    major = value;
  else if (key == "minor")
    minor = value;
  else if (key == "name")
    name = value;
  else if (key == "map")
    map = value;
  else if (key == "numblocks")
    blocks = value;
  else if (key == "size" || (key == "realsize" && size.empty()))
    size = value;
  else if (key == "offset" || key == "numbytes")
    listed.emplace_back(value);
  return true;
}

bool SparseRecords::in_records() const {
  if (!major.empty() || !minor.empty()) return major == "0" && (minor == "0" || minor == "1");
  return !map.empty() || !listed.empty();
}

bool SparseRecords::in_content() const { return major == "1" && minor == "0"; }

Result<> SparseMap::add(std::optional<std::uint64_t> offset, std::optional<std::uint64_t> size) {
  if (!offset || !size || *offset > size_limit || *size > size_limit) return broken();
  if (pieces.size() == piece_limit) return too_many();
  pieces.push_back({*offset, *size});
  return {};
}

Result<bool> SparseMap::descriptors(std::string_view area, bool more) {
  for (; area.size() >= descriptor_size && area[0] != '\0'; area.remove_prefix(descriptor_size))
    TRY_DO(add(tar_number(area.substr(0, 12)), tar_number(area.substr(12, 12))));
  return more;
}

Result<bool> SparseMap::header(std::string_view block) {
  if (block.substr(257, 8) != std::string_view("ustar  \0", 8)) return broken();
  const auto size = tar_number(block.substr(483, 12));
  if (!size) return broken();
  real_size = *size;
  return descriptors(block.substr(386, 4 * descriptor_size), block[482] != '\0');
}

Result<bool> SparseMap::extension(std::string_view block) {
  return descriptors(block.substr(0, 21 * descriptor_size), block[504] != '\0');
}

// Decimal numbers, a line each: how many pieces, then offset and size of each.
Result<bool> SparseMap::content(std::string_view block) {
  text_ += block;
  std::size_t at = 0;
  while (!wanted_ || *wanted_ > 0) {
    const auto line = text_.find('\n', at);
    if (line == std::string::npos) break;
    const auto number = parse_u64(std::string_view(text_).substr(at, line - at));
    at = line + 1;
    if (!number) return broken();
    if (!wanted_) {
      if (*number > piece_limit) return too_many();
      wanted_ = *number * 2;
      continue;
    }
    --*wanted_;
    if (offset_) {
      TRY_DO(add(offset_, number));
      offset_.reset();
    } else {
      offset_ = number;
    }
  }
  text_.erase(0, at);
  const bool more = !wanted_ || *wanted_ > 0;
  if (more && text_.size() > 64) return broken();  // no number is so long
  return more;
}

Result<> SparseMap::records(const SparseRecords& records) {
  std::vector<std::string> numbers = records.listed;
  if (!records.map.empty()) {
    numbers.clear();
    for (const auto part : split(records.map, ',')) numbers.emplace_back(part);
  }
  if (!records.blocks.empty() && parse_u64(records.blocks) != numbers.size() / 2) return broken();
  if (numbers.size() % 2 != 0) return broken();
  for (std::size_t i = 0; i < numbers.size(); i += 2)
    TRY_DO(add(parse_u64(numbers[i]), parse_u64(numbers[i + 1])));
  return {};
}

Result<> SparseMap::check(std::uint64_t stored) const {
  if (real_size > size_limit) return broken();
  std::uint64_t end = 0, sum = 0;
  for (const auto& [offset, size] : pieces) {
    if (offset < end || offset + size > real_size) return broken();
    end = offset + size;
    sum += size;
  }
  if (sum != stored) return broken();
  return {};
}

}  // namespace boltseal
