// What the readers of language packages share.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/value.h"
#include "files/reader.h"
#include "inventory/names.h"
#include "inventory/package.h"

namespace boltseal {

// Bounds that real lock files stay far under.
constexpr std::size_t max_locked_packages = 200'000;
constexpr std::size_t max_locked_dependencies = 2'000'000;

// Sets licence, and licence_text where the declaration reads otherwise (its first line, cut at 200
// bytes).
void declare_licence(Package& package, std::string_view declared);
// The same for several declarations that all hold.
void declare_licences(Package& package, const std::vector<std::string>& declared);

// The licence that a package.json, or its entry in a lock file, declares in one of the ways npm
// ever had: for declare_licence.
std::string node_licence(const Value& manifest);

// A subresource integrity value or its kin: "sha512-<base64>" (the strongest of several),
// "sha256:<hex>", "sha1=<hex>".
std::optional<std::pair<std::string, std::string>> hash_of_integrity(std::string_view text);

// Evidence of a lock file's entry that stands for a folder of the project, not for something that
// was installed into node_modules.
constexpr std::string_view linked_folder_evidence = "npm lock file, linked folder";

// Evidence of a package.json that lies in no node_modules.
constexpr std::string_view unpacked_package_evidence = "package.json outside node_modules";

std::string_view first_line(std::string_view text);
std::string_view file_name(std::string_view path);
// What stands before it, with the slash; "" at the top.
std::string_view folder_of(std::string_view path);

// A lock file as a graph: which of `count` packages the roots reach. Edges are {package, what it
// needs}, sorted.
std::vector<bool> reachable(std::size_t count,
                            const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges,
                            std::vector<std::uint32_t> roots);

// Writes what the packages of a file need. A dependency repeats the name and the version that stand
// elsewhere in the file, where a long one is named a million times in a few bytes: what is more
// than real files come to is left out and said. No package is.
class NeedWriter {
 public:
  NeedWriter(std::size_t file_size, Sink& sink) : left_(65'536 + 4 * file_size), sink_(sink) {}
  // Adds "name@version" to `depends`, "name" where no version is known.
  void add(std::vector<std::string>& depends, std::string_view name, std::string_view version);

 private:
  std::size_t left_;  // bytes
  Sink& sink_;
  bool told_ = false;
};

// Sorts `depends` and leaves repeats out.
void settle_depends(Package& package);

// True for a path inside an installed package (node_modules, gems, site-packages, …): a lock file
// there was its author's.
bool inside_installed_package(std::string_view path);

// True for what says nothing of a Go project: the module cache holds the files of every module that
// was ever looked at, used or not, and whole toolchains; and test data.
bool is_no_go_project(std::string_view path);

// True when a folder of that name is on the path: "a/node_modules/b" for "node_modules".
bool has_folder(std::string_view path, std::string_view folder);

}  // namespace boltseal
