#include "inventory/gem_platform.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace boltseal {

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

}  // namespace boltseal
