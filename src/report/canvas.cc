#include "report/canvas.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace boltseal {
namespace {

// 256-colour codes that read well on dark and on light grounds.
constexpr std::string_view code_of(Ink ink) {
  switch (ink) {
    case Ink::plain:
      return "";
    case Ink::bold:
      return "1";
    case Ink::dim:
      return "2";
    case Ink::good:
      return "38;5;35";
    case Ink::critical:
      return "1;38;5;197";
    case Ink::high:
      return "38;5;208";
    case Ink::medium:
      return "38;5;178";
    case Ink::low:
      return "38;5;75";
    case Ink::rest:
      return "38;5;245";
  }
  return "";
}

// The first character of a valid UTF-8 text, with the marks that combine with it left to the next
// call.
std::string_view first_rune(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80)
    ++length;
  return text.substr(0, length);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

Ink ink_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return Ink::critical;
    case Severity::high:
      return Ink::high;
    case Severity::medium:
      return Ink::medium;
    case Severity::low:
      return Ink::low;
    default:
      return Ink::rest;
  }
}

Canvas::Canvas(const RenderOptions& options)
    : width_(std::clamp<std::size_t>(options.width, 40, 160)), colour_(options.colour) {}

std::string Canvas::paint(Ink ink, std::string_view text) const {
  const auto code = code_of(ink);
  if (!colour_ || code.empty() || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Canvas::line(std::string_view text) {
  out_ += trim_end(text, ' ');
  out_ += '\n';
}

void Canvas::heading(std::string_view title, std::string_view detail, std::string_view right) {
  line();
  const std::size_t tail = right.empty() ? 0 : columns(right) + 1;
  std::string text(detail);
  const std::size_t room = width_ - std::min(width_, columns(title) + tail + 6);
  text = fit(text, room);
  const std::size_t used = columns(title) + (text.empty() ? 0 : columns(text) + 2) + 1 + tail;
  std::string out = paint(Ink::bold, title);
  if (!text.empty()) out += "  " + text;
  out += " " + paint(Ink::dim, repeated("─", width_ - std::min(width_, used)));
  if (!right.empty()) out += " " + paint(Ink::dim, right);
  line(out);
}

void Canvas::box(std::string_view title, const std::vector<std::string>& lines) {
  const std::string name = fit(title, width_ - 5);
  const std::size_t edge = width_ - 5 - columns(name);
  line(paint(Ink::dim, "╭─ ") + paint(Ink::bold, name) +
       paint(Ink::dim, " " + repeated("─", edge) + "╮"));
  for (const auto& text : lines)
    line(paint(Ink::dim, "│ ") + padded(text, width_ - 4) + paint(Ink::dim, " │"));
  line(paint(Ink::dim, "╰" + repeated("─", width_ - 2) + "╯"));
}

void Canvas::wrapped(std::string_view head, std::size_t indent,
                     const std::vector<std::string>& items, std::string_view between, Ink ink) {
  const std::size_t room = width_ - std::min(indent, width_ - 10);
  std::string row, start = padded(head, indent);
  const auto flush = [&] {
    line(start + paint(ink, row));
    start = std::string(indent, ' ');
    row.clear();
  };
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool last = i + 1 == items.size();
    const std::string item =
        fit(items[i], room - 1) + (last ? std::string() : std::string(between));
    if (!row.empty() && columns(row) + columns(trim_end(item, ' ')) > room) {
      row = std::string(trim_end(row, ' '));
      flush();
    }
    row += item;
  }
  flush();
}

std::size_t shown_columns(std::string_view text) {
  std::string bare;
  while (!text.empty()) {
    const auto escape = text.find('\x1b');
    bare += text.substr(0, escape);
    if (escape == std::string_view::npos) break;
    const auto end = text.find('m', escape);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return columns(bare);
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = shown_columns(text);
  return std::string(text) + std::string(width - std::min(width, used), ' ');
}

std::string right_aligned(std::string_view text, std::size_t width) {
  const std::size_t used = shown_columns(text);
  return std::string(width - std::min(width, used), ' ') + std::string(text);
}

std::string fit(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto rune = first_rune(text);
    used += columns(rune);
    if (used > width - 1) break;
    out += rune;
    text.remove_prefix(rune.size());
  }
  return out + "…";
}

std::string fit_path(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  while (!text.empty() && columns(text) > width - 1) text.remove_prefix(first_rune(text).size());
  return "…" + std::string(text);
}

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  if (number == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", grouped(number), one)
                      : fmt::format("{} {}", grouped(number), many);
}

}  // namespace boltseal
