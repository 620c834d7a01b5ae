#include "codec/canonical_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace boltseal {
namespace {

enum class Form { jcs, olpc };

// UTF-8 compared as the UTF-16 that it stands for: surrogates (from U+10000 on, lead bytes F0…)
// come before U+E000…U+FFFF (lead bytes EE, EF).
bool less_utf16(std::string_view a, std::string_view b) {
  const auto differ = std::ranges::mismatch(a, b);
  if (differ.in2 == b.end()) return false;
  if (differ.in1 == a.end()) return true;
  const auto x = static_cast<unsigned char>(*differ.in1);
  const auto y = static_cast<unsigned char>(*differ.in2);
  const bool x_pair = x >= 0xf0, y_pair = y >= 0xf0;
  if (x_pair != y_pair && (x_pair ? y : x) >= 0xee) return x_pair;
  return x < y;
}

// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20): the shortest digits, plain between 1e-7 and
// 1e21.
std::string ecma_number(double value) {
  if (value == 0) return "0";
  char buffer[64];
  const auto written =
      std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific);
  const std::string_view text(buffer, written.ptr);
  const auto e = text.find('e');
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c != '.') digits.push_back(c);
  }
  int exponent = 0;
  const auto number = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
  std::from_chars(number.data(), number.data() + number.size(), exponent);
  const int count = static_cast<int>(digits.size()), point = exponent + 1;
  std::string out = value < 0 ? "-" : "";
  if (point > 21 || point <= -6) {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    return out + fmt::format("e{:+d}", exponent);
  }
  if (point <= 0) return out + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (point >= count)
    return out + digits + std::string(static_cast<std::size_t>(point - count), '0');
  return out + digits.substr(0, static_cast<std::size_t>(point)) + "." +
         digits.substr(static_cast<std::size_t>(point));
}

class Writer {
 public:
  explicit Writer(Form form) : form_(form) {}

  Result<> write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null:
        out_ += "null";
        return {};
      case Value::Kind::boolean:
        out_ += value.boolean() ? "true" : "false";
        return {};
      case Value::Kind::integer:
        return integer(*value.integer());
      case Value::Kind::real:
        return real(*value.number());
      case Value::Kind::text:
        quote(value.text());
        return {};
      case Value::Kind::array:
        return array(value);
      case Value::Kind::object:
        return object(value);
    }
    return fail(Fault::unsupported, "a value of no kind");
  }
  std::string take() { return std::move(out_); }

 private:
  // A parsed document is at most max_value_depth deep, and so is the recursion.
  Result<> array(const Value& value) {
    out_ += '[';
    bool first = true;
    for (const Value& item : value.items()) {
      if (!std::exchange(first, false)) out_ += ',';
      TRY_DO(write(item));
    }
    out_ += ']';
    return {};
  }
  Result<> object(const Value& value) {
    std::vector<const Value::Member*> members;
    for (const Value::Member& member : value.members()) members.push_back(&member);
    std::ranges::sort(members, [&](const Value::Member* a, const Value::Member* b) {
      return form_ == Form::jcs ? less_utf16(a->key, b->key) : a->key < b->key;
    });
    const auto twice = std::ranges::adjacent_find(
        members, [](const auto* a, const auto* b) { return a->key == b->key; });
    if (twice != members.end())
      return fail(Fault::corrupt, "the key \"" + std::string((*twice)->key) + "\" stands twice");
    out_ += '{';
    bool first = true;
    for (const Value::Member* member : members) {
      if (!std::exchange(first, false)) out_ += ',';
      quote(member->key);
      out_ += ':';
      TRY_DO(write(member->value));
    }
    out_ += '}';
    return {};
  }
  Result<> integer(std::int64_t number) {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    out_ += form_ == Form::olpc || (number < exact && number > -exact)
                ? fmt::format("{}", number)
                : ecma_number(static_cast<double>(number));
    return {};
  }
  Result<> real(double number) {
    if (form_ == Form::olpc) return fail(Fault::corrupt, "a number that is not whole");
    if (!std::isfinite(number)) return fail(Fault::corrupt, "a number that is none");
    out_ += ecma_number(number);
    return {};
  }
  void quote(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\')
        out_ += '\\', out_ += c;
      else if (form_ == Form::jcs && static_cast<unsigned char>(c) < 0x20)
        control(c);
      else
        out_ += c;
    }
    out_ += '"';
  }
  void control(char c) {
    constexpr std::string_view named = "\b\t\n\f\r", letters = "btnfr";
    const auto at = named.find(c);
    if (at == std::string_view::npos)
      out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out_ += '\\', out_ += letters[at];
  }

  Form form_;
  std::string out_;
};

Result<std::string> written(const Value& value, Form form) {
  Writer writer(form);
  TRY_DO(writer.write(value));
  return writer.take();
}

}  // namespace

Result<std::string> canonical_json(const Value& value) { return written(value, Form::jcs); }
Result<std::string> olpc_json(const Value& value) { return written(value, Form::olpc); }

}  // namespace boltseal
