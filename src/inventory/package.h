// The nouns of an inventory: what a package is, and what says so.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "inventory/maven_model.h"

namespace boltseal {

// The package kinds we read; name_of gives the purl type
// (https://github.com/package-url/purl-spec).
enum class PackageType : std::uint8_t {
  deb,
  apk,
  rpm,
  pypi,
  npm,
  maven,
  golang,
  cargo,
  gem,
  composer,
  nuget,
  generic,
};
std::string_view name_of(PackageType type);
std::optional<PackageType> package_type(std::string_view purl_type);
inline bool is_os_package(PackageType t) {
  return t == PackageType::deb || t == PackageType::apk || t == PackageType::rpm;
}

// Where a package was seen. `layer` indexes Inventory::image.layers; the path has no leading slash,
// and "a.jar!/b.jar" names what is inside an archive.
struct Evidence {
  std::string path;
  std::uint32_t layer = 0;
  std::string what;  // how it was read there, in words: "dpkg status", "go build info", "inferred
                     // from the file name"
  auto operator<=>(const Evidence&) const = default;
};

struct Package {
  PackageType type = PackageType::generic;
  std::string name;     // as the ecosystem writes it: "openssl", "@scope/pkg", "group:artifact",
                        // "github.com/a/b"
  std::string version;  // whole, as the ecosystem compares it: "1:2.3-4+b1", "v1.2.3"; rpm with its
                        // epoch when not 0
  std::string arch;
  std::string source_name;  // what it was built from, where that is known (deb Source, apk origin,
                            // rpm SOURCERPM)
  std::string source_version;  // empty: the same as `version`
  std::string module;          // rpm module "name:stream"
  std::string licence;         // SPDX expression; what is no SPDX id is a LicenseRef-
  std::string licence_text;    // as declared, where that differs
  std::string supplier;        // maintainer or vendor
  std::string homepage;
  std::string description;        // first line only
  std::vector<std::string> cpes;  // CPE 2.3 names
  std::vector<std::string>
      depends;  // what it needs: "name", or "name@version" when the file says which
  std::vector<std::string> provides;                        // other names that satisfy a `depends`
  std::vector<std::pair<std::string, std::string>> hashes;  // {"sha1", hex}, of the artefact itself
  std::vector<Evidence> evidence;                           // at least one, sorted
  bool development = false;                                 // only needed to build or test
  std::int32_t owner = -1;  // index of the OS package whose files hold the evidence
};

// An OS package's own files, for telling who owns what. Paths have no leading slash.
struct Ownership {
  PackageType type = PackageType::deb;
  std::string name;  // as Package::name; "name:arch" where the file says so (dpkg multi-arch)
  std::vector<std::string> paths;
};

// A licence that stands in another file than its package (usr/share/doc/X/copyright).
struct LicenceNote {
  PackageType type = PackageType::deb;
  std::string name;
  std::string licence;  // SPDX expression
};

// os-release, or what stands for it.
// https://www.freedesktop.org/software/systemd/man/os-release.html
struct Distribution {
  std::string id;  // "debian"
  std::vector<std::string> id_like;
  std::string version_id;  // "12", "22.04"; empty for rolling ones
  std::string codename;    // "bookworm"
  std::string name;        // PRETTY_NAME, else NAME
  std::string cpe;
  explicit operator bool() const { return !id.empty(); }
};

// Something that could not be read or judged: it is shown, never silently left out.
struct Unknown {
  std::string path;
  std::uint32_t layer = 0;
  std::string reader;
  Fault fault = Fault::corrupt;
  std::string what;
  std::optional<std::uint64_t> offset;
};

// Everything that readers found in one file.
struct Fragment {
  std::string path;
  std::string amends;  // path of a file of the same layer whose fragment this one replaces
  std::uint32_t layer = 0;
  std::vector<Package> packages;
  std::vector<Ownership> ownerships;
  std::vector<LicenceNote> licences;
  std::vector<Distribution> distributions;  // none or one
  std::vector<MavenModel> maven_models;     // none or one
  std::vector<Unknown> unknowns;
};

}  // namespace boltseal
