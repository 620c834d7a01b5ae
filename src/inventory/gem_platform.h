// The platform that a gem was built for, where it stands behind the version.
#pragma once
#include <string_view>
#include <utility>

namespace boltseal {

// "1.18.9-x86_64-linux-gnu", as lock files and Syft write it, into version and platform; the
// platform is empty where what stands behind a dash is none ("1.0-rc1").
// https://guides.rubygems.org/gems-with-extensions/
std::pair<std::string_view, std::string_view> cut_gem_platform(std::string_view version);

}  // namespace boltseal
