#include "inventory/codenames.h"

#include <algorithm>
#include <array>
#include <utility>

namespace boltseal {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;
constexpr auto names = std::to_array<Pair>({
    {"squeeze", "6"},
    {"wheezy", "7"},
    {"jessie", "8"},
    {"stretch", "9"},
    {"buster", "10"},
    {"bullseye", "11"},
    {"bookworm", "12"},
    {"trixie", "13"},
    {"forky", "14"},
    {"trusty", "14.04"},
    {"xenial", "16.04"},
    {"bionic", "18.04"},
    {"focal", "20.04"},
    {"jammy", "22.04"},
    {"noble", "24.04"},
    {"plucky", "25.04"},
    {"questing", "25.10"},
});

}  // namespace

std::string_view release_of_codename(std::string_view codename) {
  const auto found = std::ranges::find(names, codename, &Pair::first);
  return found == names.end() ? std::string_view{} : found->second;
}

std::string_view codename_of_release(std::string_view id, std::string_view version_id) {
  if (id == "alpine") return version_id.contains("_alpha") ? "edge" : "";
  if (id != "debian" && id != "ubuntu") return {};
  const auto found = std::ranges::find(names, version_id, &Pair::second);
  return found == names.end() ? std::string_view{} : found->first;
}

}  // namespace boltseal
