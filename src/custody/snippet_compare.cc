// What became of sealed code. A function is looked for by its name in the file whose path ends
// most like the sealed one, then by its hash in all files; a range of lines by its hash alone.
#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "base/text.h"
#include "custody/snippet_seal.h"
#include "custody/snippet_split.h"

namespace boltseal {
namespace {

constexpr std::size_t window_limit = 200'000;  // lines hashed for one range

struct Place {
  std::string path;
  std::uint32_t line = 0;
};

class Comparison {
 public:
  Comparison(const SnippetSeal& seal, const std::map<std::string, std::string>& artifact)
      : seal_(seal) {
    PathsByName by_name;
    for (const auto& [path, text] : artifact) {
      by_name.emplace(last_part(path), path);
      auto& file = files_[path];
      file = std::make_unique<SnippetText>(text, snippet_language(path));
      for (const SnippetPiece& piece : file->functions())
        by_hash_.emplace(file->hash(piece.first, piece.last), Place{path, piece.first});
    }
    for (const auto& [path, sha256] : seal.files) {
      const auto nearest = nearest_path(by_name, path);
      partner_[path] = nearest.path ? *nearest.path : "";
    }
    for (const SealedSnippet& s : seal.snippets) sealed_hashes_.insert(s.sha256);
  }

  std::vector<SnippetAnswer> run() {
    std::vector<SnippetAnswer> out;
    for (const SealedSnippet& sealed : seal_.snippets)
      out.push_back(sealed.name == "lines"             ? range(sealed)
                    : sealed.name == outside_functions ? outside(sealed)
                                                       : function(sealed));
    for (const auto& [sealed, path] : partner_) unknown_functions(sealed, path, out);
    std::ranges::stable_sort(out, [](const SnippetAnswer& a, const SnippetAnswer& b) {
      return std::tie(a.path, a.first, a.line) < std::tie(b.path, b.first, b.line);
    });
    return out;
  }

 private:
  SnippetAnswer answer(const SealedSnippet& sealed, SnippetState state, const Place& place) const {
    return {state, sealed.path, sealed.name, sealed.first, place.path, place.line, {}, {}};
  }

  SnippetState state_at(const SealedSnippet& sealed, const Place& place) const {
    if (sealed.covered == 0) return SnippetState::never_covered;
    const auto partner = partner_.find(sealed.path);
    const bool here = partner != partner_.end() && partner->second == place.path;
    return here && place.line == sealed.first ? SnippetState::unchanged : SnippetState::moved;
  }

  SnippetAnswer function(const SealedSnippet& sealed) {
    const std::string& path = partner_.find(sealed.path)->second;
    const SnippetPiece* other = nullptr;  // of the same name, with something else in it
    if (!path.empty()) {
      const SnippetText& file = *files_[path];
      for (const SnippetPiece& piece : file.functions()) {
        if (piece.name != sealed.name || used_.contains({path, piece.first})) continue;
        if (file.hash(piece.first, piece.last) == sealed.sha256) {
          used_.insert({path, piece.first});
          return answer(sealed, state_at(sealed, {path, piece.first}), {path, piece.first});
        }
        if (!other && !sealed_elsewhere(file.hash(piece.first, piece.last))) other = &piece;
      }
    }
    // A copy in another file does not make up for the one that was changed in its own.
    const auto found = by_hash_.find(sealed.sha256);
    if (found != by_hash_.end() && (!other || found->second.path == path)) {
      used_.insert({found->second.path, found->second.line});
      return answer(sealed, state_at(sealed, found->second), found->second);
    }
    if (!other) return answer(sealed, SnippetState::gone, {});
    used_.insert({path, other->first});
    auto out =
        answer(sealed, sealed.covered == 0 ? SnippetState::never_covered : SnippetState::changed,
               {path, other->first});
    out.wanted = sealed.sha256;
    out.found = files_[path]->hash(other->first, other->last);
    return out;
  }

  // Overloads have one name: one that is another's unchanged body is not this one changed.
  bool sealed_elsewhere(const std::string& sha256) const { return sealed_hashes_.contains(sha256); }

  SnippetAnswer outside(const SealedSnippet& sealed) {
    const std::string& path = partner_.find(sealed.path)->second;
    if (path.empty()) return answer(sealed, SnippetState::gone, {});
    const std::string found = files_[path]->hash_outside();
    if (found == sealed.sha256) return answer(sealed, state_at(sealed, {path, 1}), {path, 1});
    auto out =
        answer(sealed, sealed.covered == 0 ? SnippetState::never_covered : SnippetState::changed,
               {path, 1});
    out.wanted = sealed.sha256;
    out.found = found;
    return out;
  }

  SnippetAnswer range(const SealedSnippet& sealed) {
    const std::string& path = partner_.find(sealed.path)->second;
    if (path.empty()) return answer(sealed, SnippetState::gone, {});
    const SnippetText& file = *files_[path];
    const std::uint32_t size = sealed.last - sealed.first;
    if (file.hash(sealed.first, sealed.last) == sealed.sha256)
      return answer(sealed, SnippetState::unchanged, {path, sealed.first});
    std::size_t hashed = 0;
    for (std::uint32_t at = 1; at + size <= file.lines() && hashed < window_limit; ++at) {
      hashed += size + 1;
      if (file.hash(at, at + size) == sealed.sha256)
        return answer(sealed, SnippetState::moved, {path, at});
    }
    auto out = answer(sealed, SnippetState::changed, {path, sealed.first});
    out.wanted = sealed.sha256;
    out.found = file.hash(sealed.first, sealed.last);
    return out;
  }

  // Functions of a sealed file that the seal does not know: they have come since.
  void unknown_functions(const std::string& sealed, const std::string& path,
                         std::vector<SnippetAnswer>& out) {
    if (path.empty()) return;
    for (const SnippetPiece& piece : files_[path]->functions()) {
      if (used_.insert({path, piece.first}).second)
        out.push_back(
            {SnippetState::never_covered, sealed, piece.name, 0, path, piece.first, {}, {}});
    }
  }

  const SnippetSeal& seal_;
  std::map<std::string, std::unique_ptr<SnippetText>> files_;
  std::set<std::string> sealed_hashes_;
  std::map<std::string, Place> by_hash_;
  std::map<std::string, std::string> partner_;  // sealed path → path in the artifact
  std::set<std::pair<std::string, std::uint32_t>> used_;
};

}  // namespace

std::string_view name_of(SnippetState state) {
  constexpr std::array<std::string_view, snippet_states> names = {
      "unchanged", "moved", "changed", "gone", "never covered", "new"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

NearestPath nearest_path(const PathsByName& by_name, std::string_view path) {
  NearestPath out;
  const auto wanted = split(path, '/');
  const auto [begin, end] = by_name.equal_range(last_part(path));
  for (auto at = begin; at != end; ++at) {
    const auto parts = split(at->second, '/');
    std::size_t count = 0;
    while (count < parts.size() && count < wanted.size() &&
           parts[parts.size() - 1 - count] == wanted[wanted.size() - 1 - count])
      ++count;
    const bool whole = count == parts.size();
    if (count > out.parts || (count == out.parts && whole && !out.whole))
      out = {&at->second, count, whole, {}};
    else if (count == out.parts && count > 0 && whole == out.whole)
      out.as_near.push_back(&at->second);
  }
  return out;
}

std::vector<std::string> files_in_doubt(const SnippetSeal& seal,
                                        const std::map<std::string, std::string>& artifact) {
  PathsByName by_name;
  for (const auto& [path, text] : artifact) by_name.emplace(last_part(path), path);
  std::set<std::string> sealed;
  for (const SealedSnippet& s : seal.snippets) sealed.insert(s.path);
  std::vector<std::string> out;
  for (const std::string& path : sealed) {
    const auto nearest = nearest_path(by_name, path);
    std::string others;
    for (const std::string* other : nearest.as_near)
      if (artifact.at(*other) != artifact.at(*nearest.path)) others += ", " + *other;
    if (!others.empty()) out.push_back(path + ": " + *nearest.path + others);
  }
  return out;
}

std::set<std::string> compared_paths(const SnippetSeal& seal,
                                     const std::map<std::string, std::string>& artifact) {
  PathsByName by_name;
  for (const auto& [path, text] : artifact) by_name.emplace(last_part(path), path);
  std::set<std::string> out;
  for (const auto& [path, sha256] : seal.files)
    if (const auto nearest = nearest_path(by_name, path); nearest.path) out.insert(*nearest.path);
  return out;
}

std::set<std::string, std::less<>> sealed_names(const SnippetSeal& seal) {
  std::set<std::string, std::less<>> out;
  for (const auto& [path, sha256] : seal.files) out.emplace(last_part(path));
  return out;
}

std::vector<SnippetAnswer> compare_snippets(const SnippetSeal& seal,
                                            const std::map<std::string, std::string>& artifact) {
  return Comparison(seal, artifact).run();
}

}  // namespace boltseal
