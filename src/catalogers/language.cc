#include "catalogers/language.h"

#include <algorithm>

#include "base/text.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::size_t max_licence_text = 200;

std::optional<std::string> from_base64(std::string_view text) {
  text = trim_end(text, '=');
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : is_digit(c)          ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

struct Algorithm {
  std::string_view name;
  std::size_t bytes;
};
constexpr Algorithm algorithms[] = {
    {"sha512", 64}, {"sha384", 48}, {"sha256", 32}, {"sha1", 20}, {"md5", 16}};

// "MIT", {"type": "MIT"}, and for "licenses" a list of either, which was meant as a choice.
std::string licence_of_value(const Value& value) {
  if (value.is_text()) return value.string();
  if (value.is_object()) return value[value["type"].is_text() ? "type" : "name"].string();
  std::string all;
  for (const auto& item : value.items().first(std::min<std::size_t>(value.items().size(), 20))) {
    const auto one =
        item.is_text() ? item.string() : licence_of_value(item.is_object() ? item : Value());
    if (!one.empty()) all += (all.empty() ? "" : " OR ") + one;
  }
  return all;
}

}  // namespace

void declare_licence(Package& package, std::string_view declared) {
  declared = trim(declared);
  package.licence = spdx_expression(declared);
  if (package.licence != declared) {
    package.licence_text = valid_or_replaced_utf8(first_line(declared).substr(0, max_licence_text));
  }
}

void declare_licences(Package& package, const std::vector<std::string>& declared) {
  if (declared.size() == 1) return declare_licence(package, declared[0]);
  package.licence = spdx_all_of(declared);
  const auto text = join(declared, ", ");
  if (package.licence != text)
    package.licence_text = valid_or_replaced_utf8(first_line(text).substr(0, max_licence_text));
}

std::optional<std::pair<std::string, std::string>> hash_of_integrity(std::string_view text) {
  for (const auto& algorithm : algorithms) {
    for (auto value : words(text.substr(0, 1024))) {
      if (!value.starts_with(algorithm.name) || value.size() == algorithm.name.size()) continue;
      const char separator = value[algorithm.name.size()];
      value.remove_prefix(algorithm.name.size() + 1);
      value = value.substr(0, value.find('?'));  // options of an integrity value
      if (separator == '-') {
        const auto raw = from_base64(value);
        if (raw && raw->size() == algorithm.bytes)
          return std::pair{std::string(algorithm.name), hex(*raw)};
      } else if ((separator == ':' || separator == '=') && value.size() == algorithm.bytes * 2 &&
                 unhex(value)) {
        return std::pair{std::string(algorithm.name), lower(value)};
      }
    }
  }
  return std::nullopt;
}

std::string node_licence(const Value& manifest) {
  return licence_of_value(manifest["license"] ? manifest["license"] : manifest["licenses"]);
}

std::string_view first_line(std::string_view text) {
  text = trim(text);
  return trim(text.substr(0, text.find('\n')));
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }
std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

std::vector<bool> reachable(std::size_t count,
                            const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges,
                            std::vector<std::uint32_t> roots) {
  std::vector<bool> seen(count);
  while (!roots.empty()) {
    const auto at = roots.back();
    roots.pop_back();
    if (at >= count || seen[at]) continue;
    seen[at] = true;
    const auto first =
        std::ranges::lower_bound(edges, at, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
    for (auto edge = first; edge != edges.end() && edge->first == at; ++edge)
      roots.push_back(edge->second);
  }
  return seen;
}

void NeedWriter::add(std::vector<std::string>& depends, std::string_view name,
                     std::string_view version) {
  const std::size_t size = name.size() + version.size() + 1;
  if (size <= left_) {
    left_ -= size;
    std::string& need = depends.emplace_back(name);
    if (!version.empty()) (need += '@') += version;
  } else if (!std::exchange(told_, true)) {
    sink_.unknown({Fault::too_large,
                   "names and versions repeat too much; not all is listed that packages need",
                   {},
                   {}});
  }
}

void settle_depends(Package& package) {
  std::ranges::sort(package.depends);
  const auto repeats = std::ranges::unique(package.depends);
  package.depends.erase(repeats.begin(), repeats.end());
}

bool has_folder(std::string_view path, std::string_view folder) {
  for (auto at = path.find(folder); at != std::string_view::npos; at = path.find(folder, at + 1)) {
    const auto end = at + folder.size();
    if ((at == 0 || path[at - 1] == '/') && end < path.size() && path[end] == '/') return true;
  }
  return false;
}

bool is_no_go_project(std::string_view path) {
  return has_folder(path, "pkg/mod") || has_folder(path, "testdata");
}

bool inside_installed_package(std::string_view path) {
  for (const auto folder : {"dist-packages", "gems", "git/checkouts", "node_modules", "pkg/mod",
                            "registry/src", "site-packages"}) {
    if (has_folder(path, folder)) return true;
  }
  // Debian's own: usr/share/nodejs, usr/lib/nodejs, usr/lib/<triplet>/nodejs.
  return path.starts_with("usr/share/doc/") || path.starts_with("usr/share/nodejs/") ||
         (path.starts_with("usr/lib/") && has_folder(path, "nodejs"));
}

}  // namespace boltseal
