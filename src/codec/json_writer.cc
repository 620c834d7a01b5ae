#include "codec/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/text.h"

namespace boltseal {

namespace {

constexpr std::size_t piece = 128 << 10;  // what goes to a drain at once

// Whether a byte stands for itself between quotes. Bytes of UTF-8 do, in text that was checked.
constexpr auto stands = [] {
  std::array<bool, 256> out{};
  for (std::size_t c = 0x20; c < out.size(); ++c) out[c] = c != '"' && c != '\\' && c != 0x7f;
  return out;
}();

using Block = unsigned char __attribute__((vector_size(16)));
constexpr std::size_t block = sizeof(Block);

Block block_at(const char* bytes) {
  Block out;
  std::memcpy(&out, bytes, block);
  return out;
}

// Ones where a byte is not ASCII that stands for itself.
auto other_in(Block c) { return (c < 0x20) | (c == '"') | (c == '\\') | (c >= 0x7f); }

template <class Mask>
bool any(const Mask& mask) {
  std::uint64_t halves[2];
  std::memcpy(halves, &mask, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// True when all is ASCII that stands for itself, as of nearly every text.
bool all_plain(std::string_view text) {
  if (text.size() < block) {
    for (const char c : text)
      if (!stands[static_cast<unsigned char>(c)] || (c & 0x80) != 0) return false;
    return true;
  }
  auto other = other_in(block_at(text.data() + text.size() - block));
  for (std::size_t i = 0; i + block < text.size(); i += block)
    other |= other_in(block_at(text.data() + i));
  return !any(other);
}

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

std::string escaped(std::string_view text) {
  std::string fixed, out;
  if (!valid_utf8(text)) {
    fixed = valid_or_replaced_utf8(text);
    text = fixed;
  }
  out.reserve(text.size() + text.size() / 8 + 16);
  while (!text.empty()) {
    const std::size_t some = std::min(text.size(), block);
    if (some == block && !any(other_in(block_at(text.data())))) {
      out += text.substr(0, some);
    } else {
      for (const char c : text.substr(0, some)) {
        if (stands[static_cast<unsigned char>(c)])
          out += c;
        else
          put_escaped(out, c);
      }
    }
    text.remove_prefix(some);
  }
  return out;
}

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_quoted(char* out, std::string_view text) {
  *out++ = '"';
  out = put(out, text);
  *out++ = '"';
  return out;
}

// There is room for 32 bytes at least, whatever the depth.
char* new_line(char* out, std::size_t indent) {
  constexpr char line[] = "\n                               ";
  static_assert(sizeof line == 33);
  std::memcpy(out, line, 32);
  if (indent >= 32) std::memset(out + 1, ' ', indent);
  return out + 1 + indent;
}

}  // namespace

std::string json_quote(std::string_view text) { return fmt::format("\"{}\"", escaped(text)); }

void JsonWriter::grow(std::size_t bytes) {
  if (drain_ && at_ > 0) {
    drain_({out_.data(), at_});
    at_ = 0;
  }
  if (out_.size() - at_ < bytes) expect(std::max({at_ + bytes, 2 * out_.size(), piece}));
}

// A length of bytes that nobody wrote costs nothing.
void JsonWriter::expect(std::size_t bytes) {
  if (bytes > out_.size())
    out_.resize_and_overwrite(bytes, [](char*, std::size_t size) { return size; });
}

char* JsonWriter::separated(std::size_t bytes) {
  const std::size_t indent = 2 * closers_.size();
  char* out = room(bytes + indent + 32);
  if (after_key_) {
    after_key_ = false;
    return out;
  }
  if (!first_) *out++ = ',';
  first_ = false;
  return pretty_ && indent > 0 ? new_line(out, indent) : out;
}

JsonWriter& JsonWriter::open(char bracket) {
  char* out = separated(1);
  *out++ = bracket;
  written(out);
  closers_.push_back(bracket == '{' ? '}' : ']');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end() {
  const char closer = closers_.back();
  closers_.pop_back();
  const std::size_t indent = 2 * closers_.size();
  char* out = room(indent + 32);
  if (pretty_ && !first_) out = new_line(out, indent);
  *out++ = closer;
  written(out);
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(JsonName name) {
  const std::string other = name.plain() ? std::string() : escaped(name.text());
  const std::string_view text = name.plain() ? name.text() : other;
  char* out = put_quoted(separated(text.size() + 4), text);
  *out++ = ':';
  if (pretty_) *out++ = ' ';
  written(out);
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  if (all_plain(text)) {
    written(put_quoted(separated(text.size() + 2), text));
  } else {
    const std::string other = escaped(text);
    written(put_quoted(separated(other.size() + 2), other));
  }
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  return std::isfinite(number) ? raw(fmt::format("{}", number)) : null();
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  written(put(separated(json.size()), json));
  return *this;
}

JsonWriter JsonWriter::part(char closer) const {
  JsonWriter out(pretty_);
  out.closers_ = closers_;
  out.closers_.push_back(closer);
  return out;
}

JsonWriter& JsonWriter::append(const JsonWriter& part) {
  if (part.at_ == 0) return *this;
  const std::string_view text(part.out_.data(), part.at_);
  if (!first_) written(put(room(1), ","));
  first_ = false;
  if (drain_) {
    drain_({out_.data(), at_});
    at_ = 0;
    drain_(text);
  } else {
    written(put(room(text.size()), text));
  }
  return *this;
}

std::string JsonWriter::take() {
  if (pretty_) written(put(room(1), "\n"));
  if (drain_) {
    drain_({out_.data(), at_});
    at_ = 0;
    return {};
  }
  out_.resize(at_);
  at_ = 0;
  return std::move(out_);
}

}  // namespace boltseal
