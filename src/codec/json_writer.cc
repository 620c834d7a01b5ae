#include "codec/json_writer.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace boltseal {

std::string json_quote(std::string_view text) {
  std::string fixed;
  if (!valid_utf8(text)) {
    fixed = valid_or_replaced_utf8(text);
    text = fixed;
  }
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  return out + '"';
}

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) out_ += ',';
  first_ = false;
  if (pretty_ && !closers_.empty()) {
    out_ += '\n';
    out_.append(closers_.size() * 2, ' ');
  }
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  closers_.push_back(bracket == '{' ? '}' : ']');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end() {
  const char closer = closers_.back();
  closers_.pop_back();
  if (pretty_ && !first_) {
    out_ += '\n';
    out_.append(closers_.size() * 2, ' ');
  }
  out_ += closer;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  out_ += json_quote(name);
  out_ += pretty_ ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) { return raw(json_quote(text)); }

JsonWriter& JsonWriter::value(double number) {
  return std::isfinite(number) ? raw(fmt::format("{}", number)) : null();
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::texts(std::string_view name, const std::vector<std::string>& list) {
  if (list.empty()) return *this;
  key(name).array();
  for (const auto& text : list) value(text);
  return end();
}

std::string JsonWriter::take() {
  if (pretty_) out_ += '\n';
  return std::move(out_);
}

}  // namespace boltseal
