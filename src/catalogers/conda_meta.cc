// Packages that conda (or mamba, pixi) installed: conda-meta/<name>-<version>-<build>.json in each
// environment.
//
// Format: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html, the
// index record of the package with what the installer added. "depends" holds match specifications
// ("python >=3.9,<3.10.0a0"), of which the name counts. The digests are those of the package's
// archive. The lists of files are not read. Python packages among them have their dist-info as well
// and are found there by their PyPI names, which is where advisories for them stand.
#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::size_t max_dependencies = 5000;

Result<> read(const FileView& file, Sink& sink) {
  TRY(const Document document, parse_json(file.content));
  const Value& root = document.root();
  if (root["name"].text().empty() || root["version"].text().empty())
    return fail(Fault::corrupt, "a conda record without name and version");
  Package package;
  package.name = "conda:" + root["name"].string();
  package.version = root["version"].string();
  declare_licence(package, root["license"].text());
  for (const auto* algorithm : {"sha256", "md5"}) {
    if (auto hash = hash_of_integrity(std::string(algorithm) + ":" + root[algorithm].string()))
      package.hashes.push_back(*std::move(hash));
  }
  for (const auto& need : root["depends"].items()) {
    const auto fields = words(need.text());
    if (fields.empty() || package.depends.size() >= max_dependencies) continue;
    const auto name = fields[0].substr(0, fields[0].find_first_of("<>=!~["));
    if (!name.empty() && !name.starts_with("__"))  // "__glibc": the machine, not a package
      package.depends.push_back("conda:" + std::string(name));
  }
  settle_depends(package);
  sink.package(std::move(package), "conda-meta");
  return {};
}

constexpr std::string_view globs[] = {"**/conda-meta/*.json"};

}  // namespace

extern const Reader conda_meta_reader;
const Reader conda_meta_reader = {"conda-meta", 1, globs, {}, 32 << 20, read};

}  // namespace boltseal
