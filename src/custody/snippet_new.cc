#include "custody/snippet_new.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/text.h"
#include "crypto/digest.h"
#include "files/text_reader.h"

namespace boltseal {
namespace {

constexpr auto foreign_folders = std::to_array<std::string_view>(
    {"node_modules", "bower_components", "site-packages", "dist-packages", "vendor", "venv",
     ".venv", ".tox", ".nox", ".git"});

// The path behind the folder; nothing where it is not below it.
std::optional<std::string_view> below(std::string_view folder, std::string_view path) {
  if (folder.empty()) return path;
  if (!path.starts_with(folder) || path.substr(folder.size(), 1) != "/") return std::nullopt;
  return path.substr(folder.size() + 1);
}

bool is_new(const std::set<std::string>& hashes, const SnippetText& text) {
  for (const SnippetPiece& piece : text.functions())
    if (!hashes.contains(text.hash(piece.first, piece.last))) return true;
  return !hashes.contains(text.hash_outside());
}

}  // namespace

bool foreign_code(std::string_view path) {
  const auto parts = split(path, '/');
  return std::any_of(parts.begin(), parts.end() - 1, [](std::string_view part) {
    return std::ranges::find(foreign_folders, part) != foreign_folders.end();
  });
}

bool own_code(const std::vector<std::string>& folders, std::string_view path) {
  return std::ranges::any_of(folders, [&](const std::string& folder) {
    const auto rest = below(folder, path);
    return rest && !foreign_code(*rest);
  });
}

bool NewCodeSearch::wants(std::string_view path) const {
  const std::string name = lower(last_part(path));
  return std::ranges::any_of(endings, [&](const auto& one) { return name.ends_with(one); }) &&
         std::ranges::any_of(folders, [&](const auto& one) {
           return path.starts_with(one) && !foreign_code(path.substr(one.size()));
         });
}

NewCodeSearch new_code_search(const SnippetSeal& seal, const std::vector<SnippetAnswer>& answers) {
  std::set<std::string> folders, endings;
  for (const SealedSnippet& s : seal.snippets) {
    const auto more = snippet_endings(snippet_language(s.path));
    endings.insert(more.begin(), more.end());
  }
  for (const SnippetAnswer& a : answers) {
    // A file of the same name somewhere is not yet the one that was sealed.
    if (a.state != SnippetState::unchanged && a.state != SnippetState::moved) continue;
    for (const std::string& folder : seal.folders) {
      const auto rest = below(folder, a.path);
      if (!rest) continue;
      if (a.where == *rest)
        folders.emplace("");
      else if (a.where.ends_with("/" + std::string(*rest)))
        folders.insert(a.where.substr(0, a.where.size() - rest->size()));
    }
  }
  return {{folders.begin(), folders.end()}, {endings.begin(), endings.end()}};
}

std::vector<SnippetAnswer> new_code(const SnippetSeal& seal, const std::set<std::string>& compared,
                                    const std::map<std::string, std::string>& files) {
  std::set<std::string> hashes, known;
  for (const SealedSnippet& s : seal.snippets) hashes.insert(s.sha256);
  hashes.insert(sha256_hex(""));  // nothing outside of functions
  for (const auto& [path, sha256] : seal.files) known.insert(sha256);
  for (const auto& [path, sha256] : seal.unsealed) known.insert(sha256);
  std::vector<SnippetAnswer> out;
  for (const auto& [path, text] : files) {
    if (compared.contains(path)) continue;
    const bool large = text == left_out_text;  // nothing can be said for it
    const std::string sha256 = large ? "" : sha256_hex(text);
    if (known.contains(sha256) || trim(text).empty()) continue;
    if (!large && !is_new(hashes, SnippetText(text, snippet_language(path)))) continue;  // moved
    out.push_back({SnippetState::new_code, path, "whole file", 0, path, 1, {}, sha256});
  }
  return out;
}

}  // namespace boltseal
