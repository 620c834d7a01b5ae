// Writes JSON in the order it is told, two spaces per level or on one line: the same calls give the
// same bytes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace boltseal {

class JsonWriter {
 public:
  explicit JsonWriter(bool pretty = true) : pretty_(pretty) {}

  JsonWriter& object() { return open('{'); }
  JsonWriter& array() { return open('['); }
  JsonWriter& end();  // closes the innermost object or array
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);  // invalid UTF-8 becomes U+FFFD
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(std::int64_t number) { return raw(std::to_string(number)); }
  JsonWriter& value(std::uint64_t number) { return raw(std::to_string(number)); }
  JsonWriter& value(int number) { return raw(std::to_string(number)); }
  JsonWriter& value(unsigned number) { return raw(std::to_string(number)); }
  JsonWriter& value(double number);  // shortest form that reads back the same
  JsonWriter& null() { return raw("null"); }
  JsonWriter& raw(std::string_view json);  // a value that is JSON already

  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  JsonWriter& text_if(std::string_view name, std::string_view v) {
    return v.empty() ? *this : member(name, v);
  }
  JsonWriter& texts(std::string_view name, const std::vector<std::string>& list);

  // Makes room for about so many bytes: growing by doubling copies them all again and again.
  void expect(std::size_t bytes) { out_.reserve(bytes); }
  // The text so far; with pretty it ends in a newline once everything is closed.
  std::string take();

 private:
  JsonWriter& open(char bracket);
  void separate();
  std::string out_;
  std::vector<char> closers_;
  bool pretty_;
  bool first_ = true;
  bool after_key_ = false;
};

std::string json_quote(std::string_view text);

}  // namespace boltseal
