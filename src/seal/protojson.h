// One object of protobuf's JSON mapping, as Sigstore's files are written in it: names in
// lowerCamelCase or snake_case, bytes as base64, 64-bit numbers as text or number, unknown members
// passed over. https://protobuf.dev/programming-guides/json/
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/value.h"
#include "crypto/digest.h"
#include "seal/refusal.h"

namespace boltseal {

// Refuses with `code` when any object of the tree has a member twice, under either of its names:
// two readers could see two documents.
Checked<void> refuse_repeats(const Value& root, const std::string& code);

class ProtoObject {
 public:
  // `path` leads the field of every refusal, `code` is its code. Views of the Value's document.
  ProtoObject(const Value& value, std::string path, std::string code)
      : value_(&value), path_(std::move(path)), code_(std::move(code)) {}

  const Value& value() const { return *value_; }
  const std::string& path() const { return path_; }
  std::string path_of(std::string_view name) const;
  bool has(std::string_view name) const { return static_cast<bool>(at(name)); }
  const Value& at(std::string_view name) const;  // null when it is not there

  // Refused: not there (unless optional), of another kind, no base64, empty where it is required.
  Checked<ProtoObject> object(std::string_view name) const;
  Checked<std::vector<ProtoObject>> objects(std::string_view name, std::size_t limit) const;
  Checked<std::string> bytes(std::string_view name) const;
  Checked<std::string> optional_bytes(std::string_view name) const;  // "" when it is not there
  Checked<std::string> text(std::string_view name) const;
  Checked<std::string> optional_text(std::string_view name) const;
  Checked<std::int64_t> number(std::string_view name) const;  // 0 when it is not there, as protobuf
  Checked<std::uint64_t> natural(std::string_view name) const;  // the same, and not negative
  Checked<std::int64_t> moment(std::string_view name) const;    // RFC 3339, as seconds since 1970

  std::unexpected<Refusal> wrong(std::string_view name, std::string what, std::string wanted = {},
                                 std::string found = {}) const;

 private:
  const Value* value_;
  std::string path_, code_;
};

// "SHA2_256" → sha256 and so on; nothing for what is not taken.
std::optional<HashKind> hash_of_proto(std::string_view name);
std::string_view proto_name_of(HashKind kind);

}  // namespace boltseal
