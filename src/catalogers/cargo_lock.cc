// Cargo.lock: the crates that a Rust work tree resolved.
//
// Format: doc.rust-lang.org/cargo, TOML with [[package]] name, version, source, checksum and
// dependencies ("name", or "name version", or "name version (source)" where the name alone is
// ambiguous); versions 1 to 4. It does not say which crates only tests need. Cargo's own copies of
// published crates (registry/src, git/checkouts, and vendor, where `cargo vendor` puts them) hold
// lock files that were not used for the build, and are passed over.
#include <map>

#include "base/text.h"
#include "catalogers/language.h"
#include "codec/value.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::size_t max_dependencies = 200'000;

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path) || has_folder(file.path, "vendor")) return {};
  TRY(const Document lock, parse_toml(file.content));
  const auto packages = lock["package"].items();
  std::map<std::string_view, std::string_view> version_of;
  for (const auto& item : packages) {
    version_of[item["name"].text()] = item["version"].text();
  }
  std::size_t dependencies = 0;
  NeedWriter writer(file.content.size(), sink);
  for (const auto& item : packages) {
    Package package;
    package.type = PackageType::cargo;
    package.name = item["name"].string();
    package.version = item["version"].string();
    if (const auto checksum = item["checksum"].text(); checksum.size() == 64)
      package.hashes = {{"sha256", std::string(checksum)}};
    for (const auto& dependency : item["dependencies"].items()) {
      const auto fields = words(dependency.text());
      if (fields.empty()) continue;
      if (++dependencies > max_dependencies)
        return fail(Fault::too_large, "too many dependencies of crates");
      const auto known = version_of.find(fields[0]);
      const auto version = fields.size() > 1           ? fields[1]
                           : known != version_of.end() ? known->second
                                                       : std::string_view{};
      writer.add(package.depends, fields[0], version);
    }
    sink.package(std::move(package),
                 item["source"].is_text() ? "Cargo.lock" : "Cargo.lock, local crate");
  }
  return {};
}

constexpr std::string_view globs[] = {"**/Cargo.lock"};

}  // namespace

extern const Reader cargo_lock_reader;
const Reader cargo_lock_reader = {"cargo-lock", 3, globs, {}, 32 << 20, read};

}  // namespace boltseal
