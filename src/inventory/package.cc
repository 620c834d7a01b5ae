#include "inventory/package.h"

#include <algorithm>
#include <array>

namespace boltseal {
namespace {
constexpr std::array<std::string_view, 12> type_names = {"deb", "apk",      "rpm",    "pypi",
                                                         "npm", "maven",    "golang", "cargo",
                                                         "gem", "composer", "nuget",  "generic"};
}

std::string_view name_of(PackageType type) { return type_names.at(static_cast<std::size_t>(type)); }

std::optional<PackageType> package_type(std::string_view purl_type) {
  const auto found = std::ranges::find(type_names, purl_type);
  if (found == type_names.end()) return std::nullopt;
  return static_cast<PackageType>(found - type_names.begin());
}

}  // namespace boltseal
