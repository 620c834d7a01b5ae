// go.sum: the modules that a Go work tree may need, with their hashes.
//
// Format: go.dev/ref/mod#go-sum-files, "module version hash" a line; "version/go.mod" is the hash
// of that file alone, which says that the module was looked at and not that it is used. The file
// lists every version that was ever a candidate, so of a module the highest counts, and all of it
// only beside a go.mod of before Go 1.17, which does not list what is needed indirectly
// (catalogers/assemble.cc). The hash is one of a file list, so it is not that of an artefact and is
// left out.
#include <map>

#include "base/text.h"
#include "catalogers/declared_evidence.h"
#include "catalogers/language.h"
#include "files/reader.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

Result<> read(const FileView& file, Sink& sink) {
  if (is_no_go_project(file.path)) return {};
  std::map<std::string, std::string, std::less<>> modules;
  bool full = false;
  each_line(file.content, [&](std::string_view line) {
    const auto fields = words(line);
    if (fields.size() != 3 || !fields[1].starts_with('v') || fields[1].ends_with("/go.mod")) return;
    const auto name = valid_or_replaced_utf8(fields[0]),
               version = valid_or_replaced_utf8(fields[1]);
    const auto known = modules.find(name);
    if (known == modules.end()) {
      full = full || modules.size() == max_locked_packages;
      if (!full) modules.emplace(name, version);
    } else if (compare_versions(Scheme::go, known->second, version) == std::strong_ordering::less) {
      known->second = version;
    }
  });
  if (full) return fail(Fault::too_large, "too many modules");
  for (const auto& [name, version] : modules) {
    Package package;
    package.type = PackageType::golang;
    package.name = name;
    package.version = version;
    sink.package(std::move(package), go_sum_evidence);
  }
  return {};
}

constexpr std::string_view globs[] = {"**/go.sum"};

}  // namespace

extern const Reader go_sum_reader;
const Reader go_sum_reader = {"go-sum", 1, globs, {}, 16 << 20, read};

}  // namespace boltseal
