#include "inventory/rpm_module.h"

#include <algorithm>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::string_view digits = "0123456789";

// Of letters, digits, and what names and streams have between them.
bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '+' || c == '-';
  });
}

std::string_view name_of_module(std::string_view module) {
  auto name = module.substr(0, module.find(':'));
  if (name.ends_with("-devel")) name.remove_suffix(6);
  return name;
}

std::string_view stream_of(std::string_view module) {
  const auto colon = module.find(':');
  return colon == std::string_view::npos ? std::string_view() : module.substr(colon + 1);
}

}  // namespace

std::string module_of_label(std::string_view label) {
  const auto parts = split(label, ':');
  if (parts.size() < 2 || parts[0].empty() || parts[1].empty()) return {};
  return std::string(parts[0]) + ":" + std::string(parts[1]);
}

std::string modules_in_title(std::string_view title) {
  std::string out;
  for (auto word : words(title)) {
    word = trim_end(word, ',');
    // "httpd:2.4/mod_http2": the package that was rebuilt.
    word = word.substr(0, word.find('/'));
    const auto parts = cut(word, ":");
    if (!parts || !is_word(parts->first) || !is_word(parts->second)) continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

bool is_modular_version(std::string_view version) {
  return version.find(".module_el") != std::string_view::npos ||
         version.find(".module+el") != std::string_view::npos;
}

bool of_another_stream(std::string_view modules, std::string_view module) {
  bool same_module = false;
  for (const auto one : words(modules)) {
    if (name_of_module(one) != name_of_module(module)) continue;
    if (stream_of(one) == stream_of(module)) return false;
    same_module = true;
  }
  return same_module;
}

std::string_view minor_branch(std::string_view version) {
  const auto release = version.rfind('-');
  if (release == std::string_view::npos) return {};
  version.remove_prefix(release);
  const auto start = version.find(".el");
  if (start == std::string_view::npos) return {};
  version.remove_prefix(start + 1);
  const auto minor = version.find_first_not_of(digits, 2);
  if (minor == std::string_view::npos || minor == 2 || version[minor] != '_') return {};
  const auto end = version.find_first_not_of(digits, minor + 1);
  return end == minor + 1 ? std::string_view() : version.substr(0, end);
}

}  // namespace boltseal
