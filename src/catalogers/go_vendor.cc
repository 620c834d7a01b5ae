// vendor/modules.txt: the modules whose packages `go mod vendor` copied into a work tree.
//
// Format: go.dev/ref/mod#vendoring. "# module version", perhaps with "=> module version" or
// "=> folder" behind it, then "## explicit; go 1.17", then one package per line. A module without
// packages is required somewhere and not copied, so nothing is built from it. The go command builds
// from this folder and from nothing else, so it tells more than go.mod and go.sum beside it
// (catalogers/assemble.cc). Lines without a version repeat what go.mod replaces. As of go.mod,
// those in the module cache, which holds whole toolchains too, and of test data are passed over.
#include <optional>
#include <utility>

#include "base/text.h"
#include "catalogers/declared_evidence.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

bool is_folder(std::string_view path) { return path.starts_with('.') || path.starts_with('/'); }

// The module of a "# …" line, nothing where the line gives none.
std::optional<Package> module_of(const std::vector<std::string_view>& fields) {
  if (fields.size() < 3 || !fields[2].starts_with('v')) return std::nullopt;
  const bool replaced = fields.size() >= 5 && fields[3] == "=>";
  Package package;
  package.type = PackageType::golang;
  const bool folder = replaced && (fields.size() == 5 || is_folder(fields[4]));
  package.name = valid_or_replaced_utf8(replaced && !folder ? fields[4] : fields[1]);
  // A folder in place of a module has no version.
  package.version = folder ? "(devel)" : valid_or_replaced_utf8(replaced ? fields[5] : fields[2]);
  return package;
}

Result<> read(const FileView& file, Sink& sink) {
  if (is_no_go_project(file.path)) return {};
  std::optional<Package> module;  // whose packages follow
  std::size_t modules = 0;
  each_line(file.content, [&](std::string_view line) {
    const auto fields = words(line);
    if (fields.empty() || fields[0] == "##" || modules > max_locked_packages) return;
    if (fields[0] == "#") {
      module = module_of(fields);
    } else if (module) {
      auto copied = std::exchange(module, std::nullopt);
      if (++modules <= max_locked_packages) sink.package(*std::move(copied), go_vendor_evidence);
    }
  });
  if (modules > max_locked_packages) return fail(Fault::too_large, "too many modules");
  return {};
}

constexpr std::string_view globs[] = {"**/vendor/modules.txt"};

}  // namespace

extern const Reader go_vendor_reader;
const Reader go_vendor_reader = {"go-vendor", 2, globs, {}, 16 << 20, read};

}  // namespace boltseal
