#include "inventory/spelling.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace boltseal {
namespace {

void part_gem_platform(Package& package) {
  if (package.type != PackageType::gem || !package.arch.empty()) return;
  // What a platform begins with: a processor, or a system without one.
  constexpr std::array<std::string_view, 18> heads = {
      "aarch64", "amd64", "arm",     "darwin",  "java", "jruby", "linux",     "mingw", "mswin",
      "powerpc", "ppc64", "ppc64le", "riscv64", "ruby", "s390x", "universal", "x64",   "x86"};
  const auto dash = package.version.find('-');
  if (dash == std::string::npos || dash == 0) return;
  const std::string platform = package.version.substr(dash + 1);
  const auto is_head = [&](std::string_view head) {
    if (!platform.starts_with(head)) return false;
    const auto rest = std::string_view(platform).substr(
        head.size());  // "arm64-…", "x86_64-…", "mswin32", "mingw"
    return rest.empty() || rest.front() == '-' || rest.front() == '_' || is_digit(rest.front());
  };
  if (std::ranges::none_of(heads, is_head)) return;
  package.arch = platform;
  package.version.resize(dash);
}

void settle_go_stdlib(Package& package) {
  if (package.type != PackageType::golang || (package.name != "stdlib" && package.name != "std"))
    return;
  package.name = "stdlib";
  for (const std::string_view prefix : {"go", "v"})
    if (package.version.starts_with(prefix)) package.version.erase(0, prefix.size());
}

}  // namespace

void settle_spelling(Package& package) {
  part_gem_platform(package);
  settle_go_stdlib(package);
}

}  // namespace boltseal
