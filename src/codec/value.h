// One immutable tree for JSON, YAML and TOML, so that a reader of a lock file does not care which
// of the three it is.
//
// All nodes and strings live in the Document's arena; a Value is a handle that is valid as long as
// its Document. Asking a value for what it is not gives the empty answer (no members, "", nothing),
// so a reader writes doc["a"]["b"].text() without a check at every step and a hostile shape ends in
// "not there", never in a fault.
#pragma once
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, array, object };
  struct Member;

  Kind kind() const { return kind_; }
  explicit operator bool() const { return kind_ != Kind::null; }
  bool is_text() const { return kind_ == Kind::text; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }
  // A text, a number, true or false.
  bool is_scalar() const { return kind_ != Kind::null && !is_array() && !is_object(); }

  std::string_view text() const {
    return kind_ == Kind::text ? std::string_view(data_.text, size_) : std::string_view{};
  }
  std::string string() const { return std::string(text()); }
  std::string_view text_or(std::string_view otherwise) const {
    return is_text() ? text() : otherwise;
  }
  bool boolean() const { return kind_ == Kind::boolean && data_.integer != 0; }
  std::optional<std::int64_t> integer() const {
    return kind_ == Kind::integer ? std::optional(data_.integer) : std::nullopt;
  }
  std::optional<double> number() const {
    return kind_ == Kind::real      ? std::optional(data_.real)
           : kind_ == Kind::integer ? std::optional(static_cast<double>(data_.integer))
                                    : std::nullopt;
  }
  // A scalar as text, the way it would be written: 1 → "1", true → "true", "x" → "x"; "" for the
  // rest.
  std::string scalar() const;

  std::span<const Value> items() const;     // of an array, else none
  std::span<const Member> members() const;  // of an object, in the order written, else none
  const Value& operator[](
      std::string_view key) const;  // the first member of that name, else a null value
  const Value& operator[](std::size_t index) const;  // else a null value

 private:
  friend class Document;
  union Data {
    std::int64_t integer;
    double real;
    const char* text;
    const Value* items;
    const Member* members;
  };
  Kind kind_ = Kind::null;
  std::uint32_t size_ = 0;
  Data data_{.integer = 0};
};

struct Value::Member {
  std::string_view key;
  Value value;
};

class Document {
 public:
  Document() : arena_(std::make_unique<std::pmr::monotonic_buffer_resource>()) {}
  const Value& root() const { return root_; }
  const Value& operator[](std::string_view key) const { return root_[key]; }

  // For the parsers that fill a Document.
  void set_root(Value root) { root_ = root; }
  std::string_view keep(std::string_view text);  // a copy in the arena
  Value boolean(bool b) const;
  Value integer(std::int64_t n) const;
  Value real(double n) const;
  Value text(std::string_view s);
  Value array(std::span<const Value> items);
  Value object(std::span<const Value::Member> members);  // keys must be kept already

 private:
  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
  Value root_;
};

// The first member that an earlier one of the object is called like, upper and lower case being the
// same; "" when there is none. Readers disagree which of the two counts (Go's takes the last), so
// where a program acts on what we judge such a document is refused.
std::string_view repeated_member(const Value& object);

// Limits for the parsers of untrusted trees: nesting, nodes; a YAML alias counts as the nodes it
// stands for.
constexpr std::size_t max_value_depth = 256;
constexpr std::size_t max_value_nodes = 20'000'000;

Result<Document> parse_json(std::string_view text);  // RFC 8259; a byte order mark is passed over
Result<Document> parse_yaml(
    std::string_view text);  // the first document; anchors yes, alias bombs no
Result<Document> parse_toml(std::string_view text);  // TOML 1.0; dates as text
// JSON with // and /* */ comments and trailing commas, as bun.lock, deno.json and tsconfig.json
// have them.
Result<Document> parse_jsonc(std::string_view text);

}  // namespace boltseal
