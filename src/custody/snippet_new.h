// Code in an artifact that a seal over snippets has never seen.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "custody/snippet_seal.h"
#include "custody/snippet_split.h"

namespace boltseal {

// Whether a path below a sealed folder is somebody else's code, by the folders that package
// managers put it in (node_modules, site-packages, vendor, …): no tests of one's own are over it.
bool foreign_code(std::string_view below);
// Whether the path is below one of the folders ("" for all), and its code not foreign there.
bool own_code(const std::vector<std::string>& folders, std::string_view path);

// Where such code may be: the folders of the seal, as they lie in the artifact, and the endings of
// the languages that it has functions of. Empty folders: none of it was found there as it was
// sealed.
struct NewCodeSearch {
  std::vector<std::string> folders;  // "app/src/", or "" for all; sorted
  std::vector<std::string> endings;  // ".py"; sorted
  bool wants(std::string_view path) const;
};
// `answers`: of compare_snippets over the same artifact.
NewCodeSearch new_code_search(const SnippetSeal& seal, const std::vector<SnippetAnswer>& answers);

// Of `files` (path → text) those with code that is neither sealed nor was there, byte for byte,
// when the seal was made. `compared`: those that compare_snippets has spoken of.
std::vector<SnippetAnswer> new_code(const SnippetSeal& seal, const std::set<std::string>& compared,
                                    const std::map<std::string, std::string>& files);

}  // namespace boltseal
