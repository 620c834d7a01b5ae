#include "seal/protojson.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"

namespace boltseal {
namespace {

std::string snake(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') out += '_';
    out += to_lower(c);
  }
  return out;
}

// Upper case and underscores make no difference, so that both spellings are one.
std::string folded(std::string_view name) { return lower(replace_all(name, "_", "")); }

std::string kind_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return "nothing";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::integer:
    case Value::Kind::real:
      return "a number";
    case Value::Kind::text:
      return "a text";
    case Value::Kind::array:
      return "an array";
    case Value::Kind::object:
      break;
  }
  return "an object";
}

}  // namespace

// A parsed document is at most max_value_depth deep, and so is the recursion.
Checked<void> refuse_repeats(const Value& root, const std::string& code) {
  for (const Value& item : root.items()) {
    if (auto good = refuse_repeats(item, code); !good) return good;
  }
  std::set<std::string> seen;
  for (const Value::Member& member : root.members()) {
    if (!seen.insert(folded(member.key)).second)
      return refuse(code, "a member stands twice in one object", std::string(member.key), "once",
                    "twice");
    if (auto good = refuse_repeats(member.value, code); !good) return good;
  }
  return {};
}

std::string ProtoObject::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

const Value& ProtoObject::at(std::string_view name) const {
  const Value& camel = (*value_)[name];
  return camel ? camel : (*value_)[snake(name)];
}

std::unexpected<Refusal> ProtoObject::wrong(std::string_view name, std::string what,
                                            std::string wanted, std::string found) const {
  return refuse(code_, std::move(what), path_of(name), std::move(wanted), std::move(found));
}

Checked<ProtoObject> ProtoObject::object(std::string_view name) const {
  const Value& value = at(name);
  if (!value.is_object())
    return wrong(name, "a member is missing or of another kind", "an object", kind_of(value));
  return ProtoObject(value, path_of(name), code_);
}

Checked<std::vector<ProtoObject>> ProtoObject::objects(std::string_view name,
                                                       std::size_t limit) const {
  const Value& value = at(name);
  std::vector<ProtoObject> out;
  if (!value) return out;
  if (!value.is_array()) return wrong(name, "a member of another kind", "an array", kind_of(value));
  if (value.items().size() > limit)
    return wrong(name, "more entries than are taken", fmt::format("at most {}", limit),
                 fmt::format("{}", value.items().size()));
  for (const Value& item : value.items()) {
    const std::string path = fmt::format("{}[{}]", path_of(name), out.size());
    if (!item.is_object())
      return refuse(code_, "an entry of another kind", path, "an object", kind_of(item));
    out.emplace_back(item, path, code_);
  }
  return out;
}

Checked<std::string> ProtoObject::optional_bytes(std::string_view name) const {
  const Value& value = at(name);
  if (!value) return {};
  if (!value.is_text()) return wrong(name, "a member of another kind", "base64", kind_of(value));
  // Line breaks are passed over as Go's decoder does it: people put in what base64(1) printed.
  auto bytes = unbase64_any(replace_all(replace_all(value.text(), "\n", ""), "\r", ""));
  if (!bytes) return wrong(name, bytes.error().what, "base64", value.string());
  return *std::move(bytes);
}

Checked<std::string> ProtoObject::bytes(std::string_view name) const {
  auto bytes = optional_bytes(name);
  if (bytes && bytes->empty()) return wrong(name, "a member is missing or empty", "base64");
  return bytes;
}

Checked<std::string> ProtoObject::optional_text(std::string_view name) const {
  const Value& value = at(name);
  if (!value) return {};
  if (!value.is_text()) return wrong(name, "a member of another kind", "a text", kind_of(value));
  return value.string();
}

Checked<std::string> ProtoObject::text(std::string_view name) const {
  auto text = optional_text(name);
  if (text && text->empty()) return wrong(name, "a member is missing or empty", "a text");
  return text;
}

Checked<std::int64_t> ProtoObject::moment(std::string_view name) const {
  TRY(const auto written, text(name));
  const auto seconds = parse_rfc3339(written);
  if (!seconds) return wrong(name, "not a time", "RFC 3339", written);
  return *seconds;
}

Checked<std::int64_t> ProtoObject::number(std::string_view name) const {
  const Value& value = at(name);
  if (!value) return 0;
  if (const auto number = value.integer()) return *number;
  const bool negative = value.text().starts_with('-');
  const auto digits = parse_u64(value.text().substr(negative ? 1 : 0));
  if (!value.is_text() || !digits || *digits > static_cast<std::uint64_t>(INT64_MAX))
    return wrong(name, "a member that is no number", "a 64-bit number", value.scalar());
  const auto number = static_cast<std::int64_t>(*digits);
  return negative ? -number : number;
}

Checked<std::uint64_t> ProtoObject::natural(std::string_view name) const {
  const auto found = number(name);
  if (!found) return std::unexpected(found.error());
  if (*found < 0) return wrong(name, "a number below zero", "0 or more", fmt::format("{}", *found));
  return static_cast<std::uint64_t>(*found);
}

std::optional<HashKind> hash_of_proto(std::string_view name) {
  if (name == "SHA2_256") return HashKind::sha256;
  if (name == "SHA2_384") return HashKind::sha384;
  if (name == "SHA2_512") return HashKind::sha512;
  return std::nullopt;
}

std::string_view proto_name_of(HashKind kind) {
  return kind == HashKind::sha512 ? "SHA2_512" : kind == HashKind::sha384 ? "SHA2_384" : "SHA2_256";
}

}  // namespace boltseal
