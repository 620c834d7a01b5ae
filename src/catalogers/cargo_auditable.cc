// The dependency list that `cargo auditable build` links into a Rust program.
//
// Format: rust-secure-code/cargo-auditable, PARSING.md: the section .dep-v0 holds zlib-compressed
// JSON,
// {"packages":[{"name","version","source","kind":"build"|"runtime","dependencies":[index…],"root":true}]}.
// What only build scripts and macros need ("build") is not in the program; it is kept as a
// development dependency.
#include <algorithm>

#include "base/text.h"
#include "catalogers/binary_parts.h"
#include "codec/value.h"
#include "codec/zlib.h"

namespace boltseal {
namespace {

constexpr std::uint64_t max_json = 4 << 20;  // a thousand crates take 200 KB
// A dependency is an index, so that few bytes can name a long name many times.
constexpr std::size_t max_name = 256, max_dependencies = 100'000;

}  // namespace

Result<> read_cargo_audit(std::string_view section, Sink& sink) {
  TRY(const std::string json, zlib_inflate(section, std::min(max_json, sink.may_inflate())));
  sink.inflated(json.size());
  TRY(const Document document, parse_json(json));
  const auto packages = document["packages"].items();
  if (!document["packages"].is_array())
    return fail(Fault::corrupt, "a .dep-v0 section without packages");
  std::size_t dependencies = 0;
  for (const auto& item : packages) {
    if (item["name"].text().size() > max_name || item["version"].text().size() > max_name) {
      return fail(Fault::corrupt, "a crate with an overlong name or version");
    }
  }
  for (const auto& item : packages) {
    Package package;
    package.type = PackageType::cargo;
    package.name = item["name"].string();
    package.version = item["version"].string();
    package.development = item["kind"].text() == "build";
    for (const auto& index : item["dependencies"].items()) {
      const auto at = index.integer();
      if (!at || *at < 0 || static_cast<std::size_t>(*at) >= packages.size()) continue;
      if (++dependencies > max_dependencies)
        return fail(Fault::too_large, "too many dependencies of crates");
      const auto& needed = packages[static_cast<std::size_t>(*at)];
      package.depends.push_back(needed["name"].string() + "@" + needed["version"].string());
    }
    sink.package(std::move(package),
                 item["root"].boolean() ? "cargo-auditable, root" : "cargo-auditable");
  }
  return {};
}

}  // namespace boltseal
