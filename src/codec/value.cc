#include "codec/value.h"

#include <fmt/format.h>

#include <cstring>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "codec/members.h"

namespace boltseal {
namespace {
const Value null_value;

// In lower case, with the two letters beyond ASCII that fold into it: long s and the Kelvin sign.
std::string folded(std::string_view key) {
  std::string out = lower(key);
  for (const auto& [from, to] : {std::pair{"\u017f", "s"}, std::pair{"\u212a", "k"}}) {
    for (auto at = out.find(from); at != std::string::npos; at = out.find(from))
      out.replace(at, std::string_view(from).size(), to);
  }
  return out;
}

}  // namespace

std::span<const Value> Value::items() const {
  return kind_ == Kind::array ? std::span(data_.items, size_) : std::span<const Value>{};
}

std::span<const Value::Member> Value::members() const {
  return kind_ == Kind::object ? std::span(data_.members, size_) : std::span<const Member>{};
}

const Value& Value::operator[](std::string_view key) const {
  for (const Member& member : members()) {
    if (member.key == key) return member.value;
  }
  return null_value;
}

std::string_view repeated_member(const Value& object) {
  std::unordered_set<std::string> seen;
  for (const auto& [key, value] : object.members()) {
    if (!seen.insert(folded(key)).second) return key;
  }
  return {};
}

std::string_view misspelt_member(const Value& object, std::span<const std::string_view> names) {
  for (const auto& [key, value] : object.members()) {
    const std::string plain = folded(key);
    for (const std::string_view name : names)
      if (key != name && plain == lower(name)) return key;
  }
  return {};
}

Result<> check_members(const Value& object, std::span<const std::string_view> names,
                       const std::string& where, std::string_view whose) {
  if (const auto twice = repeated_member(object); !twice.empty())
    return fail(Fault::corrupt, fmt::format("{}says {} twice: refused", whose, printable(twice)),
                where);
  if (const auto odd = misspelt_member(object, names); !odd.empty())
    return fail(Fault::corrupt,
                fmt::format("{}has a member {}, which some take for another: refused", whose,
                            printable(odd)),
                where);
  return {};
}

const Value& Value::operator[](std::size_t index) const {
  const auto all = items();
  return index < all.size() ? all[index] : null_value;
}

std::string Value::scalar() const {
  switch (kind_) {
    case Kind::text:
      return string();
    case Kind::boolean:
      return boolean() ? "true" : "false";
    case Kind::integer:
      return std::to_string(data_.integer);
    case Kind::real:
      return fmt::format("{}", data_.real);
    default:
      return {};
  }
}

std::string_view Document::keep(std::string_view text) {
  if (text.empty()) return {};
  auto* copy = static_cast<char*>(arena_->allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

Value Document::boolean(bool b) const {
  Value value;
  value.kind_ = Value::Kind::boolean;
  value.data_.integer = b;
  return value;
}

Value Document::integer(std::int64_t n) const {
  Value value;
  value.kind_ = Value::Kind::integer;
  value.data_.integer = n;
  return value;
}

Value Document::real(double n) const {
  Value value;
  value.kind_ = Value::Kind::real;
  value.data_.real = n;
  return value;
}

Value Document::text(std::string_view s) {
  Value value;
  value.kind_ = Value::Kind::text;
  const auto kept = keep(s);
  value.size_ = static_cast<std::uint32_t>(kept.size());
  value.data_.text = kept.data();
  return value;
}

Value Document::array(std::span<const Value> items) {
  Value value;
  value.kind_ = Value::Kind::array;
  value.size_ = static_cast<std::uint32_t>(items.size());
  if (!items.empty()) {
    auto* copy = static_cast<Value*>(arena_->allocate(items.size_bytes(), alignof(Value)));
    std::uninitialized_copy(items.begin(), items.end(), copy);
    value.data_.items = copy;
  }
  return value;
}

Value Document::object(std::span<const Value::Member> members) {
  Value value;
  value.kind_ = Value::Kind::object;
  value.size_ = static_cast<std::uint32_t>(members.size());
  if (!members.empty()) {
    auto* copy =
        static_cast<Value::Member*>(arena_->allocate(members.size_bytes(), alignof(Value::Member)));
    std::uninitialized_copy(members.begin(), members.end(), copy);
    value.data_.members = copy;
  }
  return value;
}

}  // namespace boltseal
