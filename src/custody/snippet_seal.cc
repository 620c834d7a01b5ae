#include "custody/snippet_seal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "custody/snippet_new.h"
#include "custody/snippet_split.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

constexpr std::size_t snippet_limit = 1'000'000;

// Coverage names files by the path that the build or the tests had: the one source whose path ends
// as that one does. One path must be the end of the other.
// Null for coverage of something else.
Result<const std::string*> source_of(const std::string& path, const PathsByName& sources) {
  const auto nearest = nearest_path(sources, path);
  if (!nearest.path) return nullptr;
  const auto shorter = std::min(split(*nearest.path, '/').size(), split(path, '/').size());
  // An absolute path begins with a part of nothing.
  if (nearest.parts < shorter - (path.starts_with('/') && shorter > 1 ? 1 : 0)) return nullptr;
  if (!nearest.as_near.empty())
    return fail(
        Fault::corrupt,
        fmt::format("this coverage could be of {} or of {}; give the sources of one of them",
                    printable(*nearest.path), printable(*nearest.as_near.front())),
        path);
  return nearest.path;
}

// Where no functions are known: the runs of lines that were covered.
void seal_ranges(const std::string& path, const SnippetText& text, const CoveredLines& lines,
                 SnippetSeal& out) {
  for (auto at = lines.begin(); at != lines.end();) {
    SealedSnippet piece{path, "lines", at->first, at->first, {}, 0, {}};
    std::set<std::string> tests;
    for (; at != lines.end() && at->first <= piece.last + 1; ++at) {
      piece.last = at->first;
      ++piece.covered;
      tests.insert(at->second.begin(), at->second.end());
    }
    piece.tests.assign(tests.begin(), tests.end());
    piece.sha256 = text.hash(piece.first, piece.last);
    if (piece.last <= text.lines()) out.snippets.push_back(std::move(piece));
  }
}

void seal_functions(const std::string& path, const SnippetText& text, const CoveredLines& lines,
                    SnippetSeal& out) {
  for (const SnippetPiece& function : text.functions()) {
    SealedSnippet piece{path,
                        function.name,
                        function.first,
                        function.last,
                        text.hash(function.first, function.last),
                        0,
                        {}};
    std::set<std::string> tests;
    for (auto at = lines.lower_bound(std::max(function.first, function.head + 1));
         at != lines.end() && at->first <= function.last; ++at) {
      if (function.tail != 0 && at->first >= function.tail) break;
      ++piece.covered;
      tests.insert(at->second.begin(), at->second.end());
    }
    piece.tests.assign(tests.begin(), tests.end());
    out.snippets.push_back(std::move(piece));
  }
}

// What a module does when it is loaded, and what its functions rely on: it counts as tested when
// anything of the file was.
void seal_outside(const std::string& path, const SnippetText& text, const CoveredLines& lines,
                  SnippetSeal& out) {
  if (text.lines() == 0) return;
  out.snippets.push_back({path,
                          std::string(outside_functions),
                          1,
                          text.lines(),
                          text.hash_outside(),
                          static_cast<std::uint32_t>(lines.size()),
                          {}});
}

}  // namespace

Result<SnippetSeal> make_snippet_seal(const std::map<std::string, std::string>& sources,
                                      const std::vector<LineCoverage>& coverage,
                                      std::vector<std::string> folders) {
  SnippetSeal out;
  out.folders = std::move(folders);
  std::map<std::string, CoveredLines> covered;
  PathsByName by_name;
  for (const auto& [path, text] : sources) by_name.emplace(last_part(path), path);
  for (const LineCoverage& one : coverage) {
    out.coverage.push_back(one.format);
    for (const auto& [path, lines] : one.files) {
      TRY(const std::string* source, source_of(path, by_name));
      if (!source) continue;
      for (const auto& [line, tests] : lines)
        covered[*source][line].insert(tests.begin(), tests.end());
    }
  }
  if (covered.empty())
    return fail(Fault::corrupt, "the coverage speaks of none of the sources that are given");
  for (const auto& [path, lines] : covered) {
    const std::string& source = sources.at(path);
    const auto language = snippet_language(path);
    const SnippetText text(source, language);
    if (!lines.empty() && lines.rbegin()->first > text.lines())
      return fail(Fault::corrupt,
                  "the coverage is of another version of the file: it has lines past "
                  "the end",
                  path);
    out.files[path] = sha256_hex(source);
    if (language != SnippetLanguage::none) seal_outside(path, text, lines, out);
    if (text.functions().empty())
      seal_ranges(path, text, lines, out);
    else
      seal_functions(path, text, lines, out);
  }
  for (const auto& [path, text] : sources)
    if (!out.files.contains(path) && own_code(out.folders, path))
      out.unsealed[path] = sha256_hex(text);
  if (out.snippets.size() + out.unsealed.size() > snippet_limit)
    return fail(Fault::too_large, "over a million functions and files");
  return out;
}

std::string write_snippet_seal(const SnippetSeal& seal) {
  JsonWriter json(false);
  json.object().member("normalisation", 1).member("createdOn", rfc3339(seal.created));
  json.texts("coverage", seal.coverage).key("tests").object();
  json.member("name", seal.tests.name).member("format", seal.tests.format);
  json.text_if("sha256", seal.tests.sha256).member("passed", seal.tests.tests.passed);
  json.member("failed", seal.tests.tests.failed).member("skipped", seal.tests.tests.skipped).end();
  json.key("snippets").array();
  for (const SealedSnippet& s : seal.snippets) {
    json.object().member("path", s.path).member("name", s.name).member("first", s.first);
    json.member("last", s.last).member("sha256", s.sha256).member("covered", s.covered);
    json.texts("tests", s.tests).end();
  }
  json.end();
  if (!seal.folders.empty()) {
    json.texts("folders", seal.folders).key("unsealed").array();
    for (const auto& [path, sha256] : seal.unsealed)
      json.object().member("path", path).member("sha256", sha256).end();
    json.end();
  }
  json.end();
  std::vector<Subject> subjects;
  for (const auto& [path, sha256] : seal.files) subjects.push_back({path, {{"sha256", sha256}}});
  return write_statement(subjects, snippet_seal_type, json.take());
}

Result<SnippetSeal> parse_snippet_seal(std::string_view bytes) {
  TRY(const auto statement, parse_statement(bytes));
  if (statement.predicate_type != snippet_seal_type)
    return fail(Fault::unsupported, "not a seal over snippets");
  const Value& p = statement.predicate();
  if (p["normalisation"].integer() != 1)
    return fail(Fault::unsupported, "the seal was made with another normalisation");
  SnippetSeal out;
  for (const Subject& subject : statement.subjects) {
    const auto sha256 = subject.digest.find("sha256");
    if (sha256 != subject.digest.end()) out.files[subject.name] = sha256->second;
  }
  if (p["snippets"].items().size() > snippet_limit)
    return fail(Fault::too_large, "over a million functions");
  for (const Value& item : p["snippets"].items()) {
    const auto first = item["first"].integer(), last = item["last"].integer();
    const auto covered = item["covered"].integer();
    SealedSnippet s{
        item["path"].string(), item["name"].string(), 0, 0, item["sha256"].string(), 0, {}};
    if (!first || !last || !covered || *first < 1 || *last < *first || *last > max_covered_line ||
        *covered < 0 || *covered > max_covered_line || !is_digest("sha256:" + s.sha256) ||
        !out.files.contains(s.path))
      return fail(Fault::corrupt, "a snippet that can be none");
    s.first = static_cast<std::uint32_t>(*first);
    s.last = static_cast<std::uint32_t>(*last);
    s.covered = static_cast<std::uint32_t>(*covered);
    for (const Value& test : item["tests"].items()) s.tests.push_back(test.string());
    out.snippets.push_back(std::move(s));
  }
  if (p["unsealed"].items().size() > snippet_limit)
    return fail(Fault::too_large, "over a million files");
  for (const Value& folder : p["folders"].items()) out.folders.push_back(folder.string());
  for (const Value& item : p["unsealed"].items()) {
    if (!is_digest("sha256:" + item["sha256"].string()))
      return fail(Fault::corrupt, "an unsealed file that can be none");
    out.unsealed[item["path"].string()] = item["sha256"].string();
  }
  return out;
}

}  // namespace boltseal
