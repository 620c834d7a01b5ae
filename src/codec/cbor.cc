#include "codec/cbor.h"

#include <limits>

#include "base/cursor.h"
#include "base/text.h"

namespace boltseal {
namespace {

constexpr int depth_limit = 16;
constexpr std::size_t value_limit = 10'000;
constexpr CborValue absent_value{};

class Parser {
 public:
  explicit Parser(std::string_view bytes) : in_(bytes) {}

  Result<CborValue> value(int depth) {
    if (depth > depth_limit) return fail(Fault::too_large, "CBOR nested deeper than 16");
    if (++values_ > value_limit) return fail(Fault::too_large, "CBOR of more than 10,000 values");
    const std::uint8_t first = in_.u8();
    if (!in_.ok()) return corrupt("CBOR ends where a value is wanted");
    const unsigned major = first >> 5;
    if (major == 7) return simple(first & 31);
    TRY(const std::uint64_t argument, this->argument(first & 31));
    switch (major) {
      case 0:
      case 1:
        return integer(major == 1, argument);
      case 2:
      case 3:
        return string(major == 3, argument);
      case 4:
        return items(CborValue::Kind::array, argument, depth);
      case 5:
        return map(argument, depth);
      default:
        break;
    }
    CborValue out{CborValue::Kind::tag, static_cast<std::int64_t>(argument), {}, {}};
    TRY(out.items.emplace_back(), value(depth + 1));
    return out;
  }
  bool at_end() const { return in_.at_end(); }
  std::unexpected<Error> corrupt(std::string what) const { return in_.corrupt(std::move(what)); }

 private:
  Result<std::uint64_t> argument(unsigned low) {
    if (low < 24) return low;
    if (low > 27) return fail(Fault::unsupported, "CBOR of indefinite length", {}, in_.offset());
    const std::uint64_t out = low == 24   ? in_.u8()
                              : low == 25 ? in_.u16be()
                              : low == 26 ? in_.u32be()
                                          : in_.u64be();
    if (!in_.ok()) return corrupt("CBOR ends in a number");
    constexpr std::uint64_t least[] = {24, 1 << 8, 1 << 16, 1ULL << 32};
    if (out < least[low - 24]) return corrupt("a CBOR number longer than needed");
    if (out > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return corrupt("a CBOR number beyond 63 bits");
    return out;
  }
  static CborValue integer(bool negative, std::uint64_t argument) {
    const auto number = static_cast<std::int64_t>(argument);
    return {CborValue::Kind::integer, negative ? -1 - number : number, {}, {}};
  }
  Result<CborValue> string(bool text, std::uint64_t size) {
    CborValue out{text ? CborValue::Kind::text : CborValue::Kind::bytes, 0, in_.bytes(size), {}};
    if (!in_.ok()) return corrupt("CBOR ends in a string");
    if (text && !valid_utf8(out.string)) return corrupt("CBOR text that is no UTF-8");
    return out;
  }
  Result<CborValue> items(CborValue::Kind kind, std::uint64_t count, int depth) {
    CborValue out{kind, 0, {}, {}};
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      TRY(out.items.emplace_back(), value(depth + 1));
    }
    return out;
  }
  Result<CborValue> map(std::uint64_t count, int depth) {
    if (count > value_limit) return fail(Fault::too_large, "a CBOR map of too many pairs");
    TRY(auto out, items(CborValue::Kind::map, count * 2, depth));
    for (std::size_t i = 0; i < out.items.size(); i += 2) {
      const CborValue& key = out.items[i];
      if (!key.is(CborValue::Kind::text) && !key.is(CborValue::Kind::integer))
        return corrupt("a CBOR map whose key is neither number nor text");
      for (std::size_t j = 0; j < i; j += 2) {
        if (out.items[j].kind == key.kind && out.items[j].number == key.number &&
            out.items[j].string == key.string)
          return corrupt("a CBOR map with one key twice");
      }
    }
    return out;
  }
  Result<CborValue> simple(unsigned low) {
    if (low == 20 || low == 21) return CborValue{CborValue::Kind::boolean, low == 21, {}, {}};
    if (low == 22) return CborValue{CborValue::Kind::null, 0, {}, {}};
    return fail(Fault::unsupported, "a CBOR value of a kind that is not read", {}, in_.offset());
  }

  Cursor in_;
  std::size_t values_ = 0;
};

template <class Is>
const CborValue& find(const CborValue& map, Is is) {
  if (map.is(CborValue::Kind::map)) {
    for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
      if (is(map.items[i])) return map.items[i + 1];
    }
  }
  return absent_value;
}

}  // namespace

const CborValue& CborValue::at(std::string_view key) const {
  return find(*this, [&](const CborValue& k) { return k.is(Kind::text) && k.string == key; });
}
const CborValue& CborValue::at(std::int64_t key) const {
  return find(*this, [&](const CborValue& k) { return k.is(Kind::integer) && k.number == key; });
}

Result<CborValue> parse_cbor(std::string_view bytes) {
  Parser parser(bytes);
  TRY(auto out, parser.value(0));
  if (!parser.at_end()) return parser.corrupt("bytes behind the CBOR, or too few");
  return out;
}

CborWriter& CborWriter::head(unsigned major, std::uint64_t argument) {
  const auto put = [&](unsigned low, int bytes) {
    out_ += static_cast<char>(major << 5 | low);
    for (int i = bytes - 1; i >= 0; --i) out_ += static_cast<char>(argument >> (8 * i) & 0xff);
  };
  if (argument < 24)
    put(static_cast<unsigned>(argument), 0);
  else if (argument < 1 << 8)
    put(24, 1);
  else if (argument < 1 << 16)
    put(25, 2);
  else if (argument < 1ULL << 32)
    put(26, 4);
  else
    put(27, 8);
  return *this;
}

CborWriter& CborWriter::integer(std::int64_t number) {
  return number < 0 ? head(1, static_cast<std::uint64_t>(-1 - number))
                    : head(0, static_cast<std::uint64_t>(number));
}
CborWriter& CborWriter::bytes(std::string_view bytes) {
  head(2, bytes.size());
  out_ += bytes;
  return *this;
}
CborWriter& CborWriter::text(std::string_view text) {
  head(3, text.size());
  out_ += text;
  return *this;
}
CborWriter& CborWriter::array(std::uint64_t count) { return head(4, count); }
CborWriter& CborWriter::map(std::uint64_t count) { return head(5, count); }
CborWriter& CborWriter::tag(std::uint64_t number) { return head(6, number); }

}  // namespace boltseal
