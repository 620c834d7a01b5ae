// Seals over the code that passed its tests: which functions the tests ran through, and what was in
// them. doc/formats/custody.md
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "custody/coverage_formats.h"
#include "custody/phase_evidence.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::string_view snippet_seal_type = "https://boltseal.dev/attestation/snippet-seal/v1";

constexpr std::string_view outside_functions = "outside functions";

struct SealedSnippet {
  // Of the function; "lines" for a range of lines; `outside_functions` for the rest of a file.
  std::string path, name;
  std::uint32_t first = 0, last = 0;
  std::string sha256;              // normalised; SnippetText::hash
  std::uint32_t covered = 0;       // lines of it that the tests ran through; 0: never covered
  std::vector<std::string> tests;  // ids, sorted; empty where the format has none
};

struct SnippetSeal {
  std::vector<SealedSnippet> snippets;       // by path and line
  std::map<std::string, std::string> files;  // path → sha256
  // The folders that were sealed ("" for all), and what else was in them that the tests did not
  // touch: path → sha256.
  std::vector<std::string> folders;
  std::map<std::string, std::string> unsealed;
  std::vector<std::string> coverage;  // formats
  PhaseEvidence tests;
  std::int64_t created = 0;
};

// `sources`: path → text; `folders`: those that were given as a whole. corrupt when coverage speaks
// of none of them.
Result<SnippetSeal> make_snippet_seal(const std::map<std::string, std::string>& sources,
                                      const std::vector<LineCoverage>& coverage,
                                      std::vector<std::string> folders = {});
std::string write_snippet_seal(const SnippetSeal& seal);  // an in-toto Statement
Result<SnippetSeal> parse_snippet_seal(std::string_view statement);

enum class SnippetState : std::uint8_t {
  unchanged,
  moved,
  changed,
  gone,
  never_covered,
  new_code,  // of a file that the seal does not know
};
constexpr std::size_t snippet_states = 6;
std::string_view name_of(SnippetState state);

struct SnippetAnswer {
  SnippetState state = SnippetState::gone;
  std::string path, name;     // as sealed
  std::uint32_t first = 0;    // line in the seal; 0 for code that it does not know
  std::string where;          // path in the artifact; empty when gone
  std::uint32_t line = 0;     // there
  std::string wanted, found;  // hashes, where they differ
};

// What became of the sealed code in `artifact` (path → text of files that may be it).
std::vector<SnippetAnswer> compare_snippets(const SnippetSeal& seal,
                                            const std::map<std::string, std::string>& artifact);

// The paths in `artifact` that the sealed files are compared with.
std::set<std::string> compared_paths(const SnippetSeal& seal,
                                     const std::map<std::string, std::string>& artifact);

// The last parts of the sealed paths: a file of another name is none of them.
std::set<std::string, std::less<>> sealed_names(const SnippetSeal& seal);

// Sealed files that could be one of several in `artifact`, which are not the same: "src/a.py:
// app/src/a.py, old/src/a.py". Whoever takes one of them at will looks at a copy.
std::vector<std::string> files_in_doubt(const SnippetSeal& seal,
                                        const std::map<std::string, std::string>& artifact);

// Of paths that end in the same name, the one that shares most whole parts at its end with `path`,
// and of these one that has no other parts; null when there is none. `by_name`: from last_part to
// the path.
using PathsByName = std::multimap<std::string, std::string, std::less<>>;
struct NearestPath {
  const std::string* path = nullptr;
  std::size_t parts = 0;
  bool whole = false;                            // all parts of the path found are those of `path`
  std::vector<const std::string*> as_near = {};  // others that fit as well
};
NearestPath nearest_path(const PathsByName& by_name, std::string_view path);
std::string_view last_part(std::string_view path);

}  // namespace boltseal
