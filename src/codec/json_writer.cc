#include "codec/json_writer.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/text.h"

namespace boltseal {

namespace {

// Whether a byte stands for itself between quotes. Bytes of UTF-8 do: the text was checked before.
constexpr auto plain = [] {
  std::array<bool, 256> out{};
  for (std::size_t c = 0x20; c < out.size(); ++c) out[c] = c != '"' && c != '\\' && c != 0x7f;
  return out;
}();

void put_escaped(std::string& out, char c) {
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
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  }
}

// Most texts need nothing, so what stands between two escapes is taken in one piece.
void put_quoted(std::string& out, std::string_view text) {
  std::string fixed;
  if (!valid_utf8(text)) {
    fixed = valid_or_replaced_utf8(text);
    text = fixed;
  }
  out += '"';
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (plain[static_cast<unsigned char>(text[i])]) continue;
    out += text.substr(begin, i - begin);
    put_escaped(out, text[i]);
    begin = i + 1;
  }
  out += text.substr(begin);
  out += '"';
}

}  // namespace

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  put_quoted(out, text);
  return out;
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
  put_quoted(out_, name);
  out_ += pretty_ ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  put_quoted(out_, text);
  return *this;
}

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
