// What Chisel cut out of Ubuntu's packages: var/lib/chisel/manifest.wall of chiselled images, which
// have no dpkg database (some builders add one; then both say the same).
//
// Format: github.com/canonical/chisel, public/manifest and public/jsonwall: zstd over lines of
// JSON, a header {"jsonwall":"1.0","schema":"1.0",…} first. Read:
// {"kind":"package","name","version", "arch","sha256" of the .deb};
// {"kind":"content","slice":"PACKAGE_SLICE","path"}, whose file that package then owns. Left out:
// slices themselves, and "path" lines with modes and digests. Which source a package was built from
// is not written there, and Ubuntu's advisories speak of sources, so that is said, unless dpkg's
// status names them all (catalogers/assemble.cc).
#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalogers/declared_evidence.h"
#include "codec/decompress.h"
#include "codec/value.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {"var/lib/chisel/manifest.wall"};
constexpr std::uint64_t max_text = 16 << 20;
constexpr std::size_t max_packages = 50'000;

class Manifest {
 public:
  explicit Manifest(Sink& sink) : sink_(sink) {}

  Result<> line(std::string_view text) {
    TRY(const Document line, parse_json(text));
    const auto kind = line["kind"].text();
    if (kind == "package")
      package(line.root());
    else if (kind == "content")
      content(line["slice"].text(), line["path"].text());
    return {};
  }

  void flush() {
    for (auto& [name, owned] : owned_) sink_.owns(std::move(owned));
    if (packages_ > 0)
      sink_.unknown({Fault::unsupported, std::string(chisel_sources_unknown), {}, {}});
  }

 private:
  void package(const Value& item) {
    Package package;
    package.type = PackageType::deb;
    package.name = item["name"].string();
    package.version = item["version"].string();
    package.arch = item["arch"].string();
    if (item["sha256"].is_text()) package.hashes.emplace_back("sha256", item["sha256"].string());
    if (package.name.empty() || package.version.empty() || ++packages_ > max_packages)
      return sink_.unknown({Fault::corrupt, "a package without name or version", {}, {}});
    sink_.package(std::move(package), "chisel manifest");
  }

  void content(std::string_view slice, std::string_view path) {
    const auto name = slice.substr(0, slice.find('_'));  // names of packages have no "_"
    if (name.empty() || !path.starts_with('/') || path.ends_with('/')) return;
    Ownership& owned = owned_[std::string(name)];
    owned.type = PackageType::deb;
    owned.name = name;
    owned.paths.emplace_back(path.substr(1));
  }

  Sink& sink_;
  std::map<std::string, Ownership> owned_;
  std::size_t packages_ = 0;
};

Result<> read(const FileView& file, Sink& sink) {
  if (compression_of(file.content) != Compression::zstd)
    return fail(Fault::corrupt, "a manifest that is not compressed by zstd", {}, 0);
  TRY(const std::string text,
      decompress(Compression::zstd, file.content, std::min(max_text, sink.may_inflate())));
  sink.inflated(text.size());
  Manifest manifest(sink);
  Result<> outcome;
  each_line(text, [&](std::string_view line) {
    if (line.empty() || line.starts_with("{\"kind\":\"path\"")) return;
    if (auto done = manifest.line(line); !done && outcome) outcome = std::move(done);
  });
  manifest.flush();
  return outcome;
}

}  // namespace

extern const Reader chisel_reader;
const Reader chisel_reader = {"chisel", 1, globs, {}, 8 << 20, read};

}  // namespace boltseal
