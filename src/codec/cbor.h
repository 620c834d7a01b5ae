// CBOR (RFC 8949) as signatures use it: whole numbers, byte and text strings, arrays, maps, tags,
// true, false, null. Floating point and lengths that are not given (indefinite) are unsupported, as
// COSE's other readers have it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

// A view into the bytes it was parsed from.
class CborValue {
 public:
  enum class Kind : std::uint8_t { absent, integer, bytes, text, array, map, tag, boolean, null };

  Kind kind = Kind::absent;
  std::int64_t number = 0;       // of an integer; of a tag, which; of a boolean, 0 or 1
  std::string_view string;       // of bytes or text
  std::vector<CborValue> items;  // of an array; of a map key, value, key, value…; of a tag its one

  bool is(Kind k) const { return kind == k; }
  // The value under a text or a number; `absent` when there is none.
  const CborValue& at(std::string_view key) const;
  const CborValue& at(std::int64_t key) const;
};

// One value and nothing behind it. corrupt for a key that stands twice in a map, text that is no
// UTF-8, numbers beyond 64 signed bits or in a longer form than needed; deeper than 16 levels or
// more than 10,000 values are too_large.
Result<CborValue> parse_cbor(std::string_view bytes);

// Writes values in the shortest form, in the order of the calls.
class CborWriter {
 public:
  CborWriter& integer(std::int64_t number);
  CborWriter& bytes(std::string_view bytes);
  CborWriter& text(std::string_view text);
  CborWriter& array(std::uint64_t count);  // so many values follow
  CborWriter& map(std::uint64_t count);    // so many pairs follow
  CborWriter& tag(std::uint64_t number);   // of the value that follows
  std::string take() { return std::move(out_); }

 private:
  CborWriter& head(unsigned major, std::uint64_t argument);
  std::string out_;
};

}  // namespace boltseal
