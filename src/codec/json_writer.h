// Writes JSON in the order it is told, two spaces per level or on one line: the same calls give the
// same bytes.
#pragma once
#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace boltseal {

// The name of a member. Of one that stands in the source it is known while compiling whether it can
// be written as it is.
class JsonName {
 public:
  // Also of a literal: `text` must not change while the name is in use.
  consteval JsonName(const char* text) : text_(text), plain_(true) {
    for (const char c : text_) plain_ &= c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  }
  JsonName(std::string_view text) : text_(text) {}
  JsonName(const std::string& text) : text_(text) {}
  std::string_view text() const { return text_; }
  bool plain() const { return plain_; }

 private:
  std::string_view text_;
  bool plain_ = false;
};

class JsonWriter {
 public:
  // Takes the next piece of the document.
  using Drain = std::function<void(std::string_view)>;

  explicit JsonWriter(bool pretty = true) : pretty_(pretty) {}
  // A long document goes away piece by piece, so that it needs no memory of its own length.
  JsonWriter(bool pretty, Drain drain) : drain_(std::move(drain)), pretty_(pretty) {}

  JsonWriter& object() { return open('{'); }
  JsonWriter& array() { return open('['); }
  JsonWriter& end();  // closes the innermost object or array
  JsonWriter& key(JsonName name);
  JsonWriter& value(std::string_view text);  // invalid UTF-8 becomes U+FFFD
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  template <std::integral T>
  JsonWriter& value(T number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return raw({digits, static_cast<std::size_t>(end - digits)});
  }
  JsonWriter& value(double number);  // shortest form that reads back the same
  JsonWriter& null() { return raw("null"); }
  JsonWriter& raw(std::string_view json);  // a value that is JSON already

  template <class T>
  JsonWriter& member(JsonName name, const T& v) {
    return key(name).value(v);
  }
  JsonWriter& text_if(JsonName name, std::string_view v) {
    return v.empty() ? *this : member(name, v);
  }
  template <class Texts = std::vector<std::string>>
  JsonWriter& texts(JsonName name, const Texts& list) {
    if (list.empty()) return *this;
    key(name).array();
    for (const auto& text : list) value(text);
    return end();
  }

  // A writer for what will stand in an array (or object) of the innermost value, for use elsewhere
  // at the same time; once that array is open, append() puts there what it wrote.
  JsonWriter part(char closer) const;
  JsonWriter& append(const JsonWriter& part);

  // Makes room for about so many bytes: growing by doubling copies them all again and again.
  void expect(std::size_t bytes);
  // The text so far, or what of it was not taken yet; with pretty it ends in a newline once
  // everything is closed. With a drain that gets it, and there is nothing to return.
  std::string take();

 private:
  JsonWriter& open(char bracket);
  // Where `bytes` may be written, behind what divides the next value from the one before it.
  char* separated(std::size_t bytes);
  char* room(std::size_t bytes) {
    if (out_.size() - at_ < bytes) grow(bytes);
    return out_.data() + at_;
  }
  void written(const char* end) { at_ = static_cast<std::size_t>(end - out_.data()); }
  void grow(std::size_t bytes);

  std::string out_;     // longer than what is written so far
  std::size_t at_ = 0;  // end of what is written
  Drain drain_;
  std::vector<char> closers_;
  bool pretty_;
  bool first_ = true;
  bool after_key_ = false;
};

std::string json_quote(std::string_view text);

}  // namespace boltseal
